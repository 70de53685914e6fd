"""Suppressions: `# llmconf: ignore[LCM003] reason`, trailing or on the line above."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from llmconf.diagnostics import Diagnostic, Finding, Span, did_you_mean
from llmconf.document import Document
from llmconf.values import Refusal

NEVER = ("LCK001", "LCY001", "LCY002")
"""Codes that no comment silences."""

_COMMENT = re.compile(
    r"(?:^|(?<=\s))#\s*llmconf:\s*ignore(?P<codes>\[[^\]\n]*\])?(?P<reason>[^\r\n]*)", re.MULTILINE
)


@dataclass(slots=True)
class Suppression:
    """One comment: the line it silences, its codes, and which of them were needed."""

    span: Span
    line: int
    codes: tuple[str, ...]
    used: set[str] = field(default_factory=set)


def find_suppressions(text: str, name: str, known: Iterable[str]) -> tuple[list[Suppression], list[Finding]]:
    """Return the suppressions of a file, and what is wrong with them. Comments inside scalars are none."""
    try:
        document = Document(text, name)
    except Refusal:
        return [], []
    known = list(known)
    scalars = [(node.start, node.end) for node in document.scalars() if node.style]
    suppressions: list[Suppression] = []
    findings: list[Finding] = []
    for match in _COMMENT.finditer(text):
        if any(start <= match.start() < end for start, end in scalars):
            continue
        span = document.lines.span(name, match.start(), match.end())
        codes = tuple(code.strip() for code in (match["codes"] or "[]")[1:-1].split(",") if code.strip())
        problems = _problems(span, codes, match["reason"], known)
        findings += problems
        if not problems:
            suppressions.append(Suppression(span, _silenced_line(document, span), codes))
    return suppressions, findings


def _problems(span: Span, codes: tuple[str, ...], reason: str, known: Sequence[str]) -> list[Finding]:
    if not codes:
        return [
            Finding(
                "LCX003", span, "a suppression names the codes it silences", "`# llmconf: ignore[LCM003] why`"
            )
        ]
    found = []
    for code in codes:
        if code not in known:
            found.append(Finding("LCX003", span, f"unknown code `{code[:20]}`", did_you_mean(code, known)))
        elif code in NEVER:
            found.append(Finding("LCX004", span, f"`{code}` cannot be suppressed", "mend what it reports"))
    if not reason.strip(" -:\t"):
        found.append(Finding("LCX002", span, "a suppression says why", "write the reason behind the bracket"))
    return found


def _silenced_line(document: Document, span: Span) -> int:
    """Return the comment's own line, or for a comment alone on its line the next one with content."""
    if document.lines.line_text(span.line)[: span.column - 1].strip():
        return span.line
    for line in range(span.line + 1, len(document.lines.starts) + 1):
        text = document.lines.line_text(line).strip()
        if text and not text.startswith("#"):
            return line
    return span.line


def apply(
    diagnostics: Sequence[Diagnostic],
    names: Iterable[str],
    read: Callable[[str], str | None],
    known: Iterable[str],
    *,
    report_unused: bool,
) -> tuple[list[Diagnostic], list[Finding]]:
    """Drop what is suppressed. Returns what is left and findings about the suppressions themselves."""
    known = list(known)
    by_line: dict[tuple[str, int], list[Suppression]] = {}
    findings: list[Finding] = []
    for name in names:
        suppressions, problems = find_suppressions(read(name) or "", name, known)
        findings += problems
        for suppression in suppressions:
            by_line.setdefault((name, suppression.line), []).append(suppression)
    left = [d for d in diagnostics if not _is_suppressed(d, by_line)]
    if report_unused:
        for suppression in (s for group in by_line.values() for s in group):
            for code in suppression.codes:
                if code not in suppression.used:
                    message = f"nothing to suppress: `{code}` does not occur on line {suppression.line}"
                    findings.append(Finding("LCX001", suppression.span, message, "remove it"))
    return left, findings


def _is_suppressed(diagnostic: Diagnostic, by_line: dict[tuple[str, int], list[Suppression]]) -> bool:
    for suppression in by_line.get((diagnostic.span.file, diagnostic.span.line), ()):
        if diagnostic.code in suppression.codes and diagnostic.code not in NEVER:
            suppression.used.add(diagnostic.code)
            return True
    return False
