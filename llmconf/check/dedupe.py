"""Drops diagnostics that repeat others, or that are only guesses because files cannot be read."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import replace

from llmconf.check import rules
from llmconf.core.diagnostics import SEVERITIES, Diagnostic, Finding, Span


def without_guesses(diagnostics: list[Diagnostic], unread: Iterable[Finding]) -> list[Diagnostic]:
    """Drop findings that are only guesses if part of the project could not be read.

    The finding on the unreadable part then gets the severity of the dropped ones, so that the project still fails.
    """
    causes = {(finding.code, finding.place.file) for finding in unread}
    guesses = [diagnostic.severity for diagnostic in diagnostics if rules.has(diagnostic.code, "guess")]
    if not guesses or not any((d.code, d.span.file) in causes for d in diagnostics):
        return diagnostics
    worst = min(guesses, key=SEVERITIES.index)
    return [
        replace(d, severity=min(d.severity, worst, key=SEVERITIES.index))
        if (d.code, d.span.file) in causes
        else d
        for d in diagnostics
        if not rules.has(d.code, "guess")
    ]


def once_per_secret(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Keep one finding for each plain secret, which both its field and its format can reveal."""
    kept: dict[str, list[Span]] = {}
    twice: set[int] = set()
    leaks = [index for index, diagnostic in enumerate(diagnostics) if diagnostic.code == "LCK001"]
    # The format, which names the vendor, says more than the field.
    for index in sorted(leaks, key=lambda index: bool(diagnostics[index].path)):
        span = diagnostics[index].span
        known = kept.setdefault(span.file, [])
        at = bisect(known, span)
        if any(_overlap(span, other) for other in known[max(0, at - 1) : at + 1]):
            twice.add(index)
        else:
            known.insert(at, span)
    return [diagnostic for index, diagnostic in enumerate(diagnostics) if index not in twice]


def _overlap(one: Span, other: Span) -> bool:
    first, second = sorted((one, other))
    return (second.line, second.column) < (first.end_line, first.end_column) or first == second
