"""The text of a file: strict decoding, and positions from offsets."""

from __future__ import annotations

import re
from bisect import bisect_right

from llmconf.core.diagnostics import Finding, Span

MAX_FILE_SIZE = 8 * 1024 * 1024
"""Largest file that is read, in bytes."""
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_NOT_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
BOM = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8. A file may have it, and keeps it."""


class Lines:
    """Turns offsets in a text (code points from 0) into lines and columns (from 1).

    Only LF, CRLF and CR end a line, as in editors. YAML 1.1 parsers count NEL, LS and PS too, so their line
    numbers are not used.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def end_of_line(self, offset: int) -> int:
        """Return the offset at which the line of `offset` ends, before its line break."""
        match = _LINE_BREAK.search(self.text, offset)
        return match.start() if match else len(self.text)

    def span(self, file: str, start: int, end: int) -> Span:
        """Return the region between two offsets."""
        return Span(file, *self.position(start), *self.position(max(start, end)))

    def line_text(self, line: int) -> str:
        """Return one line without its line break."""
        start = self.starts[line - 1]
        return self.text[start : self.end_of_line(start)]


def decode(data: bytes, file: str) -> str | Finding:
    """Decode a file as strict UTF-8, with or without a BOM. Returns a finding if it is not UTF-8."""
    data = data.removeprefix(BOM)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = Lines(before).position(len(before))
        message = f"not UTF-8: byte 0x{data[error.start]:02x} is not allowed here"
        return Finding(
            "LCY002", Span(file, line, column, line, column + 1), message, "save the file as UTF-8"
        )


def forbidden_character(text: str) -> int | None:
    """Return the offset of the first character that YAML does not allow, or None."""
    match = _NOT_YAML.search(text)
    return match.start() if match else None
