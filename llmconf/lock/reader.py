"""Reads the text of a lock file as `format.write` makes it, eight times as fast as a YAML parser.

A lock is YAML like all other files. `write` uses only a small part of YAML, and regular expressions recognize that
part. The YAML parser reads every other text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from llmconf.core.diagnostics import Path, Span
from llmconf.lock.format import FACTS, HEAD, LIFECYCLE, PRICE
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.document import Document
from llmconf.yamltext.scalars import ESCAPED, MISREAD, PLAIN

_KEYS = {*PRICE, *LIFECYCLE, *FACTS, "endpoint", "adapter"}
_QUOTED = rf'"(?:[^"\\{ESCAPED}]|\\["\\])*"'
_SCALAR = rf"(?:{PLAIN}|{_QUOTED})"
_ONE = re.compile(rf"({PLAIN})|({_QUOTED})|([1-9][0-9]{{0,17}})", re.ASCII)
_ITEMS = rf"((?:  - {_SCALAR}\n)+)"
_INNER = r"((?:    [^\n]*\n)+)"
_HEADER = re.compile(
    rf"{re.escape(HEAD)}version: ([1-9][0-9]{{0,8}})\nsource:\n"
    rf"((?:  (?:endpoint|adapter): {_SCALAR}\n)+)(?:  include:\n{_ITEMS})?(?:  exclude:\n{_ITEMS})?models:\n",
    re.ASCII,
)
_BLOCK = re.compile(
    rf"- id: ({_SCALAR})\n(?:  mode: ({_SCALAR})\n)?(?:  capabilities:\n{_ITEMS})?"
    rf"(?:  context: ([1-9][0-9]{{0,17}})\n)?(?:  max_output: ([1-9][0-9]{{0,17}})\n)?"
    rf"(?:  price:\n{_INNER})?(?:  aliases:\n{_ITEMS})?(?:  lifecycle:\n{_INNER})?"
    rf"(?:  enabled: (true|false)\n)?(?:  sources:\n{_INNER})?",
    re.ASCII,
)
_SIMPLE = ("input", "output", "cache_read", "cache_write")
_PRICES = re.compile("".join(rf'(?:    {name}: "([0-9.]+)"\n)?' for name in _SIMPLE), re.ASCII)
"""A price in the form that nearly all models have."""
_MARKER = re.compile(r"^(?:[<>|]{7}(?: [^\r\n]*)?|={7})(?=\r?$)", re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")


class _Odd(Exception):
    """A text does not have the form of `write`."""


def load(text: str) -> dict[str, Any] | None:
    """Return the plain values of a lock in the form of `write`, or None for any other text.

    The values are the same that the YAML parser would return. This does not check them against the schema.
    """
    header, blocks = _HEADER.match(text), _blocks(text)
    if header is None or not blocks:
        return None
    reader = _Reader()
    try:
        source: dict[str, Any] = reader.mapping(header[2], 2)
        source |= {key: reader.items(raw) for key, raw in (("include", header[3]), ("exclude", header[4])) if raw}
        return {"version": int(header[1]), "source": source, "models": [reader.block(block) for block in blocks]}
    except _Odd:
        return None


def block_starts(text: str) -> list[int]:
    """Return the offsets of all model blocks and of the end. Empty if the text does not have the form of `write`."""
    blocks = _blocks(text)
    return [*(block.start() for block in blocks), len(text)] if blocks else []


def _blocks(text: str) -> list[re.Match[str]]:
    """Return the matches of all model blocks. Empty if there is any other text among them."""
    header = _HEADER.match(text)
    at, found, match = header.end() if header else len(text), [], _BLOCK.match
    while block := match(text, at):
        found.append(block)
        at = block.end()
    return found if at == len(text) else []


class _Reader:
    """Builds values from the matches of the expressions. A value that occurs often is built once."""

    def __init__(self) -> None:
        self._items: dict[str, list[str]] = {}
        self._mappings: dict[str, dict[str, Any]] = {}

    def block(self, block: re.Match[str]) -> dict[str, Any]:
        """Return the values of one model."""
        name, mode, capabilities, context, max_output, price, aliases, lifecycle, enabled, sources = block.groups()
        data: dict[str, Any] = {"id": self.string(name)}
        if mode:
            data["mode"] = self.string(mode)
        if capabilities:
            data["capabilities"] = self.items(capabilities)
        if context:
            data["context"] = int(context)
        if max_output:
            data["max_output"] = int(max_output)
        if price:
            data["price"] = self.price(price)
        if aliases:
            data["aliases"] = self.items(aliases)
        if lifecycle:
            data["lifecycle"] = self.mapping(lifecycle, 4)
        if enabled:
            data["enabled"] = enabled == "true"
        if sources:
            data["sources"] = self.mapping(sources, 4)
        return data

    def items(self, raw: str) -> list[str]:
        """Return the list that the lines contain."""
        found = self._items.get(raw)
        if found is None:
            found = self._items[raw] = [self.string(line[4:]) for line in raw[:-1].split("\n")]
        return found

    def price(self, raw: str) -> dict[str, Any]:
        """Return the price that the indented lines contain."""
        found = _PRICES.fullmatch(raw)
        if found is None:
            return self.mapping(raw, 4)
        return {name: amount for name, amount in zip(_SIMPLE, found.groups(), strict=True) if amount}

    def mapping(self, raw: str, indent: int) -> dict[str, Any]:
        """Return the mapping that the indented lines contain."""
        found = self._mappings.get(raw)
        if found is None:
            found = self._mappings[raw] = self._flat(raw, indent) or _nested(raw)
        return found

    def _flat(self, raw: str, indent: int) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        lines = raw[:-1].split("\n")
        for line in lines:
            key, _, value = line[indent:].partition(": ")
            if key not in _KEYS or not (match := _ONE.fullmatch(value)):
                return None
            found[key] = int(value) if match[3] else self.string(value)
        return found if len(found) == len(lines) else None

    def string(self, raw: str) -> str:
        """Return the string that is written as `raw`, which is plain or in quotes."""
        if raw[0] == '"':
            raw = raw[1:-1]
            return _ESCAPE.sub(r"\1", raw) if "\\" in raw else raw
        if raw.lower() in MISREAD:
            raise _Odd
        return raw


def _nested(raw: str) -> dict[str, Any]:
    """Read prices of batch calls and tiers with the YAML parser, because they are rare."""
    documents, findings = yaml_load.load(raw, "")
    if findings or len(documents) != 1 or not isinstance(documents[0], dict):
        raise _Odd
    found: dict[str, Any] = documents[0]
    return found


def conflict(text: str) -> tuple[int, int] | None:
    """Return the offsets of the first conflict marker of git, or None."""
    found = _MARKER.search(text)
    return found.span() if found else None


@dataclass
class LockText:
    """The text of a lock in the form of `write`. It finds positions in one block without parsing all blocks."""

    text: str
    file: str
    starts: list[int]
    _last: tuple[int, Document] | None = field(default=None, init=False, repr=False)

    @cached_property
    def _head(self) -> Document:
        return Document(self.text[: self.starts[0]], self.file)

    @cached_property
    def _lines(self) -> list[int]:
        counts, line = [], self.text.count("\n", 0, self.starts[0])
        for start, end in zip(self.starts, self.starts[1:], strict=False):
            counts.append(line)
            line += self.text.count("\n", start, end)
        return counts

    def locate(self, document: int, path: Path, *, on_key: bool = False) -> Span:
        """Return the region of a value, as `Document.locate` does."""
        index = path[1] if document == 0 and path[:1] == ("models",) and len(path) > 1 else None
        if not isinstance(index, int) or index >= len(self._lines):
            return self._head.locate(document, path[:1] if index is not None else path, on_key=on_key)
        if self._last is None or self._last[0] != index:
            self._last = index, Document(self.text[self.starts[index] : self.starts[index + 1]], self.file)
        span = self._last[1].locate(0, (0, *path[2:]), on_key=on_key)
        above = self._lines[index]
        return replace(span, line=span.line + above, end_line=span.end_line + above)


def open_text(text: str, file: str) -> Document | LockText:
    """Return an object that finds positions in a file of a project. Raises Refusal if the text is not YAML."""
    starts = block_starts(text) if text.startswith(HEAD) else []
    return LockText(text, file, starts) if starts else Document(text, file)
