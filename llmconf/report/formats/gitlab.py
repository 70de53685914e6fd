"""The `gitlab` format: a Code Quality report, which GitLab shows in merge requests."""

from __future__ import annotations

from llmconf.core.diagnostics import Diagnostic
from llmconf.report.formats._shared import fingerprints, hint, message
from llmconf.report.report import Report
from llmconf.report.text import dump_json, visible

_SEVERITIES = {"error": "critical", "warning": "minor", "info": "info"}


def render(report: Report) -> str:
    """Return a JSON array with an entry per finding."""
    return dump_json([_entry(report, found, mark) for found, mark in fingerprints(report)])


def _entry(report: Report, diagnostic: Diagnostic, fingerprint: str) -> dict[str, object]:
    advice = hint(diagnostic)
    return {
        "description": f"{diagnostic.code}: {message(diagnostic)}" + (f" ({advice})" if advice else ""),
        "check_name": diagnostic.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {
            "path": visible(report.prefix + diagnostic.span.file),
            "lines": {
                "begin": diagnostic.span.line,
                "end": max(diagnostic.span.line, diagnostic.span.end_line),
            },
        },
    }
