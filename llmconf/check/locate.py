"""Looks up the positions of findings in their files, and turns the findings into diagnostics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llmconf.check import rules
from llmconf.core.diagnostics import Diagnostic, Finding, Place, Related, Severity, Span
from llmconf.core.key_formats import redact
from llmconf.lock.reader import open_text
from llmconf.project.discover import lock_provider
from llmconf.project.load import Project
from llmconf.schema.project_file import ProjectFile
from llmconf.yamltext import glance
from llmconf.yamltext.scalars import Refusal

_LONGEST = 1000
"""The most characters of a message, which may quote a file."""
_FEW = 2
"""Up to this number of places in one file, looking up each is faster than building the whole file."""

Findings = dict[Finding, set[str | None]]
"""Findings, each with the environments that have it."""


def locate(
    project: Project, found: Findings, every: set[str | None], settings: ProjectFile | None
) -> list[Diagnostic]:
    """Look up the position of each finding and give it the severity that the project sets."""
    overrides = settings.rules if settings else {}
    reported: list[tuple[Finding, Severity]] = []
    for finding in found:
        info = rules.info(finding.code)
        severity = info.severity if info.fixed else overrides.get(finding.code, info.severity)
        if severity != "off":
            reported.append((finding, severity))
    spans = _spans(project, [place for finding, _ in reported for place in _places(finding)])

    def span(place: Place | Span) -> Span:
        return place if isinstance(place, Span) else spans[place]

    diagnostics = []
    for finding, severity in reported:
        environments = found[finding]
        partial = environments if environments and environments != every else set()
        path = finding.place.path if isinstance(finding.place, Place) else ()
        diagnostics.append(
            Diagnostic(
                finding.code,
                rules.info(finding.code).name,
                severity,
                _presentable(finding.message),
                span(finding.place),
                tuple(_presentable(step) if isinstance(step, str) else step for step in path),
                finding.hint and _presentable(finding.hint),
                tuple(Related(_presentable(message), span(place)) for message, place in finding.related),
                tuple(sorted(name for name in partial if name)),
            )
        )
    return diagnostics


def _places(finding: Finding) -> Iterator[Place]:
    for place in (finding.place, *(place for _, place in finding.related)):
        if isinstance(place, Place):
            yield place


def _spans(project: Project, places: Sequence[Place]) -> dict[Place, Span]:
    """Return the position of each place. One file is read and built at a time, for all places in it."""
    by_file: dict[str, dict[Place, None]] = {}
    for place in places:
        by_file.setdefault(place.file, {})[place] = None
    found: dict[Place, Span] = {}
    for file, inside in by_file.items():
        found.update(_spans_in_file(project.text(file), file, list(inside)))
    return found


def _spans_in_file(text: str | None, file: str, places: Sequence[Place]) -> Iterator[tuple[Place, Span]]:
    if text is not None and len(places) <= _FEW and lock_provider(file) is None:
        found = [glance.locate(text, file, at.document, at.path, on_key=at.on_key) for at in places]
        yield from ((place, span) for place, span in zip(places, found, strict=True) if span is not None)
        places = [place for place, span in zip(places, found, strict=True) if span is None]
    if not places:
        return
    try:
        document = open_text(text, file) if text is not None else None
    except Refusal:
        document = None
    for place in places:
        if document is None:
            yield place, Span(file, 1, 1, 1, 1)
        else:
            yield place, document.locate(place.document, place.path, on_key=place.on_key)


def _presentable(text: str) -> str:
    """Return a text that may quote a file, shortened and without any key that is written in place of a name."""
    text = redact(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
