"""`llmconf list`: list resources of one kind."""

from __future__ import annotations

import json
from datetime import date

import click

from llmconf.cli import _common as common

_KINDS = ("provider", "endpoint", "credential", "model", "route", "team")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "provider": ("name", "type", "enabled", "endpoints", "models"),
    "endpoint": ("provider", "name", "url", "default", "credential"),
    "credential": ("provider", "name", "hosts", "expires", "secrets"),
    "model": ("provider", "id", "mode", "context", "input", "output", "capabilities"),
    "route": ("name", "strategy", "targets", "fallbacks"),
    "team": ("name", "uses", "budget"),
}


@click.command(name="list")
@click.argument("kind", type=click.Choice(_KINDS))
@click.option(
    "--capability", "capabilities", multiple=True, metavar="C", help="Models and routes with this capability."
)
@click.option("--label", "labels", multiple=True, metavar="K=V", help="Resources with this label.")
@click.option("--provider", metavar="P", help="Resources of this provider; routes with a target of it.")
@click.option("-o", "output", type=click.Choice(["table", "json", "yaml", "name"]), default="table", show_default=True)
@common.project_options
def command(
    kind: str, capabilities: tuple[str, ...], labels: tuple[str, ...], provider: str | None, output: str,
    directory: str | None, env: str | None, reports: list[tuple[str, str | None]], fail_on: str,
    today: date | None, color: str,
) -> int:  # fmt: skip
    """List the resources of one KIND: provider, endpoint, credential, model, route or team.

    \b
    Examples:
      llmconf list model --capability function_calling --env prod
      llmconf list credential --env prod --provider openai -o json
      llmconf list provider --env prod --label owner=llm-platform -o name
    """
    from llmconf.views import filter_rows, resource_rows

    wanted = _parse_labels(labels)
    checked = common.checked_or_exit(directory, env, reports, fail_on, today, color)
    resolved = checked.environments[common.pick_environment(checked, env)]
    rows = filter_rows(resolved, kind, resource_rows(resolved, kind), capabilities, wanted, provider)
    if output == "name":
        text = "".join(f"{row['identity']}\n" for row in rows)
    elif output == "json":
        text = json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    elif output == "yaml":
        text = common.to_yaml(rows)
    else:
        text = common.table(rows, _COLUMNS[kind])
    click.echo(text, nl=False)
    return 0


def _parse_labels(labels: tuple[str, ...]) -> dict[str, str]:
    pairs = [label.partition("=") for label in labels]
    if not all(equals and key for key, equals, _ in pairs):
        raise click.BadParameter("a label is written as KEY=VALUE", param_hint="--label")
    return {key: value for key, _, value in pairs}
