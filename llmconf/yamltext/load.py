"""Plain values from YAML text: the 1.2 core schema, built iteratively from parser events.

Values are only str, int, float, bool, None, dict and list, so that they can be sent between processes. An alias
shares the object that it names: callers must not change the values.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

from llmconf.core.diagnostics import Finding, Span
from llmconf.yamltext import events
from llmconf.yamltext.scalars import (
    SPECIAL,
    Refusal,
    check_collection_tag,
    check_text,
    check_version,
    region,
    resolve,
    short,
    tagged,
)
from llmconf.yamltext.text import Lines, decode, forbidden_character

MAX_DEPTH = 64
MAX_EXPANSION = 100_000
"""Maximum of nodes that all aliases of one file together may expand to."""
MAX_NODES = 500_000
"""Maximum of nodes in one file, with those that its aliases expand to."""
MAX_COMPLAINTS = 10_000
"""Maximum of mistakes in one file. The rest of the file is not read."""
SECOND_OPINION_SIZE = 64 * 1024
"""Longest text, in characters, that the pure parser reads if the C parser refuses it."""

_ODD_BREAKS = "\x85\u2028\u2029"
_NO_KEY: Any = object()
_MERGE: Any = object()
_UNFINISHED, _UNDEFINED = -1, -2


class Reading(NamedTuple):
    """The plain values of all documents of a text, its mistakes, and whether any value is null."""

    documents: list[Any]
    findings: list[Finding]
    has_nulls: bool


def load(text: str, file: str) -> tuple[list[Any], list[Finding]]:
    """Return the plain values of all documents of a text, and its mistakes."""
    return read(text, file)[:2]


def read(text: str, file: str) -> Reading:
    """Return the plain values of all documents of a text, its mistakes, and whether any value is null.

    If the text cannot be read to its end, the documents are an empty list. The C parser reads the text. If it refuses
    a small text, the pure parser reads that text, because it accepts more of YAML 1.2.
    """
    if not events.has_c_parser():
        return _load_with(events.open_pure_parser, text, file)
    first = _load_with(events.open_c_parser, text, file)
    if first.findings and first.findings[-1].code == "LCY001" and len(text) <= SECOND_OPINION_SIZE:
        second = _load_with(events.open_pure_parser, text, file)
        if not any(finding.code in ("LCY001", "LCY002") for finding in second.findings):
            return second
    return first


def load_trusted(path: Path) -> Any:
    """Return the one document of a file that belongs to llmconf. Raises ValueError if it has mistakes."""
    text = decode(path.read_bytes(), path.name)
    documents, findings = load(text, path.name) if isinstance(text, str) else ([], [text])
    if findings or len(documents) != 1:
        raise ValueError(f"{path.name}: {findings[0].message if findings else 'does not have exactly one document'}")
    return documents[0]


def _load_with(open_parser: Callable[[str], events.EventSource], text: str, file: str) -> Reading:
    complaints: list[Refusal] = []

    def complain(refusal: Refusal) -> None:
        if len(complaints) >= MAX_COMPLAINTS:
            message = f"more than {MAX_COMPLAINTS:,} mistakes; the rest is not read"
            raise Refusal("LCY008", message, refusal.start, refusal.end)
        complaints.append(refusal)

    try:
        documents, has_nulls = construct(open_parser, text, complain)
    except Refusal as refusal:
        documents, has_nulls = [], False
        complaints.append(refusal)
    if not complaints:
        return Reading(documents, [], has_nulls)
    lines = Lines(text)
    findings = [Finding(c.code, _span(lines, file, c.start, c.end), c.message, c.hint) for c in complaints]
    return Reading(documents, findings, has_nulls)


def _span(lines: Lines, file: str, start: int, end: int) -> Span:
    start = min(start, len(lines.text))
    return lines.span(file, start, min(max(end, start), lines.end_of_line(start)))


def construct(
    open_parser: Callable[[str], events.EventSource], text: str, complain: Callable[[Refusal], None]
) -> tuple[list[Any], bool]:
    """Build the documents of a text, and tell whether a null is in them.

    A mistake that can be skipped is passed to `complain`. Any other mistake raises Refusal.
    """
    check_text(text)
    source = open_parser(text)
    try:
        found = _construct(source, complain)
        if not text.isascii() and any(mark in text for mark in _ODD_BREAKS):
            _refuse_odd_breaks(open_parser(text), text)
        return found
    except source.errors as error:
        raise syntax_refusal(error, text) from None


def _refuse_odd_breaks(source: events.EventSource, text: str) -> None:
    """Refuse characters outside of quotes that end a line for some parsers but not for others.

    Such a character could end a comment although a reader thinks that the comment continues.
    """
    quoted: list[tuple[int, int]] = []
    while (event := source.get()).__class__ is not source.classes.stream_end:
        if event.__class__ is source.classes.scalar and event.style in ("'", '"'):
            quoted.append((event.start_mark.index, event.end_mark.index))
    spans = iter(quoted)
    start, end = next(spans, (len(text), len(text)))
    for offset, character in enumerate(text):
        if character in _ODD_BREAKS:
            while end <= offset:
                start, end = next(spans, (len(text), len(text) + 1))
            if offset < start:
                message = f"the character U+{ord(character):04X} ends a line to some programs and not to others"
                raise Refusal("LCY002", message, offset, offset + 1, "write an escape in double quotes")


def syntax_refusal(error: Exception, text: str) -> Refusal:
    """Turn a parser's error into a refusal with its position."""
    offset = forbidden_character(text)
    if offset is not None and not hasattr(error, "problem_mark"):
        message = f"the character U+{ord(text[offset]):04X} is not allowed in YAML"
        return Refusal(
            "LCY002", message, offset, offset + 1, "remove it, or write an escape in double quotes"
        )
    mark = getattr(error, "problem_mark", None)
    start = min(mark.index if mark else 0, len(text))
    problem = getattr(error, "problem", None) or "not YAML"
    if "nesting depth" in problem:
        # libyaml from 0.2.6 on reads ahead and stops with an error before this code can count the levels.
        return Refusal("LCY005", f"nested more than {MAX_DEPTH} levels deep", start, start + 1)
    context = getattr(error, "context", None)
    message = f"not YAML: {problem}" + (f" ({context})" if context else "")
    hint = None
    if any(mark in text[:start] for mark in _ODD_BREAKS):
        hint = "a character before it (U+0085, U+2028 or U+2029) ends a line: write an escape in double quotes"
    elif "\t" in text[max(0, start - 1) : start + 1]:
        hint = "YAML is indented with spaces, not tabs"
    return Refusal("LCY001", " ".join(message.split()), start, start + 1, hint)


def _construct(source: events.EventSource, complain: Callable[[Refusal], None]) -> tuple[list[Any], bool]:  # noqa: PLR0912, PLR0915
    # This is one loop on purpose, and uses local names: it runs once for every event of 10,000 files, where a
    # call or a look-up costs more than the work.
    get, classes, _ = source
    scalar, map_start, seq_start, map_end, seq_end, alias, document_start, stream_end = classes
    special, no_key, merge_key = SPECIAL, _NO_KEY, _MERGE
    documents: list[Any] = []
    anchors: dict[str, tuple[Any, int, int]] = {}
    heights: dict[int, tuple[int, Any]] = {}
    stack: list[tuple[Any, Any, Any, str | None, int]] = []
    container: Any = documents
    in_map = has_nulls = False
    key: Any = None
    merges: list[tuple[Any, int, int]] | None = None
    anchor: str | None = None
    nodes = started = expanded = 0
    while True:
        event = get()
        kind = event.__class__
        if kind is scalar:
            nodes += 1
            value = event.value
            if event.implicit[0]:
                if not value or value[0] in special:
                    value = resolve(value, event, complain)
                    has_nulls = has_nulls or value is None
                # Keys and items of lists are mostly words of the schema. Storing each word once saves a sixth of all
                # memory, and a dict finds a key by its identity.
                elif key is no_key:
                    value = merge_key if value == "<<" else intern(value)
                elif not in_map:
                    value = intern(value)
            elif event.tag is not None:
                value = tagged(value, event, complain)
                has_nulls = has_nulls or value is None
            if event.anchor is not None:
                # The mark of a merge key is never a value: the value of its alias is the text.
                anchors[event.anchor] = (event.value if value is merge_key else value, 1, 0)
        elif kind is map_start or kind is seq_start:
            nodes += 1
            if key is no_key:
                raise Refusal("LCY010", "a key is a string, not a list or mapping", *region(event))
            if len(stack) >= MAX_DEPTH:
                raise Refusal("LCY005", f"nested more than {MAX_DEPTH} levels deep", *region(event))
            if event.tag is not None:
                check_collection_tag(event, "map" if kind is map_start else "seq", complain)
            value = {} if kind is map_start else []
            if not in_map:
                container.append(value)
            elif key is merge_key:
                merges = [*(merges or ()), (value, *region(event))]
                key = no_key
            else:
                container[key] = value
                key = no_key
            stack.append((container, key, merges, anchor, started))
            container, merges, anchor, started = value, None, event.anchor, nodes
            in_map = kind is map_start
            key = no_key if in_map else None
            if anchor is not None:
                anchors[anchor] = (value, _UNFINISHED, 0)
            continue
        elif kind is map_end or kind is seq_end:
            if merges:
                _merge(container, merges, complain)
            if anchor is not None:
                height = _height(container, heights)
                # The object itself is stored too; else another object could get the same id later.
                heights[id(container)] = height, container
                anchors[anchor] = (container, nodes - started + 1, height)
            if nodes > MAX_NODES:
                message = f"more than {MAX_NODES:,} values in one file"
                raise Refusal("LCY008", message, *region(event), "split it")
            container, key, merges, anchor, started = stack.pop()
            in_map = key is not None
            continue
        elif kind is alias:
            value, size, height = anchors.get(event.anchor, (None, _UNDEFINED, 0))
            if size < 0:
                what = "is not defined before" if size == _UNDEFINED else "contains itself"
                raise Refusal("LCY006", f"the alias `*{short(event.anchor)}` {what}", *region(event))
            nodes += size
            expanded += size
            if expanded > MAX_EXPANSION:
                message = f"aliases expand to more than {MAX_EXPANSION:,} nodes"
                raise Refusal("LCY006", message, *region(event))
            if len(stack) + height > MAX_DEPTH:
                raise Refusal("LCY005", f"nested more than {MAX_DEPTH} levels deep", *region(event))
        elif kind is stream_end:
            return documents, has_nulls
        else:
            if kind is document_start:
                anchors.clear()
                check_version(event, complain)
            continue
        if not in_map:
            container.append(value)
        elif key is no_key:
            if value.__class__ is not str or value in container:
                value = _odd_key(value, container, merges, event, complain)
            key = value
        elif key is merge_key:
            merges = [*(merges or ()), (value, *region(event))]
            key = no_key
        else:
            container[key] = value
            key = no_key


def _odd_key(
    value: Any, container: dict[str, Any], merges: Any, event: Any, complain: Callable[[Refusal], None]
) -> Any:
    """Check a key that is not a string or that occurred before, and return the key to use instead."""
    if isinstance(value, dict | list):
        raise Refusal("LCY010", "a key is a string, not a list or mapping", *region(event))
    if value is _MERGE:
        if merges:
            complain(Refusal("LCY003", "the key `<<` stands twice", *region(event)))
        return value
    if not isinstance(value, str):
        complain(Refusal("LCY010", "a key is a string", *region(event), "put it in quotes"))
        return str(value)
    complain(Refusal("LCY003", f"the key `{short(value)}` stands twice", *region(event)))
    return value


def _merge(
    container: dict[str, Any], merges: list[tuple[Any, int, int]], complain: Callable[[Refusal], None]
) -> None:
    """Apply `<<`: keys of the mapping itself win, then those of the first merged mapping."""
    for merged, start, end in merges:
        sources = merged if isinstance(merged, list) else [merged]
        if not all(isinstance(source, dict) for source in sources):
            complain(Refusal("LCY010", "`<<` merges a mapping or a list of mappings", start, end))
            continue
        for source in sources:
            for name, value in source.items():
                container.setdefault(name, value)


def _height(value: Any, known: dict[int, tuple[int, Any]]) -> int:
    """Return the number of levels of a finished value. `known` contains those of anchored parts."""
    if not isinstance(value, dict | list):
        return 0
    if id(value) in known:
        return known[id(value)][0]
    children = value.values() if isinstance(value, dict) else value
    return 1 + max((_height(child, known) for child in children), default=0)
