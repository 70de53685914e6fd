"""Finds the position of one path in a text. It reads events only up to that position, and builds no node.

If each file of a project has one finding, each file is read again for it. This takes a quarter of the time of a
`Document`. It only reads simple texts, without anchors, aliases, tags and merge keys; `Document` reads the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llmconf.core.diagnostics import Path, Span
from llmconf.yamltext import events
from llmconf.yamltext.text import Lines

_SPECIAL = ("&", "*", "!", "<<")
"""Every text with an anchor, an alias, a tag or a merge key contains at least one of these."""


def locate(text: str, file: str, document: int, path: Path, *, on_key: bool = False) -> Span | None:
    """Return the same as `Document.locate`, or None if only a `Document` can find the position."""
    if not events.has_c_parser() or any(mark in text for mark in _SPECIAL):
        return None
    source = events.open_c_parser(text)
    try:
        key, node, missing = _Walk(source).to(document, path)
    except LookupError:
        return None
    except source.errors:
        return None
    is_scalar = node.__class__ is source.classes.scalar
    start, end = node.start_mark.index, node.end_mark.index
    if key is not None and (missing or on_key or not is_scalar):
        start, end = key.start_mark.index, key.end_mark.index
    elif missing or not is_scalar or start >= end:
        return None
    return Lines(text).span(file, start, end)


class _Walk:
    """A walk along the events of a text. Raises LookupError at an event that it cannot handle."""

    def __init__(self, source: events.EventSource) -> None:
        self._get: Callable[[], Any] = source.get
        self._classes = source.classes

    def to(self, document: int, path: Path) -> tuple[Any, Any, bool]:
        """Return key and node of the last step of a path that exists, and whether a step is missing.

        The key is None for the root and for items of lists.
        """
        key, node = None, self._root(document)
        for step in path:
            if node.__class__ is self._classes.map_start:
                found = self._value(str(step))
            elif node.__class__ is self._classes.seq_start and isinstance(step, int):
                found = self._item(step)
            else:
                found = None
            if found is None:
                return key, node, True
            key, node = found
        return key, node, False

    def _root(self, document: int) -> Any:
        while True:
            event = self._get()
            if event.__class__ is self._classes.stream_end:
                raise LookupError(document)
            if event.__class__ is self._classes.document_start:
                root = self._get()
                if document == 0:
                    return root
                self._skip(root)
                document -= 1

    def _value(self, name: str) -> tuple[Any, Any] | None:
        """Return key and value of a name in the mapping that has just begun, or None at its end."""
        while (key := self._get()).__class__ is not self._classes.map_end:
            if key.__class__ is not self._classes.scalar:
                raise LookupError(name)
            value = self._get()
            if key.value == name:
                return key, value
            self._skip(value)
        return None

    def _item(self, index: int) -> tuple[None, Any] | None:
        """Return an item of the list that has just begun, or None at its end."""
        while (item := self._get()).__class__ is not self._classes.seq_end:
            if index == 0:
                return None, item
            self._skip(item)
            index -= 1
        return None

    def _skip(self, event: Any) -> None:
        """Go to the end of a node that has begun."""
        starts = (self._classes.map_start, self._classes.seq_start)
        ends = (self._classes.map_end, self._classes.seq_end)
        depth = 1 if event.__class__ in starts else 0
        while depth:
            kind = self._get().__class__
            if kind in starts:
                depth += 1
            elif kind in ends:
                depth -= 1
