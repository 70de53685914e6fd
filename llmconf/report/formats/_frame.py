"""Code frames: lines of a file with the exact region underlined."""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.core.characters import escaped
from llmconf.core.diagnostics import Span
from llmconf.report.formats._shared import line_text
from llmconf.report.formats._style import Style
from llmconf.report.report import FRAME_LINES, Report
from llmconf.report.text import UNSAFE, width

HIDDEN = "(line hidden: it holds a secret)"
_WIDTH = 160
_CONTEXT = 40
_TAB = 4
_HEAD = 3


def shown_lines(span: Span) -> list[int | None]:
    """Return the lines of a span that a frame shows. None replaces the lines that are left out of a long span."""
    last = span.end_line - 1 if span.end_line > span.line and span.end_column == 1 else span.end_line
    lines: list[int | None] = list(range(span.line, min(last, span.line + FRAME_LINES) + 1))
    if last - span.line < FRAME_LINES:
        return lines
    return [*lines[:_HEAD], None, last]


def gutter_width(spans: list[Span]) -> int:
    """Return how wide the line numbers of several frames are."""
    return max(len(str(number or 0)) for span in spans for number in shown_lines(span))


def frame(report: Report, span: Span, gutter: int, style: Style, mark: str) -> Iterator[str]:
    """Yield the frame of a span, with `mark` as the style of its underline; nothing without the file."""
    if line_text(report, span.file, span.line) is None:
        return
    secret = report.secret_lines(span.file)
    bar = style("gutter", " " * gutter + " |")
    yield bar
    for number in shown_lines(span):
        if number is None:
            yield style("gutter", " " * gutter + " :")
            continue
        text = line_text(report, span.file, number)
        if text is None:
            return
        head = style("gutter", f"{number:>{gutter}} |")
        if number in secret:
            yield f"{head} {style('dim', HIDDEN)}"
            continue
        start, end = _region(text, span, number)
        shown, underline = _window(text, start, end)
        yield f"{head} {shown}".rstrip()
        if start < end or number == span.line:
            yield f"{bar} {underline.replace('^', '')}{style(mark, underline.lstrip(' '))}"


def _region(text: str, span: Span, number: int) -> tuple[int, int]:
    """Return the offsets of the underline in a line. If the region continues from the line before, the
    indentation is not underlined. The result is empty if nothing is left.
    """
    start = span.column - 1 if number == span.line else len(text) - len(text.lstrip())
    end = span.end_column - 1 if number == span.end_line else len(text.rstrip())
    return min(start, len(text)), min(end, len(text))


def _cells(text: str) -> list[tuple[str, int]]:
    """Return what is shown for each character, and how wide that is."""
    unsafe = {match.start() for match in UNSAFE.finditer(text)}
    if not unsafe and text.isascii() and text.isprintable():
        return [(character, 1) for character in text]  # a faster way for nearly all lines: a tenth of the time
    cells: list[tuple[str, int]] = []
    column = 0
    for offset, character in enumerate(text):
        if character == "\t":
            shown = " " * (_TAB - column % _TAB)
        else:
            shown = escaped(character) if offset in unsafe else character
        size = len(shown) if len(shown) != 1 else width(shown)
        cells.append((shown, size))
        column += size
    return cells


def _window(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the shown text of a line and its underline. A long line is cut around the region."""
    low, high = max(0, start - _WIDTH), min(len(text), start + _WIDTH)
    cells = _cells(text[low:high])
    first, last = _fit([size for _, size in cells], start - low, whole=low == 0 and high == len(text))
    before = "…" if low + first > 0 else ""
    after = "…" if low + last < len(text) else ""
    shown = before + "".join(cell for cell, _ in cells[first:last]) + after
    indent = len(before) + sum(size for _, size in cells[first : start - low])
    marked = sum(size for _, size in cells[start - low : min(end - low, last)])
    return shown, " " * indent + "^" * max(1, marked)


def _fit(sizes: list[int], start: int, *, whole: bool) -> tuple[int, int]:
    """Choose which cells to show: all, or as many as fit with some context before `start`."""
    if whole and sum(sizes) <= _WIDTH:
        return 0, len(sizes)
    first, room = start, _CONTEXT
    while first > 0 and sizes[first - 1] <= room:
        first -= 1
        room -= sizes[first]
    last, room = first, _WIDTH
    while last < len(sizes) and sizes[last] <= room:
        room -= sizes[last]
        last += 1
    while last == len(sizes) and first > 0 and sizes[first - 1] <= room:
        first -= 1
        room -= sizes[first]
    return first, last
