"""What was measured against what, and how it stands to its bar, as an aligned table or as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from measure import Series

MEBIBYTE = 1024 * 1024
HEADER = ("measurement", "files", "seconds", "peak", "against", "seconds", "cpu", "ratio", "bar", "verdict")
RIGHT = frozenset({1, 2, 3, 5, 6, 7, 8})


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is a part of the peer's time, and `bar` the most it may be.

    `cpu_ratio` compares processor time, which another load on the machine changes less.
    """

    label: str
    files: int
    seconds: float | None = None
    peak: int | None = None
    peer: str = "-"
    peer_seconds: float | None = None
    cpu_ratio: float | None = None
    ratio: float | None = None
    bar: float | None = None
    unit: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        """Return `met`, `missed`, a remark where nothing could be measured, or nothing without a bar."""
        if self.note or self.bar is None or self.ratio is None:
            return self.note
        return "met" if self.ratio <= self.bar else "missed"


def compare(
    label: str, files: int, mine: Series, against: tuple[str, Series], bar: float | None = None
) -> Row:
    """Return the row of one program against another: the median of the ratios of each turn."""
    peer, theirs = against
    note = f"llmconf: {mine.failure}" if mine.failure else theirs.failure or ""
    return Row(
        label,
        files,
        mine.median if mine.seconds else None,
        mine.peak or None,
        peer,
        theirs.median if theirs.seconds else None,
        None if note else _ratio(mine.cpu, theirs.cpu),
        None if note else _ratio(mine.seconds, theirs.seconds),
        bar,
        note=note,
    )


def _ratio(mine: Sequence[float], theirs: Sequence[float]) -> float | None:
    ratios = [a / b for a, b in zip(mine, theirs, strict=False)]
    return median(ratios) if ratios else None


def _cells(row: Row) -> tuple[str, ...]:
    def number(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    digits = 0 if row.unit else 3
    return (
        row.label,
        str(row.files),
        number(row.seconds, 3),
        "-" if row.peak is None else f"{row.peak / MEBIBYTE:.0f} MiB",
        row.peer,
        number(row.peer_seconds, 3),
        number(row.cpu_ratio, 3),
        number(row.ratio, digits) + row.unit,
        number(row.bar, digits) + (row.unit if row.bar is not None else ""),
        row.verdict,
    )


def render(rows: Sequence[Row]) -> str:
    """Return the rows as lines of aligned columns."""
    grid = [HEADER, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in grid) for column in range(len(HEADER))]
    lines = []
    for line in grid:
        cells = (
            cell.rjust(width) if column in RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def as_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows as plain data, with their verdicts."""
    return [{**asdict(row), "verdict": row.verdict} for row in rows]
