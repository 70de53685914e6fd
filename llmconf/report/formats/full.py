"""The `full` format, for people: each finding with the lines it is about."""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.core.diagnostics import Diagnostic
from llmconf.report.formats._frame import frame, gutter_width
from llmconf.report.formats._shared import in_environments, place, summary
from llmconf.report.formats._style import Style
from llmconf.report.report import Report
from llmconf.report.text import visible


def render(report: Report) -> str:
    """Return the findings with code frames, and a summary as the last line."""
    style = Style(report.color)
    lines: list[str] = []
    for diagnostic in report.diagnostics:
        lines += [*_diagnostic(report, diagnostic, style), ""]
    lines.append(style("bold" if report.diagnostics else "good", summary(report)))
    return "\n".join(lines) + "\n"


def _diagnostic(report: Report, diagnostic: Diagnostic, style: Style) -> Iterator[str]:
    gutter = gutter_width([diagnostic.span, *(related.span for related in diagnostic.related)])
    header = style(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
    yield f"{header}{style('bold', ': ' + visible(diagnostic.message))}"
    yield f"{style('gutter', ' ' * gutter + '-->')} {place(diagnostic.span)}"
    yield from frame(report, diagnostic.span, gutter, style, diagnostic.severity)
    note = style("gutter", " " * gutter + " =")
    if diagnostic.hint:
        first, *rest = diagnostic.hint.split("\n")
        yield f"{note} {style('bold', 'help')}: {visible(first)}"
        # Each line begins with the sign, so that no line begins with a command of a build system.
        yield from (f"{note}       {visible(line)}".rstrip() for line in rest)
    if where := in_environments(diagnostic):
        yield f"{note} {style('bold', 'note')}: {where}"
    for related in diagnostic.related:
        yield f"{note} {style('bold', 'note')}: {visible(related.message)}: {place(related.span)}"
        yield from frame(report, related.span, gutter, style, "gutter")
