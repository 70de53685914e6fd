"""The `github` format: workflow commands, which become annotations of a run on GitHub Actions."""

from __future__ import annotations

from llmconf.core.diagnostics import SEVERITIES, Diagnostic
from llmconf.report.formats._shared import count_text, counts, hint, message, on_one_line
from llmconf.report.report import Report
from llmconf.report.text import visible

SHOWN = 10
"""How many annotations of each level GitHub shows for one step."""

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """Return a command for each finding, the worst first. Without findings, return an empty text.

    If GitHub does not show all findings, a notice with the counts comes before the other notices, so that
    GitHub shows it.
    """
    by_severity = {
        severity: [_command(report, found) for found in report.diagnostics if found.severity == severity]
        for severity in SEVERITIES
    }
    lines = by_severity["error"] + by_severity["warning"]
    if any(number > SHOWN for number in counts(report.diagnostics).values()):
        text = f"{count_text(report.diagnostics)} found; GitHub shows {SHOWN} of each here, the log has all"
        lines.append(f"::notice title=llmconf::{_data(text)}")
    lines += by_severity["info"]
    return "".join(f"{line}\n" for line in lines)


def _command(report: Report, diagnostic: Diagnostic) -> str:
    # GitHub refuses columns if a region has several lines, so a region ends on its first line.
    region = on_one_line(report, diagnostic.span)
    properties = {
        "file": visible(report.prefix + region.file),
        "line": str(region.line),
        "endLine": str(region.end_line),
        "col": str(region.column),
        "endColumn": str(region.end_column),
        "title": f"{diagnostic.code} {diagnostic.name}",
    }
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    advice = hint(diagnostic)
    text = message(diagnostic) + (f"\n{advice}" if advice else "")
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
