"""Reads and checks the project of a command, and reports what is wrong with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmconf.cli._paths import root_of, write_file
from llmconf.core.errors import UsageError

if TYPE_CHECKING:
    from llmconf.core.diagnostics import Diagnostic
    from llmconf.project.checked import Checked
    from llmconf.report.report import Report


def about_models(diagnostic: Diagnostic) -> bool:
    """Tell whether a finding is about models that are missing or have changed.

    Such a finding must not prevent a user from listing the models or syncing a newer list.
    """
    from llmconf.check import rules

    return rules.has(diagnostic.code, "about_models")


def checked_or_exit(
    directory: str | None, env: str | None, reports: list[tuple[str, str | None]], fail_on: str,
    today: date | None, color: str, *, forgiven: Callable[[Diagnostic], bool] = lambda _: False,
) -> Checked:  # fmt: skip
    """Read and check a project for a command that needs a clean project. If it has errors, report and exit 1.

    Commands print their data to standard output, so a report without a path goes to standard error. A clean
    project is not reported there. A report file is always written, so that no file of an older run is left.
    Findings that `forgiven` accepts are left out; `validate` reports them.
    """
    from llmconf.api import validate
    from llmconf.core.diagnostics import at_least

    checked = validate(root_of(directory), env=env, today=today)
    stopping = [diagnostic for diagnostic in checked.diagnostics if not forgiven(diagnostic)]
    wanted = [(name, path) for name, path in reports if stopping or path is not None]
    if wanted:
        write_reports(checked, stopping, wanted, color, to_stderr=True)
    if any(at_least(diagnostic.severity, fail_on) for diagnostic in stopping):  # type: ignore[arg-type]  # click.Choice gives a Severity
        raise click.exceptions.Exit(1)
    return checked


def write_reports(
    checked: Checked, diagnostics: list[Diagnostic], reports: list[tuple[str, str | None]], color: str,
    *, to_stderr: bool = False,
) -> None:  # fmt: skip
    """Write each report that --report names."""
    from llmconf.api import make_report

    stream = sys.stderr if to_stderr else sys.stdout
    for name, path in reports:
        report = make_report(checked, diagnostics, color=path is None and use_color(color, stream))
        emit_report(name, path, report, to_stderr=to_stderr)


def emit_report(name: str, path: str | None, report: Report, *, to_stderr: bool = False) -> None:
    """Render one report, to a file or a stream."""
    from llmconf.core.plugins import load_module

    text: str = load_module("llmconf.report.formats", name).render(report)
    if path is None:
        (sys.stderr if to_stderr else sys.stdout).write(text)
        return
    write_file(Path(path), text.encode(), "the report")


def use_color(choice: str, stream: Any) -> bool:
    """Tell whether to color: if --color says so, or on a terminal without NO_COLOR."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def pick_environment(checked: Checked, env: str | None) -> str | None:
    """Return the environment that a command uses. Raises UsageError if --env is needed and not given."""
    names = list(checked.environments)
    if env is not None:
        return env
    if len(names) == 1:
        return names[0]
    listed = ", ".join(str(name) for name in names)
    raise UsageError("the environment is not given", f"name one with --env: {listed}")
