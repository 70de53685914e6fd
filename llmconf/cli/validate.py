"""`llmconf validate`: check a project, offline and without any key."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmconf.cli._options import default_jobs, jobs_option, project_options
from llmconf.cli._paths import is_under, relative_paths, root_of
from llmconf.cli._reports import emit_report, use_color, write_reports
from llmconf.core.errors import UsageError

if TYPE_CHECKING:
    from llmconf.check.verdict_cache import Verdict
    from llmconf.core.diagnostics import Diagnostic


@click.command(name="validate")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@project_options
@jobs_option
@click.option(
    "--frozen", is_flag=True, help="Report a lock that is missing or out of date as an error. Needs no network."
)
@click.option("--no-cache", is_flag=True, help="Check an unchanged project again; neither read nor write the cache.")
@click.option(
    "--if-present", is_flag=True, help="Exit 0 if there is no project, for a hook that runs in any repository."
)
def command(
    paths: tuple[str, ...], directory: str | None, env: str | None, reports: list[tuple[str, str | None]],
    fail_on: str, today: date | None, color: str, jobs: int | None, no_cache: bool, if_present: bool,
    frozen: bool,
) -> int:  # fmt: skip
    """Check the project: all its files, all environments, offline and without any key.

    PATHS select the findings that are shown and counted. All files are always read.

    \b
    Examples:
      llmconf validate
      llmconf validate config/openai.yaml
      llmconf validate --env prod --fail-on warning
      llmconf validate --report github --report sarif:findings.sarif
    """
    from llmconf.check import verdict_cache
    from llmconf.project.discover import discover
    from llmconf.project.parallel import Parsing
    from llmconf.workspace.tree import FolderTree

    try:
        root = root_of(directory)
    except UsageError:
        if not if_present or (directory is not None and not Path(directory).is_dir()):
            raise
        _refuse_orphans(Path(directory or "."))
        return 0
    day = today or date.today()
    shown = relative_paths(paths, root)
    started = time.time_ns()
    tree = FolderTree(root)
    discovery = discover(tree)
    cache = None if no_cache else verdict_cache.Cache(root, env, discovery, started, frozen=frozen)
    verdict = cache.look_up(day) if cache else None
    if verdict is not None and (code := _report_again(verdict, root, shown, reports, fail_on, color)) is not None:
        return code
    # Parsing starts before the imports below, which take as long as parsing a thousand files.
    parsing = Parsing(tree, discovery.files, jobs or default_jobs())
    from llmconf import api
    from llmconf.core.diagnostics import at_least

    checked = api.validate(tree, env=env, today=day, discovery=discovery, parsing=parsing, frozen=frozen)
    if cache and (data := api.remembered(checked)) is not None:
        cache.keep(verdict_cache.Verdict(data, day, api.first_change(checked, day)))
    found = [d for d in checked.diagnostics if not shown or is_under(d.span.file, shown)]
    write_reports(checked, found, reports, color)
    return 1 if any(at_least(d.severity, fail_on) for d in found) else 0  # type: ignore[arg-type]  # click.Choice gives a Severity


def _report_again(
    verdict: Verdict, root: Path, shown: list[str], reports: list[tuple[str, str | None]], fail_on: str, color: str
) -> int | None:
    """Write the reports of a remembered verdict and return the exit code, or None if its data is damaged."""
    from llmconf.core.diagnostics import at_least
    from llmconf.report.stored import from_data
    from llmconf.workspace.repository import git_prefix

    def wanted(diagnostic: Diagnostic) -> bool:
        return not shown or is_under(diagnostic.span.file, shown)

    try:
        report = from_data(verdict.report, git_prefix(root), wanted)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    for name, path in reports:
        emit_report(name, path, replace(report, color=path is None and use_color(color, sys.stdout)))
    return 1 if any(at_least(each.severity, fail_on) for each in report.diagnostics) else 0  # type: ignore[arg-type]  # click.Choice gives a Severity


def _refuse_orphans(root: Path) -> None:
    """Raise UsageError if there are documents of a project but no project file."""
    from llmconf.core.grammar import PROJECT_FILE
    from llmconf.project.discover import discover
    from llmconf.project.parse import read_text
    from llmconf.schema.kinds import DOCUMENTS
    from llmconf.workspace.tree import FolderTree

    ours = re.compile(rf"^kind:[ \t]+(?:{'|'.join(DOCUMENTS)})\s*(?:#|$)", re.MULTILINE)
    theirs = re.compile(r"^apiVersion:", re.MULTILINE)  # Kubernetes has kinds with the same names
    tree = FolderTree(root)
    for file in discover(tree).files:
        text = read_text(tree, file.name)
        if isinstance(text, str) and ours.search(text) and not theirs.search(text):
            message = f"{PROJECT_FILE} is missing, but {file.name} is a document of a project"
            raise UsageError(message, "restore the file, or run in the folder that has it")
