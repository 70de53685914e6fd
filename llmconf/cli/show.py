"""`llmconf show`: show one resource, resolved."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import click

from llmconf.cli import _complete
from llmconf.cli._options import project_options
from llmconf.cli._rendering import to_yaml
from llmconf.cli._reports import about_models, checked_or_exit, pick_environment
from llmconf.core.errors import UsageError


@click.command(name="show")
@click.argument("identity", shell_complete=_complete.identities())
@click.option("--why", is_flag=True, help="Show the places that set each value.")
@click.option("-o", "output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@project_options
def command(
    identity: str, why: bool, output: str, directory: str | None, env: str | None,
    reports: list[tuple[str, str | None]], fail_on: str, today: date | None, color: str,
) -> int:  # fmt: skip
    """Show the resource IDENTITY with all inherited values. Secrets are masked.

    With --why, each value is shown with the places that set it, in order. The last place wins.

    \b
    Examples:
      llmconf show route/chat-default --env prod
      llmconf show endpoint/openai/eu --env prod --why
    """
    from llmconf.report.rows import masked, origins
    from llmconf.report.text import dump_json

    checked = checked_or_exit(
        directory, env, reports, fail_on, today, color, forgiven=about_models
    )
    resolved = checked.environments[pick_environment(checked, env)]
    resource = resolved.get(identity)
    if resource is None:
        from llmconf.core.suggest import did_you_mean

        hint = did_you_mean(identity, [known.identity for known in resolved])
        raise UsageError(f"there is no `{identity}`", hint or "`llmconf list KIND -o name` lists identities")
    if why:
        rows = list(origins(checked.project, resource))
        click.echo(_explain(identity, rows) if output == "yaml" else _explain_json(identity, rows), nl=False)
    elif output == "json":
        click.echo(dump_json(masked(resolved, resource)), nl=False)
    else:
        click.echo(to_yaml(masked(resolved, resource)), nl=False)
    return 0


def _explain(identity: str, rows: list[tuple[str, Any, list[str]]]) -> str:
    from llmconf.report.text import visible

    width = max((len(f"{path}: {_short(value)}") for path, value, _ in rows), default=0)
    lines = [identity]
    for path, value, places in rows:
        left = f"{path}: {_short(value)}"
        lines.append(f"  {left.ljust(min(width, 60))}  {' -> '.join(places)}")
    return "".join(visible(line) + "\n" for line in lines)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _explain_json(identity: str, rows: list[tuple[str, Any, list[str]]]) -> str:
    values = [{"path": path, "value": value, "set_by": places} for path, value, places in rows]
    from llmconf.report.text import dump_json

    return dump_json({"identity": identity, "values": values})
