"""The `json` format: all facts about each finding, for programs."""

from __future__ import annotations

from dataclasses import asdict

from llmconf.core.diagnostics import Diagnostic, pointer
from llmconf.report.formats._shared import TOOL, counts
from llmconf.report.report import Report
from llmconf.report.text import dump_json

FORMAT_VERSION = 1
"""Increases if a key is removed or changes its meaning. New keys do not increase it."""


def render(report: Report) -> str:
    """Return one JSON object with the findings and a summary."""
    summary: dict[str, object] = dict(counts(report.diagnostics).items())
    summary["resources"] = report.resources
    summary["environments"] = list(report.environments)
    return dump_json(
        {
            "version": FORMAT_VERSION,
            "tool": {"name": TOOL, "version": report.version},
            "diagnostics": [_diagnostic(diagnostic) for diagnostic in report.diagnostics],
            "summary": summary,
        }
    )


def _diagnostic(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        **asdict(diagnostic.span),
        "pointer": pointer(diagnostic.path),
        "path": list(diagnostic.path),
        "environments": list(diagnostic.environments),
        "related": [{"message": item.message, **asdict(item.span)} for item in diagnostic.related],
    }
