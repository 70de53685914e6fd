"""Options that commands share, and the way they read a project and report on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from llmconf.cli import _complete
from llmconf.core.errors import LlmconfError, RefusedError, UsageError
from llmconf.core.plugins import module_names

if TYPE_CHECKING:
    from llmconf.core.diagnostics import Diagnostic
    from llmconf.project.checked import Checked
    from llmconf.report.report import Report

Function = TypeVar("Function", bound=Callable[..., Any])


def parse_day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Read the value of `--today`."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("a date is written as in 2027-03-31") from None


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
    "-C", "--directory", metavar="DIR", help="Work on the project in or above DIR; other paths stay relative to here."
)
env_option = click.option(
    "--env", metavar="ENV", shell_complete=_complete.environments, help="Look at this environment only."
)
today_option = click.option(
    "--today", metavar="DATE", callback=parse_day, help="Day to compare expiry with, instead of today."
)
report_option = click.option(
    "--report", "reports", metavar="FORMAT[:PATH]", multiple=True, callback=parse_reports,
    shell_complete=_complete.reports,
    help=f"How to report, and where to; may be given more than once. Formats: {', '.join(report_formats())}.",
)  # fmt: skip
fail_on_option = click.option(
    "--fail-on", type=click.Choice(["error", "warning", "info"]), default="error", show_default=True,
    help="Exit 1 from this severity on.",
)  # fmt: skip
color_option = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
    help="Color the report; auto heeds NO_COLOR and whether this is a terminal.",
)  # fmt: skip
debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error."
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes to parse on; by default one for each core, up to 2.",
)


def project_options(function: Function) -> Function:
    """Add the options that every command on a project has."""
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


def root_of(directory: str | None) -> Path:
    """Return the project's root, from the command's `-C`, the group's, or the current folder."""
    from llmconf.project.discover import find_root

    return find_root(_start(directory))


def _start(directory: str | None) -> Path:
    context = click.get_current_context()
    outer = context.find_root().obj or {}
    return Path(directory or outer.get("directory") or ".")


def default_jobs() -> int:
    """Return how many processes to parse on where none are asked for."""
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def about_models(diagnostic: Diagnostic) -> bool:
    """Tell whether a finding is about models that are not there or not what they were.

    It must not keep anybody from looking at them, or from asking for a newer list.
    """
    from llmconf.check import rules

    return rules.has(diagnostic.code, "about_models")


def checked_or_exit(
    directory: str | None, env: str | None, reports: list[tuple[str, str | None]], fail_on: str,
    today: date | None, color: str, *, forgiven: Callable[[Diagnostic], bool] = lambda _: False,
) -> Checked:  # fmt: skip
    """Read and check a project for a command that needs a clean one; report and exit 1 where it is not.

    Commands print their data to standard output, so a report without a path goes to standard error, and
    a clean project is not reported there at all; a file is written in any case, since an old one would be
    taken for this run's. What is `forgiven` is left out: `validate` is for that.
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
    """Write each report that was asked for."""
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


def explain(error: LlmconfError, where: str = "") -> None:
    """Write message and hint of an error; names of files and the like in them are somebody else's text."""
    from llmconf.report.text import visible

    click.echo(visible(f"llmconf: {where}{error.message}"), err=True)
    if error.hint:
        click.echo(visible(f"  help: {error.hint}"), err=True)


def write_file(path: Path, data: bytes, what: str) -> None:
    """Write a file that was asked for, whole or not at all. Raises RefusedError."""
    from llmconf.workspace.atomic import require_inside, write_atomic

    require_inside(path)
    if path.is_symlink() and path.absolute().parts[1:2] != ("dev",):
        # A pull request can make links, and the file that one leads to is not the one that was named.
        raise RefusedError(f"{what} cannot be written to {path}: it is a link", "name the file itself")
    try:
        write_atomic(path, data)
    except OSError as error:
        raise RefusedError(f"{what} cannot be written to {path}: {error.strerror}") from None


def use_color(choice: str, stream: Any) -> bool:
    """Tell whether to color: asked for, or a terminal without NO_COLOR."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def pick_environment(checked: Checked, env: str | None) -> str | None:
    """Return the environment that a command looks at. Raises UsageError where one has to be named."""
    names = list(checked.environments)
    if env is not None:
        return env
    if len(names) == 1:
        return names[0]
    listed = ", ".join(str(name) for name in names)
    raise UsageError("which environment?", f"name one with --env: {listed}")


def with_kinds(names: tuple[str, ...]) -> list[str]:
    """Return identities as they are, and a name alone as that of a provider."""
    return [name if "/" in name else f"provider/{name}" for name in names]


def to_yaml(data: Any) -> str:
    """Write data as block YAML, in which what is unsafe to show stands as an escape."""
    from io import StringIO

    from ruamel.yaml import YAML

    from llmconf.report.text import visible_lines
    from llmconf.yamltext.scalars import is_plain

    yaml = YAML(typ="safe", pure=True)

    def quoted(representer: Any, text: str) -> Any:
        # Only between double quotes are there escapes, and no line begins with a command of a build system.
        style = None if is_plain(text) else '"'
        return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    yaml.Representer = type("Representer", (yaml.Representer,), {})
    yaml.representer.add_representer(str, quoted)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # a bool, as its own code has it
    yaml.width = sys.maxsize
    stream = StringIO()
    yaml.dump(data, stream)
    return visible_lines(stream.getvalue())


def relative_paths(paths: tuple[str, ...], root: Path) -> list[str]:
    """Return paths relative to the root, with forward slashes. Raises UsageError for one outside."""
    relative = []
    for path in paths:
        name = os.path.relpath(Path(path).absolute(), root)
        if name.startswith(".."):
            name = os.path.relpath(Path(path).resolve(), root.resolve())
        if name.startswith("..") or not (root / name).exists():
            raise UsageError(f"no such path in the project: {path}")
        relative.append(name.replace(os.sep, "/"))
    return relative


def is_under(name: str, paths: list[str]) -> bool:
    """Tell whether a file is one of the paths or below one."""
    return any(path in (".", name) or name.startswith(path + "/") for path in paths)


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Align rows under their headings; the last column is not padded, and nothing in a cell drives a terminal."""
    from llmconf.report.text import visible

    cells = [[column.upper() for column in columns]]
    cells += [[visible(_cell(row.get(column))) for column in columns] for row in rows]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return "".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in cells
    )


def _cell(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
