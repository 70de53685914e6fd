"""The `junit` format: findings as test cases, for what shows test results."""

from __future__ import annotations

from collections import Counter
from html import escape

from llmconf.core.diagnostics import Diagnostic
from llmconf.report.formats._shared import TOOL, counts, hint, message, place, summary
from llmconf.report.report import Report
from llmconf.report.text import visible


def render(report: Report) -> str:
    """Return one suite. Errors fail; milder findings pass with a note; without findings one case passes."""
    names: Counter[str] = Counter()
    cases: list[str] = []
    for diagnostic in report.diagnostics:
        name = _name(diagnostic)
        names[f"{diagnostic.span.file}:{name}"] += 1
        repeat = names[f"{diagnostic.span.file}:{name}"]
        cases += _case(report, diagnostic, name if repeat == 1 else f"{name} ({repeat})")
    if not cases:
        cases = [f'    <testcase name="{escape(summary(report))}" classname="{TOOL}"/>']
    failures = counts(report.diagnostics)["error"]
    numbers = f'tests="{max(1, len(report.diagnostics))}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="{TOOL}" {numbers}>',
        f'  <testsuite name="{TOOL}" {numbers} skipped="0">',
        *cases,
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _name(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.code} {diagnostic.name} at {diagnostic.span.line}:{diagnostic.span.column}"


def _case(report: Report, diagnostic: Diagnostic, name: str) -> list[str]:
    file = visible(report.prefix + diagnostic.span.file)
    text = escape("\n".join(_details(report, diagnostic)))
    if diagnostic.severity == "error":
        body = f'<failure type="{diagnostic.code}" message="{escape(message(diagnostic))}">{text}</failure>'
    else:
        body = f"<system-out>{diagnostic.severity}: {text}</system-out>"
    return [
        f'    <testcase name="{escape(name)}" classname="{escape(file)}">',
        f"      {body}",
        "    </testcase>",
    ]


def _details(report: Report, diagnostic: Diagnostic) -> list[str]:
    advice = hint(diagnostic)
    return [
        f"{place(diagnostic.span, report.prefix)}: {message(diagnostic)}",
        *([f"help: {advice}"] if advice else []),
        *(f"note: {visible(item.message)}: {place(item.span, report.prefix)}" for item in diagnostic.related),
    ]
