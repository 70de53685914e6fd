"""The options and arguments that several commands share, and the functions that read their values."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import click

from llmconf.cli import _complete
from llmconf.core.plugins import module_names

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(slots=True)
class Invocation:
    """The options of the whole run. `--debug` may also stand behind the command."""

    directory: str | None = None
    debug: bool = False


def invocation() -> Invocation:
    """Return the options of the whole run."""
    return click.get_current_context().ensure_object(Invocation)


def _keep_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Invocation).debug = True


def parse_day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Read the value of `--today`."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("write a date such as 2027-03-31") from None


def parse_reports(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str | None]]:
    """Read the values of `--report`: FORMAT or FORMAT:PATH."""
    reports = []
    for value in values:
        name, colon, path = value.partition(":")
        if name not in report_formats() or (colon and not path):
            raise click.BadParameter(
                f"`{value}` is not FORMAT[:PATH]; formats: {', '.join(report_formats())}"
            )
        reports.append((name, path or None))
    return reports or [("full", None)]


def report_formats() -> tuple[str, ...]:
    """Return the names of the report formats."""
    return module_names("llmconf.report.formats")


directory_option = click.option(
    "-C", "--directory", metavar="DIR",
    help="Use the project in or above DIR. Other paths stay relative to the current folder.",
)  # fmt: skip
env_option = click.option(
    "--env", metavar="ENV", shell_complete=_complete.environments, help="Use only this environment."
)
today_option = click.option(
    "--today", metavar="DATE", callback=parse_day, help="Date to compare expiry dates with, instead of today."
)
report_option = click.option(
    "--report", "reports", metavar="FORMAT[:PATH]", multiple=True, callback=parse_reports,
    shell_complete=_complete.reports,
    help=f"Format of the report, and file to write it to. Repeatable. Formats: {', '.join(report_formats())}.",
)  # fmt: skip
fail_on_option = click.option(
    "--fail-on", type=click.Choice(["error", "warning", "info"]), default="error", show_default=True,
    help="Exit 1 if a finding has this severity or a worse one.",
)  # fmt: skip
color_option = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
    help="Color the report. `auto` colors on a terminal unless NO_COLOR is set.",
)  # fmt: skip
debug_option = click.option(
    "--debug", is_flag=True, is_eager=True, expose_value=False, callback=_keep_debug,
    help="Show the traceback of an internal error.",
)  # fmt: skip
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Number of processes that parse files. The default is one for each core, up to 2.",
)


def project_options(function: Function) -> Function:
    """Add the options that all commands on a project share."""
    for option in (
        debug_option,
        color_option,
        today_option,
        fail_on_option,
        report_option,
        env_option,
        directory_option,
    ):
        function = option(function)
    return function


def default_jobs() -> int:
    """Return the number of processes that parse files if --jobs is not given."""
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def with_kinds(names: tuple[str, ...]) -> list[str]:
    """Return identities unchanged, and a name without a kind as the identity of a provider."""
    return [name if "/" in name else f"provider/{name}" for name in names]
