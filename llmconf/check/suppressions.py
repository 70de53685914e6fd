"""Suppressions: `# llmconf: ignore[LCM003] reason`, trailing or on the line above."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from llmconf.check import rules
from llmconf.core.diagnostics import Diagnostic, Finding, Span
from llmconf.core.suggest import did_you_mean
from llmconf.yamltext.document import Document
from llmconf.yamltext.scalars import Refusal

_MAX_PROBLEMS = 1000
_COMMENT = re.compile(
    r"(?<!\S)#[ \t]*llmconf:[ \t]*ignore(?P<codes>\[[^\]\r\n]*\])?(?P<reason>[^\r\n]*)"
)


@dataclass(slots=True)
class Suppression:
    """One comment: the line it silences, its codes, and which of them were needed."""

    span: Span
    line: int
    codes: tuple[str, ...]
    used: set[str] = field(default_factory=set)


def find_suppressions(text: str, name: str, known: Iterable[str]) -> tuple[list[Suppression], list[Finding]]:
    """Return the suppressions of a file, and their problems. Text inside a scalar is not a comment."""
    try:
        document = Document(text, name)
    except Refusal:
        return [], []
    known = list(known)
    lines = _Silenced(document)
    suppressions: list[Suppression] = []
    findings: list[Finding] = []
    for match in _COMMENT.finditer(text):
        if lines.is_inside_scalar(match.start()):
            continue
        span = document.lines.span(name, match.start(), match.end())
        codes = tuple(code.strip() for code in (match["codes"] or "[]")[1:-1].split(",") if code.strip())
        problems = _problems(span, codes, match["reason"], known)
        findings += problems
        if not problems:
            suppressions.append(Suppression(span, lines.of(span), codes))
        elif len(findings) > _MAX_PROBLEMS:
            break
    return suppressions, findings


class _Silenced:
    """Finds the line that a comment silences. It scans the whole text only once."""

    def __init__(self, document: Document) -> None:
        self._lines = document.lines
        # Text after the mark of a block scalar, on the same line, is a comment too.
        scalars = [
            (self._lines.end_of_line(node.start) if node.style in ("|", ">") else node.start, node.end)
            for node in document.scalars()
            if node.style
        ]
        self._starts = [start for start, _ in scalars]
        self._ends = [end for _, end in scalars]

    def is_inside_scalar(self, offset: int) -> bool:
        """Tell whether an offset lies in the text of a quoted or block scalar."""
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and offset < self._ends[index]

    def of(self, span: Span) -> int:
        """Return the comment's own line. If the comment is alone on its line, return the next line with content."""
        if self._lines.line_text(span.line)[: span.column - 1].strip():
            return span.line
        return self._next_content[span.line]

    @cached_property
    def _next_content(self) -> list[int]:
        """The number of the next line with content after each line, or of the line itself if none follows."""
        number = len(self._lines.starts)
        following = list(range(number + 1))
        content = 0
        for line in range(number, 0, -1):
            following[line] = content or line
            text = self._lines.line_text(line).strip()
            if text and not text.startswith("#"):
                content = line
        return following


def _problems(span: Span, codes: tuple[str, ...], reason: str, known: Sequence[str]) -> list[Finding]:
    if not codes:
        return [
            Finding(
                "LCX003", span, "a suppression must name the codes that it silences", "`# llmconf: ignore[LCM003] why`"
            )
        ]
    found = []
    for code in codes:
        if code not in known:
            found.append(Finding("LCX003", span, f"unknown code `{code[:20]}`", did_you_mean(code, known)))
        elif rules.has(code, "unsuppressible"):
            found.append(Finding("LCX004", span, f"`{code}` cannot be suppressed", "fix the problem that it reports"))
    if not reason.strip(" -:\t"):
        found.append(Finding("LCX002", span, "a suppression must give a reason", "write it after the bracket"))
    return found


def apply(
    diagnostics: Sequence[Diagnostic],
    names: Iterable[str],
    read: Callable[[str], str | None],
    known: Iterable[str],
    *,
    report_unused: bool,
) -> tuple[list[Diagnostic], list[Finding]]:
    """Drop the suppressed findings. Return the others, and findings about the suppressions themselves."""
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
        if diagnostic.code in suppression.codes and not rules.has(diagnostic.code, "unsuppressible"):
            suppression.used.add(diagnostic.code)
            return True
    return False
