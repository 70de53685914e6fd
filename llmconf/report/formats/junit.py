"""The `junit` format: findings as test cases, for tools that show test results."""

from __future__ import annotations

from collections import Counter
from xml.etree.ElementTree import Element, SubElement

from llmconf.core.diagnostics import Diagnostic
from llmconf.report.formats._shared import TOOL, counts, hint, message, place, summary
from llmconf.report.report import Report
from llmconf.report.text import visible
from llmconf.report.xml import to_xml


def render(report: Report) -> str:
    """Return one suite. Errors fail; milder findings pass with a note; without findings one case passes."""
    found = report.diagnostics
    failures = counts(found)["error"]
    numbers = {"name": TOOL, "tests": str(max(1, len(found))), "failures": str(failures), "errors": "0"}
    root = Element("testsuites", numbers)
    suite = SubElement(root, "testsuite", numbers, skipped="0")
    names: Counter[str] = Counter()
    for diagnostic in found:
        name = _name(diagnostic)
        names[f"{diagnostic.span.file}:{name}"] += 1
        repeat = names[f"{diagnostic.span.file}:{name}"]
        _add_case(suite, report, diagnostic, name if repeat == 1 else f"{name} ({repeat})")
    if not found:
        SubElement(suite, "testcase", name=summary(report), classname=TOOL)
    return to_xml(root)


def _name(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.code} {diagnostic.name} at {diagnostic.span.line}:{diagnostic.span.column}"


def _add_case(suite: Element, report: Report, diagnostic: Diagnostic, name: str) -> None:
    file = visible(report.prefix + diagnostic.span.file)
    text = "\n".join(_details(report, diagnostic))
    case = SubElement(suite, "testcase", name=name, classname=file)
    if diagnostic.severity == "error":
        SubElement(case, "failure", type=diagnostic.code, message=message(diagnostic)).text = text
    else:
        SubElement(case, "system-out").text = f"{diagnostic.severity}: {text}"


def _details(report: Report, diagnostic: Diagnostic) -> list[str]:
    advice = hint(diagnostic)
    return [
        f"{place(diagnostic.span, report.prefix)}: {message(diagnostic)}",
        *([f"help: {advice}"] if advice else []),
        *(f"note: {visible(item.message)}: {place(item.span, report.prefix)}" for item in diagnostic.related),
    ]
