"""The two parsers, libyaml's in C and ruamel.yaml's in Python: where they differ, and how each stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from commands import EXAMPLES
from rule_projects import PROVIDER, Projects

from llmconf.yamltext import events
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.document import Document

C, PURE = events.open_c_parser, events.open_pure_parser


def outcome(parser: Any, text: str) -> tuple[list[Any], list[str]]:
    """Return the documents of a text, and code and place of what is wrong with it."""
    documents, findings, _ = yaml_load._load_with(parser, text, "x.yaml")
    return documents, [f"{f.code} {f.place.line}:{f.place.column}" for f in findings]  # type: ignore[union-attr]


def test_the_c_parser_is_there() -> None:
    """What is pinned here is about libyaml 0.2.5, which PyYAML's wheels hold."""
    assert events.has_c_parser()


class TestDifferences:
    """Each pair is what C and what pure make of a text; `load` takes the first unless that is LCY001."""

    def test_a_tab_behind_a_colon(self) -> None:
        # YAML 1.2 allows it and libyaml does; ruamel.yaml takes it for indentation.
        for text, column in (("a:\tb\n", 3), ("a: \tb\n", 4)):
            assert outcome(C, text) == ([{"a": "b"}], [])
            assert outcome(PURE, text) == ([], [f"LCY001 1:{column}"])

    @pytest.mark.parametrize("text", ["[::x]", "[a:]", "[http::]"])
    def test_a_colon_at_the_edge_of_a_plain_scalar_in_brackets(self, text: str) -> None:
        # libyaml sees the mark of a key before any `]`, or in front of a second colon.
        assert outcome(C, text)[1][0].startswith("LCY001")
        assert outcome(PURE, text) == ([[text[1:-1]]], [])
        assert yaml_load.load(text, "x.yaml") == ([[text[1:-1]]], [])

    def test_a_colon_before_a_closing_brace(self) -> None:
        # YAML 1.2 reads an empty value there; libyaml stops, and ruamel.yaml takes the colon into the key.
        assert outcome(C, "{b: 1, a:}") == ([], ["LCY001 1:9"])
        assert yaml_load.load("{b: 1, a:}", "x.yaml") == ([{"b": 1, "a:": None}], [])
        for parser in (C, PURE):
            assert outcome(parser, "{b: 1, a: }") == ([{"b": 1, "a": None}], [])

    def test_a_document_behind_an_end_mark_without_a_start_mark(self) -> None:
        # libyaml wants `---` there, YAML 1.2 does not.
        text = "a: b\n...\nc: d\n"
        assert outcome(C, text) == ([], ["LCY001 3:1"])
        assert yaml_load.load(text, "x.yaml") == ([{"a": "b"}, {"c": "d"}], [])

    def test_an_anchor_with_letters_that_are_not_ascii(self) -> None:
        text = "a: &é 1\nb: *é\n"
        assert outcome(C, text) == ([], ["LCY001 1:5"])
        assert yaml_load.load(text, "x.yaml") == ([{"a": 1, "b": 1}], [])

    def test_an_unknown_directive(self) -> None:
        # YAML 1.2 asks for a warning at most; libyaml stops.
        assert outcome(C, "%FOO\n---\na: 1\n") == ([], ["LCY001 1:5"])
        assert yaml_load.load("%FOO\n---\na: 1\n", "x.yaml") == ([{"a": 1}], [])

    def test_where_a_document_of_another_version_begins(self) -> None:
        # libyaml begins it at the directive, ruamel.yaml at `---`.
        text = "%YAML 1.1\n---\na: no\n"
        assert outcome(C, text) == ([{"a": "no"}], ["LCY014 1:1"])
        assert outcome(PURE, text) == ([{"a": "no"}], ["LCY014 2:1"])

    def test_a_version_that_neither_knows(self) -> None:
        # libyaml calls the document incompatible; ruamel.yaml fails with an assertion.
        assert outcome(C, "%YAML 1.3\n---\na: 1\n") == ([], ["LCY001 1:1"])
        assert outcome(PURE, "%YAML 1.3\n---\na: 1\n") == ([], ["LCY001 1:1"])

    @pytest.mark.parametrize("mark", [">", "|"])
    def test_an_empty_block_scalar_with_crlf_before_a_comment(self, mark: str) -> None:
        # ruamel.yaml counts the CR as the content's indentation and takes the comment in.
        assert outcome(C, f"{mark}\r\n#x") == ([""], [])
        assert outcome(PURE, f"{mark}\r\n#x") == (["#x"], [])

    def test_a_block_scalar_with_crlf_and_a_line(self) -> None:
        for parser in (C, PURE):
            assert outcome(parser, "a: |\r\n  b\r\n  c\r\nd: 1\r\n") == ([{"a": "b\nc\n", "d": 1}], [])

    def test_an_escape_with_a_number_beyond_unicode(self) -> None:
        # libyaml says where the escape is, ruamel.yaml fails with an error of Python.
        assert outcome(C, 'a: "\\U99999999"\n')[1] == ["LCY001 1:7"]
        assert outcome(PURE, 'a: "\\U99999999"\n')[1] == ["LCY001 1:1"]

    def test_an_exclamation_mark_alone_is_no_tag(self) -> None:
        # YAML 1.2 makes a string of `! 1`; both parsers hide the mark and say that the scalar is plain.
        for parser in (C, PURE):
            assert outcome(parser, "- ! 1\n- ! x\n") == ([[1, "x"]], [])


class TestOddLineEnds:
    """NEL, LS and PS end a line in YAML 1.1, as libyaml reads it, and do not in YAML 1.2 and most editors."""

    MARKS = pytest.mark.parametrize("mark", ["\x85", "\u2028", "\u2029"], ids=["nel", "ls", "ps"])

    @MARKS
    def test_a_comment_cannot_hide_a_key_behind_one(self, mark: str) -> None:
        text = f"# harmless{mark}hidden: 1\nshown: 1\n"
        assert outcome(C, text) == ([], ["LCY002 1:11"])
        assert outcome(PURE, text) == ([], ["LCY001 2:1"])

    @MARKS
    @pytest.mark.parametrize("text", ["a: |\n x{} y\n", "a: x{}  y\n", "a: 1{}b: 2\n", "a: 1 {}", "{{a: 1,{} b: 2}}"])
    def test_outside_of_quotes_they_are_refused(self, mark: str, text: str) -> None:
        documents, findings = yaml_load.load(text.format(mark), "x.yaml")
        assert documents == []
        assert [f.code for f in findings] in (["LCY001"], ["LCY002"])
        assert findings[0].hint
        assert "escape in double quotes" in findings[0].hint

    @MARKS
    @pytest.mark.parametrize("parser", [C, PURE], ids=["c", "pure"])
    def test_in_quotes_they_are_content_and_lines_are_counted_without_them(self, parser: Any, mark: str) -> None:
        documents, found = outcome(parser, f'a: "x{mark}y"\nb: \'x {mark} y\'\nc: 1\nc: 2\n')
        assert found == ["LCY003 4:1"]
        assert documents[0]["c"] == 2


class TestSecondOpinion:
    def test_is_not_asked_about_a_large_text(self) -> None:
        text = "[a:]\n" + "#" * yaml_load.SECOND_OPINION_SIZE
        assert [f.code for f in yaml_load.load(text, "x.yaml")[1]] == ["LCY001"]

    def test_is_not_taken_where_it_refuses_too(self) -> None:
        findings = yaml_load.load("a: [b\nc: d\n", "x.yaml")[1]
        assert findings == yaml_load._load_with(C, "a: [b\nc: d\n", "x.yaml")[1]

    def test_may_have_findings_of_its_own(self) -> None:
        assert [f.code for f in yaml_load.load("b: [::x]\na: 1\na: 2\n", "x.yaml")[1]] == ["LCY003"]

    def test_positions_come_from_it_too(self) -> None:
        span = Document("a: b\n...\nc: d\n", "x.yaml").locate(1, ("c",))
        assert (span.line, span.column) == (3, 4)


class TestWithoutTheCParser:
    @pytest.fixture(autouse=True)
    def pure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(events, "has_c_parser", lambda: False)

    def test_a_project_is_checked_all_the_same(self, tmp_path: Path) -> None:
        found = Projects(tmp_path).check(PROVIDER.replace("endpoints:", "enpoints:"))
        assert "LCS003 config/main.yaml:4:1" in found.places

    def test_positions_are_the_same(self) -> None:
        span = Document("a: 1\nb: [c, d]\n", "x.yaml").locate(0, ("b", 1))
        assert (span.line, span.column, span.end_line, span.end_column) == (2, 8, 2, 9)


FILES = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.yaml"))


def walk(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of all that is in a value."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, part in inner for found in walk(part, (*path, step)))]


@pytest.mark.parametrize("name", FILES)
def test_both_read_the_examples_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert outcome(C, text) == outcome(PURE, text)
    fast = Document(text, name)
    monkeypatch.setattr(events, "has_c_parser", lambda: False)
    slow = Document(text, name)
    for index, document in enumerate(outcome(C, text)[0]):
        for path in walk(document):
            assert fast.locate(index, path) == slow.locate(index, path)
