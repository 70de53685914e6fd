"""A glance at a text finds each place where the whole document has it, or leaves it to the document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llmconf.yamltext import glance
from llmconf.yamltext.document import Document
from llmconf.yamltext.load import load

REPOSITORY = Path(__file__).parents[2]
FILES = sorted((REPOSITORY / "examples").rglob("*.yaml"))
TEXTS = [
    "a:\nb: 1\n", "- \n- a:\n- {b: , c}\n", "? a\n: b\n", "? [1]\n: b\nc: d\n", "? {x: y}\n: b\n", "",
    "a: |\n  x\n  y\n\n\nb: >-\n z\n", "a: 'x'  # c\n\"b\": [1, 2 , {c: d}]\n", "# only\n", "---\n...\n---\na: 1\n",
    "a: 1\na: 2\n", "a: {b: 1}\na: {c: 2}\n", "{a: 1, b: [], c: {}}\n", "a:\r\n  - b: 1\r\n    c:\r\n  -\r\nd: é😀\r\n",
    "'1': x\n1: y\n", "- - a\n  - b: c\n", "a: \"multi\n  line\"\nb: plain\n  multi\n", "word\n", "a: &x 1\nb: *x\n",
    "a: !!str 1\n", "x: &x {a: 1}\ny: {<<: *x, b: 2}\n", "a: 'an & b'\nc: d\n", "a:\n  b:\n    c:\n      d: e # f\n\n\ng: h\n",
]  # fmt: skip


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield all paths of a value, and some that lead further than there is anything."""
    yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from paths(part, (*path, key))
        yield from ((*path, "missing"), (*path, "missing", "deep", 3), (*path, 0))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from paths(part, (*path, index))
        yield from ((*path, len(value)), (*path, "word"))
    else:
        yield from ((*path, "below"), (*path, 0))


def answers(text: str) -> list[bool]:
    """Compare each place of a text, and return where a glance was enough."""
    documents, whole = load(text, "x.yaml")[0], Document(text, "x.yaml")
    found = []
    for index, data in enumerate([*documents, None]):
        for path in paths(data):
            for on_key in (False, True):
                span = glance.locate(text, "x.yaml", index, path, on_key=on_key)
                assert span is None or span == whole.locate(index, path, on_key=on_key), (index, path, on_key)
                found.append(span is not None)
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_it_says_what_the_document_says(text: str) -> None:
    answers(text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_says_what_the_document_says_of_real_files(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = answers(text)
    if not any(mark in text for mark in "&*!"):
        assert sum(found) > len(found) / 2


@pytest.mark.parametrize("text", ["a: &x 1\n", "a: 1\nb: '*'\n", "a: !t 1\n", "a: 1\n'<<': {b: 1}\n"])
def test_it_leaves_what_is_not_plain_to_the_document(text: str) -> None:
    assert glance.locate(text, "x.yaml", 0, ("a",)) is None
