"""Positions of paths in a text, and edits that change one scalar and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from llmconf.core.diagnostics import Path
from llmconf.yamltext import events
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.document import Document, Edit
from llmconf.yamltext.scalars import Refusal


@pytest.fixture(params=["c", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run all tests with each of the two parsers."""
    if request.param == "pure":
        monkeypatch.setattr(events, "has_c_parser", lambda: False)
    return str(request.param)


def place(text: str, *path: str | int, document: int = 0, on_key: bool = False) -> str:
    """Return the region of a path, as `line:column-line:column`."""
    span = Document(text, "x.yaml").locate(document, path, on_key=on_key)
    assert span.file == "x.yaml"
    return f"{span.line}:{span.column}-{span.end_line}:{span.end_column}"


def shown(text: str, *path: str | int, document: int = 0) -> str:
    """Return the text of the region of a path."""
    made = Document(text, "x.yaml")
    span = made.locate(document, path)
    starts = made.lines.starts
    return text[starts[span.line - 1] + span.column - 1 : starts[span.end_line - 1] + span.end_column - 1]


class TestLocate:
    @pytest.mark.parametrize(
        ("text", "path", "found"),
        [
            ("a: b\n", ("a",), "b"),
            ("a: 'b c' # d\n", ("a",), "'b c'"),
            ('a: "b\\"c"\n', ("a",), '"b\\"c"'),
            ("a:\n  b: c\n", ("a", "b"), "c"),
            ("a:\n  b: c\n", ("a",), "a"),
            ("a: {b: c, d: [e, f]}\n", ("a", "d", 1), "f"),
            ("a: {b: c, d: [e, f]}\n", ("a", "d"), "d"),
            ("- a\n- b: 1\n", (1, "b"), "1"),
            ("- a\n- b: 1 # x\n  c: 2\n", (1,), "b: 1"),
            ("- {b: 1} # x\n", (0,), "{b: 1}"),
            ("- [a,\n   b]\n", (0,), "[a,"),
            ("a: b\n", (), "a: b"),
            ("  - a\n  - b\n", (), "- a"),
            ("a:\nb: 1\n", ("a",), "a"),
            ("a: ''\n", ("a",), "''"),
            ("a: ~\n", ("a",), "~"),
            ("a: # none\nb: 1\n", ("a",), "a"),
            ("- \n- b\n", (0,), ""),
            ("a: &x b\n", ("a",), "b"),
            ("a: !!str b\n", ("a",), "b"),
            ("a: &x !!str b\n", ("a",), "b"),
            ("a: &x # comment\n  b\n", ("a",), "b"),
            ("a: !!str\n  # comment\n\n  b\n", ("a",), "b"),
            ("a: &x\nb: 1\n", ("a",), "a"),
            ("a: &x b\nc: *x\n", ("c",), "*x"),
            ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "1"),
            ("a: &x {b: 1}\nc: {<<: *x}\n", ("c", "b"), "1"),
            ("a: &x {b: 1}\nc: {<<: *x, b: 22}\n", ("c", "b"), "22"),
            ("a: &x {b: 1}\nc: {<<: [{d: 2}, *x]}\n", ("c", "b"), "1"),
            ("a: &x {b: 1}\ny: &y {<<: *x}\nc: {<<: *y}\n", ("c", "b"), "1"),
            ("a: |\n  b\n  c\nd: 1\n", ("d",), "1"),
            ("a: >-\n  b\n\n# c\nd: 1\n", ("d",), "1"),
            ("? a\n: b\n", ("a",), "b"),
            ("? |\n  a\n: b\n", ("a\n",), "b"),
            ("'a b': c\n", ("a b",), "c"),
            ('"a\\tb": c\n', ("a\tb",), "c"),
            ("{a, b: c}\n", ("b",), "c"),
            ("{a, b: c}\n", ("a",), "a"),
            ("1: a\n", (1,), "a"),
        ],
    )  # fmt: skip
    def test_a_path(self, text: str, path: Path, found: str) -> None:
        assert shown(text, *path) == found

    @pytest.mark.parametrize(
        ("text", "path", "found"),
        [
            ("a: {b: 1}\n", ("a", "c"), "a"), ("a: {b: 1}\n", ("a", "b", "c"), "b"), ("a: [1]\n", ("a", 3), "a"),
            ("a: [1]\n", ("a", "b"), "a"), ("a: 1\n", ("b",), "a: 1"), ("- a\n- b\n", (5,), "- a"),
            ("a: &x 1\nb: *x\n", ("b", "c"), "b"), ("a: {b: 1}\n", ("a", 0), "a"),
        ],
    )  # fmt: skip
    def test_what_is_missing_is_shown_at_its_parent(self, text: str, path: Path, found: str) -> None:
        assert shown(text, *path) == found

    def test_a_key(self) -> None:
        assert place("a:\n  - 'b': c\n", "a", 0, "b", on_key=True) == "2:5-2:8"
        assert place("x: &x {b: 1}\na: {<<: *x}\n", "a", "b", on_key=True) == "1:8-1:9"
        assert place("- a\n", 0, on_key=True) == "1:3-1:4"

    def test_a_scalar_of_several_lines(self) -> None:
        assert place("a: 'b\n\n  c'\nd: 1\n", "a") == "1:4-3:5"
        assert place("a: b\n  c\nd: 1\n", "a") == "1:4-2:4"
        assert place("a: |\n  b\n  c\nd: 1\n", "a").startswith("1:4-")

    def test_documents(self) -> None:
        text = "a: 1\n---\n# c\na: 2\n---\n...\n---\na: [3]\n"
        assert place(text, "a") == "1:4-1:5"
        assert place(text, "a", document=1) == "4:4-4:5"
        assert place(text, "a", 0, document=3) == "8:5-8:6"
        assert place(text, "a", document=9) == "1:1-1:5"
        assert place("", "a") == "1:1-1:1"
        assert place("# only\n") == "1:1-1:7"

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends(self, end: str) -> None:
        assert place(end.join(["# c", "a:", "  b: [c,", "    d]", ""]), "a", "b", 1) == "4:5-4:6"

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("{é: x, a: b}", "1:11-1:12"), ("{漢字: x, a: b}", "1:12-1:13"), ("{😀: x, a: b}", "1:11-1:12"),
            ("{\U0001f469\u200d\U0001f4bb: x, a: b}", "1:13-1:14"), ("{e\u0301: x, a: b}", "1:12-1:13"),
            ("{x: '\u2028', a: b}", "1:13-1:14"), ("x: '\x85'\na: b", "2:4-2:5"), ("x: '\u2029'\na: b", "2:4-2:5"),
        ],
    )  # fmt: skip
    def test_columns_are_code_points_and_lines_end_as_in_editors(self, text: str, found: str) -> None:
        assert place(text, "a") == found

    def test_a_long_line(self) -> None:
        assert place("{" + "x" * 500 + ": '" + "é" * 1_000_000 + "', a: b}", "a") == "1:1000511-1:1000512"

    def test_every_value_is_found_where_it_stands(self) -> None:
        text = "a: 1\nb: {c: two, d: [x3, 'four', {e: 5}]}\nf:\n- g6\n- - h7\n  - |\n    eight\ni: [9]\n"
        document = Document(text, "x.yaml")
        for path, value in _leaves(yaml_load.load(text, "x.yaml")[0][0], ()):
            node = document.node(0, path)
            assert node is not None
            assert str(value).strip() in text[node.start : node.end]
            assert document.is_own(0, path)


def _leaves(value: Any, path: Path) -> list[tuple[Path, Any]]:
    if isinstance(value, dict | list):
        inner: Any = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for step, part in inner for leaf in _leaves(part, (*path, step))]
    return [(path, value)]


class TestOwn:
    TEXT = "a: &x {b: 1, c: [2]}\nd: *x\ne: {<<: *x, f: 3}\ng: &y 4\nh: *y\ni: {<<: {j: 5}}\n"

    @pytest.mark.parametrize("path", [(), ("a",), ("a", "b"), ("a", "c", 0), ("e", "f"), ("g",)])
    def test_stands_where_the_path_says(self, path: Path) -> None:
        assert Document(self.TEXT, "x").is_own(0, path)

    @pytest.mark.parametrize(
        "path", [("d",), ("d", "b"), ("d", "c", 0), ("e", "b"), ("h",), ("i", "j"), ("z",), ("a", "z")]
    )
    def test_stands_elsewhere(self, path: Path) -> None:
        assert not Document(self.TEXT, "x").is_own(0, path)


AWKWARD = {
    "plain": ("a: old\nb: 1\n", ("a",)),
    "comment": ("a: old   # why\n", ("a",)),
    "quotes": ("a: 'o''ld' # 'x'\n", ("a",)),
    "double": ('a: "o\\"ld"\n', ("a",)),
    "folded quotes": ('a: "old\n  old\n\n  old"\nb: 1\n', ("a",)),
    "folded plain": ("a: old\n  old\n\n  old # c\nb: 1\n", ("a",)),
    "literal": ("a: |\n  old\n  old\nb: 1\n", ("a",)),
    "literal and blank lines": ("a: |+\n  old\n\n\nb: 1\n", ("a",)),
    "literal and a comment": ("a: |-  # header\n  old\n# next\n\nb: 1\n", ("a",)),
    "literal at the end": ("a: |\n  old", ("a",)),
    "literal that ends in a wide blank": ("a: |\n  old\u3000\nb: 1\n", ("a",)),
    "folded": ("a: >2-\n    old\n   old\nb: 1\n", ("a",)),
    "crlf": ("a: old\r\nb: 1\r\n", ("a",)),
    "crlf literal": ("a: |\r\n  old\r\n  old\r\nb: 1\r\n", ("a",)),
    "cr": ("a: old\rb: 1\r", ("a",)),
    "flow": ("{a: old, b: [1, 2], c: {}}\n", ("a",)),
    "flow in lines": ("{\n  a: old, # c\n  b: 1,\n}\n", ("a",)),
    "flow without blanks": ('{"a":"old","b":1}', ("a",)),
    "list": ("- x\n-   old\n- y\n", (1,)),
    "list in list": ("- - x\n  - old\n-\n  - y\n", (0, 1)),
    "compact": ("a:\n- b: old\n  c: 1\n", ("a", 0, "b")),
    "odd indentation": ("a:\n       b:\n        - old\n        -  x\n", ("a", "b", 0)),
    "anchor": ("a: &x old\nb: *x\n", ("a",)),
    "tag": ("a: !!str old # c\n", ("a",)),
    "anchor, tag and comment": ("a: &x !!str # c\n  old\nb: 1\n", ("a",)),
    "explicit key": ("? a\n: old\n? b\n: 1\n", ("a",)),
    "emoji before": ("{'😀é漢': 1, a: old, b: 2}\n", ("a",)),
    "byte order marks aside": ("# ünïcode 😀\na: old # 😀\n", ("a",)),
    "several documents": ("--- # c\na: 1\n---\nb: 2\n...\n", ("a",)),
    "no end of line": ("a: old", ("a",)),
    "trailing blanks": ("a: old  \nb: 1 \n", ("a",)),
    "token": ("a: ENC(v1;k=old;d=x)\nb: {c: ENC(v1;k=old)}\n", ("b", "c")),
    "url": ("a: [http://old:8000/x, b]\n", ("a", 0)),
    "merge beside": ("x: &x {a: 1}\ny: {<<: *x, b: old}\n", ("y", "b")),
    "empty": ("a:\nb: 1\n", ("a",)),
    "empty and comment": ("a: # none\nb: 1\n", ("a",)),
    "empty at the end": ("b: 1\na:", ("a",)),
    "empty item": ("- 1\n-\n- 2\n", (1,)),
    "empty item and comment": ("- # c\n- 2\n", (0,)),
    "empty with a wide colon": ("a :\n  # c\nb: 1\n", ("a",)),
    "empty explicit": ("? a\n:\n? b\n: 1\n", ("a",)),
    "empty in brackets": ("{a: , b: 1}\n", ("a",)),
    "empty with an anchor": ("a: &x\nb: *x\n", ("a",)),
    "empty with a tag": ("a: !!str\nb: 1\n", ("a",)),
}


class TestReplace:
    @pytest.mark.parametrize("name", AWKWARD)
    @pytest.mark.parametrize("new", ["new", "'new one'", '"n:ew"'])
    def test_changes_the_scalar_alone(self, name: str, new: str) -> None:
        text, path = AWKWARD[name]
        document = Document(text, "x.yaml")
        edit = document.replace(0, path, new)
        after = document.splice([edit])
        assert after[: edit.start] == text[: edit.start]
        assert after[edit.start + len(edit.text) :] == text[edit.end :]
        assert text[edit.start : edit.end].strip() == "" or "#" not in text[edit.start : edit.end].splitlines()[0] or (
            text[edit.start] in "|>"
        )
        expected = _with(yaml_load.load(text, "x")[0][0], path, new.strip("'\""), text)
        assert yaml_load.load(after, "x") == ([expected, *yaml_load.load(text, "x")[0][1:]], [])

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("a: {b: 1}\n", ("a",)), ("a: [1]\n", ("a",)), ("a: 1\n", ("b",)), ("a: 1\n", ("a", "b")), ("a: 1\n", ()),
            ("a: &x 1\nb: *x\n", ("b",)), ("a: &x {b: 1}\nc: *x\n", ("c", "b")), ("{a, b: 1}\n", ("a",)),
            ("a: &x {b: 1}\nc: {<<: *x}\n", ("c", "b")), ("? a\n", ("a",)), ("", ("a",)), ("[a]\n", (1,)),
        ],
    )  # fmt: skip
    def test_refuses_what_has_no_scalar_of_its_own(self, text: str, path: Path) -> None:
        with pytest.raises(LookupError):
            Document(text, "x.yaml").replace(0, path, "new")

    def test_of_several_edits_in_any_order(self) -> None:
        text = "a: 1\nb: [2, 3] # c\nd: 'x'\n"
        document = Document(text, "x.yaml")
        edits = [document.replace(0, path, new) for path, new in ((("d",), "4"), (("a",), "one"), (("b", 1), "[]"))]
        assert document.splice(edits) == "a: one\nb: [2, []] # c\nd: 4\n"
        assert document.splice(reversed(edits)) == document.splice(edits)
        assert document.splice([]) == text

    @pytest.mark.parametrize(
        "edits", [[Edit(0, 2, ""), Edit(1, 3, "")], [Edit(3, 2, "")], [Edit(0, 99, "")], [Edit(-1, 2, "")]]
    )
    def test_edits_that_overlap_or_lie_outside_are_refused(self, edits: list[Edit]) -> None:
        with pytest.raises(ValueError, match="overlap"):
            Document("a: 1\n", "x.yaml").splice(edits)


def _with(value: Any, path: Path, new: str, text: str) -> Any:
    """Return a value with another one at a path, and at the aliases of it."""
    if not path:
        return new
    changed = value.copy()
    changed[path[0]] = _with(value[path[0]], path[1:], new, text)
    if "&x" in text and "*x" in text and "<<" not in text:
        changed["b"] = new
    return changed


class TestScalars:
    def test_in_the_order_of_the_text(self) -> None:
        text = "a: [1, {b: 2}]\nc: &x 3\nd: *x\n---\n- e\n"
        assert [node.value for node in Document(text, "x").scalars()] == ["a", "1", "b", "2", "c", "3", "d", "e"]


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("text", ["a: [\n", "a: 'x\n", "\x00", "a: @b\n", "- a\nb: 1\n", "a: \ufeffb\n"])
    def test_is_refused(self, text: str) -> None:
        with pytest.raises(Refusal):
            Document(text, "x.yaml")

    def test_a_large_broken_text_is_refused_without_a_second_opinion(self) -> None:
        with pytest.raises(Refusal):
            Document("a: 1\n" * (yaml_load.SECOND_OPINION_SIZE // 5 + 1) + "]", "x.yaml")

    @pytest.mark.parametrize(
        "text",
        [
            "a: *b\n", "a: &a [*a]\n", "&a {b: *a, <<: *a}\n", "[" * 200 + "]" * 200, "<<: 3\n", "<<: [3]\n",
            "1: a\n? [x]\n: b\n",
        ],
    )  # fmt: skip
    def test_what_values_are_refused_for_is_located_all_the_same(self, text: str) -> None:
        document = Document(text, "x.yaml")
        for path in ((), ("a",), ("b",), ("b", "b", "b"), ("a", 0, 0, 0), (0, 0, 0), ("<<", "x"), ("<<",)):
            document.locate(0, path)
            document.locate(0, path, on_key=True)
            document.is_own(0, path)
        assert list(document.scalars()) is not None
