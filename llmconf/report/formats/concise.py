"""The `concise` format: one line per finding, as compilers write it."""

from __future__ import annotations

from llmconf.core.diagnostics import Diagnostic
from llmconf.report.formats._shared import hint, message, place
from llmconf.report.formats._style import Style
from llmconf.report.report import Report


def render(report: Report) -> str:
    """Return a line for each finding. Without findings, return an empty text."""
    style = Style(report.color)
    return "".join(f"{_line(diagnostic, style)}\n" for diagnostic in report.diagnostics)


def _line(diagnostic: Diagnostic, style: Style) -> str:
    severity = style(diagnostic.severity, diagnostic.severity)
    text = f"{style('bold', place(diagnostic.span))}: {severity} {diagnostic.code} {message(diagnostic)}"
    return f"{text} [{hint(diagnostic)}]" if diagnostic.hint else text
