"""Functions for other programs: read and check a project, report on it, build its bundles."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Collection, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from llmconf.check import rules
from llmconf.check.run import check
from llmconf.core import key_formats
from llmconf.core.diagnostics import Diagnostic, Path, Span
from llmconf.core.errors import RefusedError
from llmconf.core.suggest import closest
from llmconf.core.version import __version__
from llmconf.project.checked import Checked
from llmconf.project.discover import Discovery, lock_provider
from llmconf.project.environment import Resource
from llmconf.project.load import load_project, require_environment
from llmconf.project.parallel import Parsing
from llmconf.report import stored
from llmconf.report.report import FRAME_LINES, Report, RuleText
from llmconf.schema.secret_fields import SECRET_FIELDS
from llmconf.workspace import repository
from llmconf.workspace.tree import FolderTree, Tree

if TYPE_CHECKING:
    from llmconf.build.bundle import Bundle

_FILES = 64
"""Size of the cache of lines of files. A report is written file by file."""
_MOST_REMEMBERED = 20_000
"""Findings of a report that is remembered."""
_PART = 200
"""Lines of a lock that are searched together: more lines than any secret has or a report shows."""


def validate(
    project: pathlib.Path | Tree,
    *,
    env: str | None = None,
    today: date | None = None,
    discovery: Discovery | None = None,
    parsing: Parsing | None = None,
    frozen: bool = False,
) -> Checked:
    """Read and check a project, in a folder or in any tree: all environments or only `env`.

    `today` is compared with dates of expiry and retirement; `frozen` makes a stale lock an error. A caller that
    has already discovered the files, or is parsing them, passes `discovery` and `parsing`. Raises UsageError for
    an unknown environment.
    """
    tree = FolderTree(project) if isinstance(project, pathlib.Path) else project
    loaded = load_project(tree, discovery, parsing)
    if env is not None:
        require_environment(loaded, env)
    return check(loaded, today or date.today(), env, frozen=frozen)


def first_change(checked: Checked, today: date) -> date | None:
    """Return the first day after `today` on which the findings may change, or None."""
    settings = checked.project.settings
    if settings is None:
        return None
    expires: set[str | None] = set()
    retires: set[str | None] = set()
    for env in checked.environments.values():
        expires.update(credential.spec.expires for credential in env.credentials.values())
        for lifecycle in (model.spec.lifecycle for model in env.models.values()):
            if lifecycle is not None:
                retires.update((lifecycle.retires, lifecycle.deprecated))
    days = {turn for day in expires if day for turn in _turns(day, settings.policy.expires_within_days)}
    days |= {turn for day in retires if day for turn in _turns(day, settings.policy.retires_within_days)}
    return min((day for day in days if day > today), default=None)


def _turns(text: str, within: int) -> set[date]:
    """Return the days on which the result of a rule about a date may change."""
    day = date.fromisoformat(text)
    turns = (day.toordinal() - within, day.toordinal(), day.toordinal() + 1)
    return {date.fromordinal(turn) for turn in turns if 0 < turn <= date.max.toordinal()}


def make_report(checked: Checked, diagnostics: Sequence[Diagnostic], *, color: bool = False) -> Report:
    """Return the report that a reporter needs to write some of the diagnostics of a project."""
    project = checked.project
    shown = tuple(diagnostics)

    @lru_cache(maxsize=_FILES)
    def lines(name: str) -> tuple[str, ...]:
        return tuple(re.split(r"\r\n|\r|\n", project.text(name) or ""))

    @cache
    def secret_spans() -> dict[str, list[Span]]:
        spans: dict[str, list[Span]] = {}
        for diagnostic in checked.diagnostics:
            if _is_about_secret(diagnostic):
                spans.setdefault(diagnostic.span.file, []).append(diagnostic.span)
        return spans

    @cache
    def reported() -> dict[str, set[int]]:
        return _reported_lines(shown)

    @lru_cache(maxsize=_FILES)
    def secret_lines(name: str) -> frozenset[int]:
        if lock_provider(name) is None:
            hidden = key_formats.secret_lines(lines(name), reported().get(name, frozenset()))
        else:
            hidden = _secret_lines_near(lines(name), reported().get(name, frozenset()))
        for span in secret_spans().get(name, ()):
            hidden.update(range(span.line, span.end_line + 1))
        return frozenset(hidden)

    texts = {}
    for code in sorted({diagnostic.code for diagnostic in diagnostics}):
        info = rules.info(code)
        text = f"{info.summary}\n\nWhy: {info.why}\n\nExample:\n\n{info.example}\n\nFix: {info.fix}"
        texts[code] = RuleText(code, info.name, info.severity, info.summary, text)
    return Report(
        shown,
        texts,
        lines,
        secret_lines,
        prefix=repository.git_prefix(project.root) if isinstance(project.tree, FolderTree) else "",
        resources=checked.resources,
        environments=tuple(name for name in checked.environments if name),
        color=color,
        version=__version__,
    )


def remembered(checked: Checked) -> dict[str, Any] | None:
    """Return the report of a whole project as data for the verdict cache, or None if it is not worth its space."""
    if checked.worst() == "error" or len(checked.diagnostics) > _MOST_REMEMBERED:
        return None
    return stored.to_data(make_report(checked, checked.diagnostics), _reported_lines(checked.diagnostics))


def _reported_lines(diagnostics: Sequence[Diagnostic]) -> dict[str, set[int]]:
    """Return the lines of each file that a report may show."""
    lines: dict[str, set[int]] = {}
    for diagnostic in diagnostics:
        for span in (diagnostic.span, *(related.span for related in diagnostic.related)):
            first = range(span.line, min(span.end_line, span.line + FRAME_LINES) + 1)
            lines.setdefault(span.file, set()).update(first, (span.end_line - 1, span.end_line))
    return lines


def _secret_lines_near(lines: Sequence[str], numbers: Collection[int]) -> set[int]:
    """Return the lines near some lines of a lock that may hold a secret. A lock may have 200,000 lines."""
    hidden: set[int] = set()
    for part in {number // _PART for number in numbers}:
        first = max(0, (part - 1) * _PART)
        hidden.update(first + line for line in key_formats.secret_lines(lines[first : (part + 2) * _PART]))
    return hidden


def _is_about_secret(diagnostic: Diagnostic) -> bool:
    """Tell whether a diagnostic is about a secret field, or a field with a misspelled name of a secret field."""
    if diagnostic.code == "LCS003" and diagnostic.path:
        return closest(str(diagnostic.path[-1]), SECRET_FIELDS) is not None
    if diagnostic.code == "LCS005" and "credentials" in diagnostic.path[-2:]:
        # A text in place of a credential is most likely the secret itself.
        return True
    return rules.has(diagnostic.code, "shows_secret")


def build(checked: Checked, env: str | None, *, secrets: Literal["sealed", "env"] = "sealed") -> Bundle:
    """Build the bundle of one environment of a project without errors. No file is written."""
    project = checked.project
    if project.settings is None or checked.worst() == "error":
        raise RefusedError("a project with errors cannot be built", "fix what `llmconf validate` reports")
    from llmconf.yamltext.document import Document

    documents: dict[str, Document] = {}

    def locate(resource: Resource[Any], path: Path) -> list[str]:
        places = []
        for layer, real in resource.chain(path):
            if layer.file not in documents:
                documents[layer.file] = Document(project.text(layer.file) or "", layer.file)
            span = documents[layer.file].locate(layer.document, layer.path + real)
            places.append(f"{layer.file}:{span.line}")
        return places

    # Only builds need hashing and canonical JSON.
    from llmconf.build import bundle

    return bundle.build(
        checked.environments[env],
        project.settings,
        secrets=secrets,
        revision=repository.revision(project.root),
        locate=locate,
        keys=lambda kid: repository.key_files(project.root, kid),
    )
