"""A YAML file as nodes with positions: finds the position of a path, and edits by splicing.

A document is built only when it is needed. Values are read without positions, and only a file with a diagnostic or
an edit is read again here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from llmconf.core.diagnostics import Path, Span
from llmconf.yamltext import events
from llmconf.yamltext.load import MAX_DEPTH, SECOND_OPINION_SIZE, syntax_refusal
from llmconf.yamltext.scalars import check_text
from llmconf.yamltext.text import Lines

_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+(?:#[^\r\n]*\s*)*|$))+")
_COLON = re.compile(r"\s*:")


@dataclass(slots=True, eq=False)
class Node:
    """A node of the text. `start` and `end` are offsets in code points, without anchor and tag.

    `value` is the text of a scalar, the nodes of a sequence, the pairs of a mapping, or the node that an
    alias names. `style` is the quote or block mark of a scalar, `flow` for a collection in brackets, and
    empty for all other nodes.
    """

    kind: Literal["scalar", "sequence", "mapping", "alias"]
    start: int
    end: int
    value: Any
    anchor: str | None = None
    style: str = ""
    tagged: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the text between two offsets."""

    start: int
    end: int
    text: str


@dataclass
class Document:
    """All documents of one file. Spans contain `file` as its name."""

    text: str
    file: str
    roots: list[Node] = field(init=False)
    _indexes: dict[int, dict[str, tuple[Node, Node]]] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.roots = compose(self.text)

    @cached_property
    def lines(self) -> Lines:
        """The line table of the text."""
        return Lines(self.text)

    def node(self, document: int, path: Path) -> Node | None:
        """Return the node of a value, or None if there is none. Aliases and merge keys are followed."""
        found = self._walk(document, path)
        return found[-1][1] if len(found) == len(path) + 1 else None

    def is_own(self, document: int, path: Path) -> bool:
        """Tell whether a value is at its path itself, and not behind an alias or a merge key."""
        found = self._walk(document, path)
        for step, (_, parent), pair in zip(path, found, found[1:], strict=False):
            merged = parent.kind == "mapping" and self._indexes[id(parent)].get(str(step)) is not pair
            if merged or parent.kind == "alias":
                return False
        return len(found) == len(path) + 1 and found[-1][1].kind != "alias"

    def locate(self, document: int, path: Path, *, on_key: bool = False) -> Span:
        """Return the region of a value, or of its key. For a missing value, return the region of its parent.

        The region of a collection is its key or its first line. The region of an empty value is its key.
        """
        found = self._walk(document, path)
        if not found:
            return self.lines.span(self.file, 0, self.lines.end_of_line(0))
        key, node = found[-1]
        if node.start == node.end and key is None:
            # The position of an empty document is after its last comment, maybe after the end of the last line.
            start = min(node.start, len(self.text.rstrip()))
            return self.lines.span(self.file, start, start)
        missing = len(found) <= len(path)
        wants_key = missing or on_key or node.kind in ("mapping", "sequence") or node.start == node.end
        if key is not None and wants_key:
            return self.lines.span(self.file, key.start, key.end)
        end = node.end
        if node.kind in ("mapping", "sequence"):
            end = min(end, self._content_end(node.start))
        return self.lines.span(self.file, node.start, end)

    def _content_end(self, start: int) -> int:
        """Return the end of the line of an offset, without a trailing comment or blanks."""
        line = self.text[start : self.lines.end_of_line(start)]
        comment = re.search(r"\s#", line)
        return start + len((line[: comment.start()] if comment else line).rstrip())

    def splice(self, edits: Iterable[Edit]) -> str:
        """Return the text with all edits made. Raises ValueError if two of them overlap."""
        parts: list[str] = []
        done = 0
        for edit in sorted(edits):
            if edit.start < done or edit.end < edit.start or edit.end > len(self.text):
                raise ValueError("edits overlap or lie outside the text")
            parts += self.text[done : edit.start], edit.text
            done = edit.end
        return "".join([*parts, self.text[done:]])

    def replace(self, document: int, path: Path, text: str) -> Edit:
        """Return the edit that replaces a scalar as written, quotes included, by `text`.

        Raises LookupError if there is no scalar at the path itself (the scalar of an alias is elsewhere), or if the
        scalar is missing together with its colon.
        """
        node = self.node(document, path)
        if node is None or node.kind != "scalar" or not self.is_own(document, path):
            raise LookupError(path)
        end = node.end
        if node.style in ("|", ">"):
            end = node.start + len(self.text[node.start : node.end].rstrip(" \t\r\n"))
        elif node.start == end and path:
            # An empty value stands behind the colon, dash, anchor or tag that asks for it.
            before = self.text[max(self.text.rfind("\n", 0, node.start), 0) : node.start].rstrip(" \t")[-1:]
            if before not in ":-" and node.anchor is None and not node.tagged:
                raise LookupError(path)
            text = text if self.text[node.start - 1] in " \t" else " " + text
        return Edit(node.start, end, text)

    def scalars(self) -> Iterator[Node]:
        """Iterate over all scalars of the file, keys included, in the order of the text."""
        stack = list(reversed(self.roots))
        while stack:
            node = stack.pop()
            if node.kind == "scalar":
                yield node
            elif node.kind == "sequence":
                stack.extend(reversed(node.value))
            elif node.kind == "mapping":
                stack.extend(part for pair in reversed(node.value) for part in reversed(pair))

    def _walk(self, document: int, path: Path) -> list[tuple[Node | None, Node]]:
        """Return key and value of each step that exists, the root first."""
        if document >= len(self.roots):
            return []
        node = self.roots[document]
        found: list[tuple[Node | None, Node]] = [(None, node)]
        for step in path:
            node = _target(node)
            pair: tuple[Node | None, Node] | None
            if node.kind == "mapping":
                pair = self._find(node, str(step))
            elif node.kind == "sequence" and isinstance(step, int) and step < len(node.value):
                pair = (None, node.value[step])
            else:
                pair = None
            if pair is None:
                break
            found.append(pair)
            node = pair[1]
        return found

    def _find(self, mapping: Node, name: str, depth: int = 0) -> tuple[Node, Node] | None:
        """Find a key in a mapping, its own keys before merged ones."""
        index = self._indexes.get(id(mapping))
        if index is None:
            index = self._indexes[id(mapping)] = {}
            for key, value in mapping.value:
                if key.kind == "scalar":
                    index.setdefault(key.value, (key, value))
        # A mapping that merges itself is refused when values are built. Here, the depth limits the search.
        if name in index or "<<" not in index or depth > MAX_DEPTH:
            return index.get(name)
        merged = _target(index["<<"][1])
        for source in merged.value if merged.kind == "sequence" else [merged]:
            inner = _target(source)
            found = self._find(inner, name, depth + 1) if inner.kind == "mapping" else None
            if found:
                return found
        return None


def _target(node: Node) -> Node:
    return node.value if node.kind == "alias" else node


def compose(text: str) -> list[Node]:
    """Return the root node of each document. Raises Refusal if the text is not YAML."""
    check_text(text)
    source = events.open_c_parser(text) if events.has_c_parser() else events.open_pure_parser(text)
    try:
        return _compose(source, text)
    except source.errors as error:
        if len(text) <= SECOND_OPINION_SIZE:
            second = events.open_pure_parser(text)
            with contextlib.suppress(*second.errors):
                return _compose(second, text)
        raise syntax_refusal(error, text) from None


def _compose(source: events.EventSource, text: str) -> list[Node]:
    roots: list[Node] = []
    stack: list[tuple[Node | None, list[Node]]] = []
    items = roots
    anchors: dict[str, Node] = {}
    classes = source.classes
    while True:
        event = source.get()
        kind = event.__class__
        if kind is classes.stream_end:
            return roots
        if kind in (classes.map_end, classes.seq_end):
            node, children = stack[-1][0], items
            items = stack.pop()[1]
            _close(node, children, event.end_mark.index, text)
        elif kind in (classes.scalar, classes.map_start, classes.seq_start, classes.alias):
            node = _node(event, classes, text, anchors)
            items.append(node)
            if kind in (classes.map_start, classes.seq_start):
                if len(stack) > MAX_DEPTH:
                    return roots
                stack.append((node, items))
                items = []


def _close(node: Node | None, children: list[Node], end: int, text: str) -> None:
    if node is None:
        return
    if node.kind == "mapping":
        for key, value in zip(children[::2], children[1::2], strict=True):
            # The parsers differ in the position of an empty value.
            empty = value.kind == "scalar" and value.start == value.end
            if empty and value.anchor is None and not value.tagged and (colon := _COLON.match(text, key.end)):
                value.start = value.end = colon.end()
    node.value = (
        children if node.kind == "sequence" else list(zip(children[::2], children[1::2], strict=True))
    )
    # A block collection has no closing mark: the position of its end event is the start of the next token.
    node.end = end if node.style == "flow" or not children else children[-1].end


def _node(event: Any, classes: events.EventClasses, text: str, anchors: dict[str, Node]) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    if event.__class__ is classes.alias:
        # An alias without an anchor is refused when values are built. Here it counts as an empty node.
        return Node("alias", start, end, anchors.get(event.anchor) or Node("scalar", start, end, ""))
    if event.anchor is not None or event.tag is not None:
        limit = end if event.__class__ is classes.scalar else len(text)
        properties = _PROPERTIES.match(text, start, limit)
        start = properties.end() if properties else start
    if event.__class__ is classes.scalar:
        tagged = event.tag is not None
        node = Node("scalar", start, max(start, end), event.value, event.anchor, event.style or "", tagged)
    else:
        kind: Literal["mapping", "sequence"] = (
            "mapping" if event.__class__ is classes.map_start else "sequence"
        )
        node = Node(kind, start, end, [], event.anchor, "flow" if event.flow_style else "")
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node
