"""The `rdjson` format: what reviewdog reads, to comment on changes."""

from __future__ import annotations

from llmconf.core.diagnostics import Diagnostic, Span
from llmconf.report.formats._shared import TOOL, hint, line_text, message
from llmconf.report.report import Report
from llmconf.report.text import dump_json, visible


def render(report: Report) -> str:
    """Return one JSON object. Columns count bytes of UTF-8, as reviewdog does."""
    diagnostics = [_diagnostic(report, diagnostic) for diagnostic in report.diagnostics]
    return dump_json({"source": {"name": TOOL}, "diagnostics": diagnostics})


def _diagnostic(report: Report, diagnostic: Diagnostic) -> dict[str, object]:
    advice = hint(diagnostic)
    entry: dict[str, object] = {
        "message": message(diagnostic) + (f"\n{advice}" if advice else ""),
        "location": _location(report, diagnostic.span),
        "severity": diagnostic.severity.upper(),
        "code": {"value": diagnostic.code},
    }
    if diagnostic.related:
        entry["related_locations"] = [
            {"message": visible(item.message), "location": _location(report, item.span)}
            for item in diagnostic.related
        ]
    return entry


def _location(report: Report, span: Span) -> dict[str, object]:
    return {
        "path": visible(report.prefix + span.file),
        "range": {
            "start": _position(report, span.file, span.line, span.column),
            "end": _position(report, span.file, span.end_line, span.end_column),
        },
    }


def _position(report: Report, file: str, line: int, column: int) -> dict[str, int]:
    text = line_text(report, file, line) or ""
    before = text[: column - 1]
    beyond = column - 1 - len(before)
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + beyond + 1}
