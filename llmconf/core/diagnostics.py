"""Findings and diagnostics: the place of an error, its message, its severity, and a hint.

A stage or rule yields a `Finding`, which points at a path in a document. A report
locates a finding in the text. The finding then becomes a `Diagnostic`, which points at lines and columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From worst to mildest."""

Path: TypeAlias = tuple[str | int, ...]
"""A place in a document: mapping keys and list indexes from the root."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A region of a file. Lines and columns are 1-based code points; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Place:
    """A path in one document of one file, to be located later.

    `file` is relative to the project root with forward slashes; `document` counts from 0; `on_key`
    points at the key of the last step instead of its value.
    """

    file: str
    document: int
    path: Path = ()
    on_key: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """An error, warning or note at a place. `related` has other places that explain it."""

    code: str
    place: Place | Span
    message: str
    hint: str | None = None
    related: tuple[tuple[str, Place | Span], ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """A second location of a diagnostic, with a message about it."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with its position, ready to be reported.

    `environments` names the affected environments, and is empty if all that were checked are affected. `path` is
    the place in the document, and is empty if the file itself is wrong.
    """

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    path: Path = ()
    hint: str | None = None
    related: tuple[Related, ...] = field(default=())
    environments: tuple[str, ...] = ()


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by position, then code and message, and drop duplicates: the one order of all reports."""
    return sorted(dict.fromkeys(diagnostics), key=lambda d: (d.span, d.code, d.message))


def at_least(severity: Severity, threshold: Severity) -> bool:
    """Tell whether `severity` is as bad as `threshold` or worse."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(threshold)


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
