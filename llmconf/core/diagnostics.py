"""What is wrong in a file, as a value: where, what, how bad, and what to do about it.

A stage or rule yields a `Finding`, which points at a path in a document. Only when findings are
reported are they located in the text and become a `Diagnostic`, which points at lines and columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From worst to mildest."""

Path: TypeAlias = tuple[str | int, ...]
"""Where in a document: mapping keys and list indexes from the root."""


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
    """Something wrong at a place. `related` are other places that explain it."""

    code: str
    place: Place | Span
    message: str
    hint: str | None = None
    related: tuple[tuple[str, Place | Span], ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """A second location of a diagnostic, with what is to be seen there."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with its position, ready to be reported.

    `environments` names the environments it holds in where it does not hold in all that were
    checked; `path` is the place in the document, empty for what is wrong with the file itself.
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


_MANY = 256


def closest(word: str, options: Iterable[str]) -> str | None:
    """Return the option that `word` was probably meant to be, or None.

    Among many options only those that begin or end alike are looked at, and of these the ones that do so the
    longest, so that thousands of misspelled references stay cheap.
    """
    from difflib import get_close_matches
    from heapq import nlargest

    if len(word) > _MANY:
        return None
    folded = {option.casefold(): option for option in options}
    word = word.casefold()
    candidates = list(folded)
    if len(candidates) > _MANY:
        candidates = [option for option in candidates if option[:2] == word[:2] or option[-3:] == word[-3:]]
    if len(candidates) > _MANY:
        candidates = nlargest(_MANY, candidates, key=lambda option: _alike(word, option))
    matches = get_close_matches(word, candidates, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def _alike(one: str, other: str) -> int:
    """Return how many characters two words share at their beginning and at their end."""
    return _same_start(one, other) + _same_start(one[::-1], other[::-1])


def _same_start(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def did_you_mean(word: str, options: Iterable[str]) -> str | None:
    """Return the hint "did you mean `x`?" where an option is near enough, or None."""
    match = closest(word, options)
    return f"did you mean `{match}`?" if match else None


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
