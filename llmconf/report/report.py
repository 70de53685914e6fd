"""The shape of a report: what stages hand over and reporters write."""

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

    `lines(file)` returns the lines of a file for a code frame; `secret_lines(file)` the numbers of
    lines of these diagnostics that are not to be shown because a secret stands in them. `prefix` leads from the root of
    the git repository to the project, ends in `/` where it is not empty, and is put before paths in
    formats that code hosts read. `resources` counts what was checked.
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
