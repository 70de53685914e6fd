"""What several formats need: counts, fingerprints, paths, and regions cut to one line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from llmconf.core.diagnostics import SEVERITIES, Diagnostic, Severity, Span, pointer
from llmconf.report.report import Report
from llmconf.report.text import visible

TOOL = "llmconf"


def plural(number: int, noun: str) -> str:
    """Write a number and its noun: `1 error`, `2 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def counts(diagnostics: Iterable[Diagnostic]) -> dict[Severity, int]:
    """Count diagnostics by severity, the worst first; severities that do not occur count 0."""
    found = Counter(diagnostic.severity for diagnostic in diagnostics)
    return {severity: found[severity] for severity in SEVERITIES}


def count_text(diagnostics: Iterable[Diagnostic]) -> str:
    """Write how many there are of each severity: `2 errors, 1 warning`."""
    return ", ".join(plural(number, name) for name, number in counts(diagnostics).items() if number)


def summary(report: Report) -> str:
    """Write the outcome in one line."""
    resources = plural(report.resources, "resource")
    environments = plural(len(report.environments), "environment") if report.environments else ""
    if not report.diagnostics:
        return f"{resources}{' in ' if environments else ''}{environments}: no problems"
    checked = ", ".join(part for part in (resources, environments) if part)
    return f"{count_text(report.diagnostics)} in {checked}"


def in_environments(diagnostic: Diagnostic) -> str:
    """Return text that names the affected environments. It is empty if all environments are affected."""
    names = [visible(name) for name in diagnostic.environments]
    if not names:
        return ""
    if len(names) == 1:
        return f"in environment {names[0]}"
    return f"in environments {', '.join(names[:-1])} and {names[-1]}"


def message(diagnostic: Diagnostic) -> str:
    """Return the message on one line, with the affected environments."""
    where = in_environments(diagnostic)
    return visible(diagnostic.message) + (f" ({where})" if where else "")


def hint(diagnostic: Diagnostic) -> str:
    """Return the hint on one line, or an empty text without a hint."""
    return visible(" ".join((diagnostic.hint or "").split("\n")))


def place(span: Span, prefix: str = "") -> str:
    """Write where a span begins: `file:line:column`."""
    return f"{visible(prefix + span.file)}:{span.line}:{span.column}"


def line_text(report: Report, file: str, line: int) -> str | None:
    """Return one line of a file without its line break, or None where the file has no such line."""
    lines = report.lines(file)
    return lines[line - 1].rstrip("\r\n") if 0 < line <= len(lines) else None


def on_one_line(report: Report, span: Span) -> Span:
    """Cut a region to its first line: code hosts show only what lies within one line of a change."""
    if span.end_line <= span.line:
        return replace(span, end_line=span.line, end_column=max(span.column, span.end_column))
    text = line_text(report, span.file, span.line) or ""
    return replace(span, end_line=span.line, end_column=max(span.column, len(text) + 1))


def fingerprints(report: Report) -> Iterator[tuple[Diagnostic, str]]:
    """Pair each diagnostic with an identity that survives a change of lines above it.

    It is made of the code, the file and the place in the document. A number separates equal ones, in order.
    """
    from hashlib import sha256

    seen: Counter[tuple[str, ...]] = Counter()
    for diagnostic in report.diagnostics:
        key = (diagnostic.code, report.prefix + diagnostic.span.file, pointer(diagnostic.path))
        identity = json.dumps([*key, seen[key]]).encode("ascii")
        seen[key] += 1
        yield diagnostic, sha256(identity).hexdigest()
