"""The data of a report: stages make it and reporters write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from llmconf.core.diagnostics import Diagnostic, Span

FRAME_LINES = 5
"""Lines that a code frame shows at most after the first one of a span."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """Documentation of one code, for formats that carry it."""

    code: str
    name: str
    severity: str
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """Diagnostics, sorted, with what a reporter needs to write them.

    `lines(file)` returns the lines of a file for a code frame. `secret_lines(file)` returns the numbers of the lines
    of these diagnostics that must be hidden because they hold a secret. `prefix` is the path from the root of the
    git repository to the project. It is empty or ends in `/`, and stands before paths in formats that code hosts
    read. `resources` is the number of checked resources.
    """

    diagnostics: Sequence[Diagnostic]
    rules: dict[str, RuleText]
    lines: Callable[[str], Sequence[str]]
    secret_lines: Callable[[str], frozenset[int]]
    prefix: str = ""
    resources: int = 0
    environments: tuple[str, ...] = ()
    color: bool = False
    version: str = field(default="0")

    def shown(self, span: Span) -> bool:
        """Tell whether the first line of a span may be shown."""
        return span.line not in self.secret_lines(span.file)
