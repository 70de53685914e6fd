"""`llmconf list`: list resources of one kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from llmconf.cli import _complete
from llmconf.cli._options import project_options
from llmconf.cli._rendering import table, to_yaml
from llmconf.cli._reports import about_models, checked_or_exit, pick_environment

if TYPE_CHECKING:
    from llmconf.project.environment import Resolved
    from llmconf.report.filters import Filters

_KINDS = ("provider", "endpoint", "credential", "model", "route", "team")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "provider": ("name", "type", "enabled", "endpoints", "models"),
    "endpoint": ("provider", "name", "url", "default", "credential"),
    "credential": ("provider", "name", "hosts", "expires", "secrets"),
    "model": ("provider", "id", "mode", "context", "input", "output", "capabilities"),
    "route": ("name", "strategy", "targets", "fallbacks"),
    "team": ("name", "uses", "budget"),
}
_MODES = ("chat", "completion", "embedding", "rerank", "image", "transcription", "speech", "moderation")
_STATUSES = ("active", "deprecated", "retired", "removed")
_FACTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "capabilities": ("capabilities", ("capabilities",)),
    "max_input_price": ("price", ("input", "output")),
    "max_output_price": ("price", ("input", "output")),
    "min_context": ("context", ("context",)),
    "min_output": ("output limit", ("max_output",)),
    "mode": ("mode", ("mode",)),
}
"""Filters on facts of models that may be unknown: the name of the fact, and the parts of a row that hold it."""
_LEARN = "`llmconf catalog import` and `llmconf sync` add what a catalog knows"


def _parse_price(_: click.Context, __: click.Parameter, value: str | None) -> Decimal | None:
    try:
        price = Decimal(value) if value is not None else None
    except InvalidOperation:
        price = Decimal(-1)
    if price is not None and not (price.is_finite() and price >= 0):
        raise click.BadParameter("a price is a decimal number of USD, such as 1.25")
    return price


@click.command(name="list")
@click.argument("kind", type=click.Choice(_KINDS))
@click.option(
    "--capability", "capabilities", multiple=True, metavar="C", shell_complete=_complete.capabilities,
    help="Models and routes with this capability."
)
@click.option("--label", "labels", multiple=True, metavar="K=V", help="Resources with this label.")
@click.option("--provider", metavar="P", shell_complete=_complete.identities("provider", bare=True),
              help="Resources of this provider, and routes with one of its models as a target.")  # fmt: skip
@click.option("--mode", type=click.Choice(_MODES), help="Models for this kind of call.")
@click.option("--status", type=click.Choice(_STATUSES), help="Models in this stage of their life.")
@click.option(
    "--max-input-price", metavar="USD", callback=_parse_price,
    help="Models with at most this price per million input tokens.",
)
@click.option(
    "--max-output-price", metavar="USD", callback=_parse_price,
    help="Models with at most this price per million output tokens.",
)
@click.option("--min-context", type=click.IntRange(1), metavar="N",
              help="Models that accept at least this many tokens.")  # fmt: skip
@click.option("--min-output", type=click.IntRange(1), metavar="N",
              help="Models that can return at least this many tokens.")  # fmt: skip
@click.option(
    "--sort", type=click.Choice(["price", "context", "name"]),
    help="Sort by price (input plus output, lowest first), context (largest first) or name. Unknown values come last.",
)
@click.option("-o", "output", type=click.Choice(["table", "json", "yaml", "name"]), default="table", show_default=True)
@project_options
def command(
    kind: str, capabilities: tuple[str, ...], labels: tuple[str, ...], provider: str | None, output: str,
    sort: str | None, directory: str | None, env: str | None, reports: list[tuple[str, str | None]], fail_on: str,
    today: date | None, color: str, **of_models: Any,
) -> int:  # fmt: skip
    """List the resources of one KIND: provider, endpoint, credential, model, route or team.

    A filter on a capability, price or limit selects the models that are known to match. Standard error shows
    how many models are left out because the fact is unknown. Models come from documents and from the locks
    that `llmconf sync` writes.

    \b
    Examples:
      llmconf list model --capability function_calling --env prod
      llmconf list model --env prod --max-input-price 1 --min-context 200000 --sort price
      llmconf list credential --env prod --provider openai -o json
      llmconf list provider --env prod --label owner=llm-platform -o name
    """
    from llmconf.report.filters import Filters, filter_rows, sort_rows
    from llmconf.report.rows import resource_rows
    from llmconf.report.text import dump_json, visible

    filters = Filters(frozenset(capabilities), _parse_labels(labels), provider, **of_models)
    checked = checked_or_exit(
        directory, env, reports, fail_on, today, color, forgiven=about_models
    )
    resolved = checked.environments[pick_environment(checked, env)]
    every = resource_rows(resolved, kind, today or date.today())
    rows = sort_rows(kind, filter_rows(resolved, kind, every, filters), sort)
    if kind == "model":
        _tell_unknown(resolved, every, filters)
    if output == "name":
        text = "".join(f"{visible(row['identity'])}\n" for row in rows)
    elif output == "json":
        text = dump_json(rows)
    elif output == "yaml":
        text = to_yaml(rows)
    else:
        text = table(rows, _columns(kind, rows))
    click.echo(text, nl=False)
    return 0


def _tell_unknown(env: Resolved, rows: list[dict[str, Any]], filters: Filters) -> None:
    """Report how many models are left out only because a fact that a filter needs is unknown."""
    from llmconf.report.filters import filter_rows

    used = [name for name in _FACTS if getattr(filters, name) not in (None, frozenset())]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        silent = tuple(name for name in used if all(row[part] in (None, []) for part in _FACTS[name][1]))
        if silent:
            groups.setdefault(silent, []).append(row)
    count, missed = 0, set()
    for silent, group in groups.items():
        without: Any = {name: frozenset() if name == "capabilities" else None for name in silent}
        left_out = len(filter_rows(env, "model", group, replace(filters, **without)))
        count += left_out
        missed |= {*silent} if left_out else set()
    if count:
        models, are = (f"{count:,} models", "are") if count > 1 else ("1 model", "is")
        known = "are known" if "capabilities" in missed else "is known"
        names = " or ".join(dict.fromkeys(_FACTS[name][0] for name in used if name in missed))
        click.echo(f"llmconf: {models} of which no {names} {known} {are} left out; {_LEARN}", err=True)


def _columns(kind: str, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return the columns of a table. The state of models is left out if all are active and enabled."""
    columns = _COLUMNS[kind]
    if kind != "model":
        return columns
    enabled = ("enabled",) if not all(row["enabled"] for row in rows) else ()
    status = ("status",) if any(row["status"] != "active" for row in rows) else ()
    return (*columns[:3], *enabled, *status, *columns[3:])


def _parse_labels(labels: tuple[str, ...]) -> dict[str, str]:
    pairs = [label.partition("=") for label in labels]
    if not all(equals and key for key, equals, _ in pairs):
        raise click.BadParameter("a label is written as KEY=VALUE", param_hint="--label")
    return {key: value for key, _, value in pairs}
