"""Plain values from YAML text: the 1.2 core schema, keys, merges, aliases, bounds and positions."""

from __future__ import annotations

import json
import marshal
import math
import time
from pathlib import Path
from typing import Any

import pytest

from llmconf.yamltext import events
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.load import load, load_trusted

Opener = Any


@pytest.fixture(params=[events.open_c_parser, events.open_pure_parser], ids=["c", "pure"])
def parser(request: pytest.FixtureRequest) -> Opener:
    """Each of the two parsers; what is tested here holds for both."""
    return request.param


def read(parser: Opener, text: str) -> Any:
    """Read one document that is fine."""
    documents, findings, _ = yaml_load._load_with(parser, text, "x.yaml")
    assert findings == []
    assert len(documents) == 1
    return documents[0]


def complaints(parser: Opener, text: str) -> list[str]:
    """Return code, place and message of all that is wrong with a text."""
    found = yaml_load._load_with(parser, text, "x.yaml")[1]
    return [f"{f.code} {f.place.line}:{f.place.column} {f.message}" for f in found]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("off", "off"), ("y", "y"), ("n", "n"), ("NO", "NO"),
        ("true", True), ("True", True), ("TRUE", True), ("tRue", "tRue"), ("false", False), ("FALSE", False),
        ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"), ("~", None), ("", None), ("~~", "~~"),
        ("010", 10), ("0", 0), ("-0", 0), ("+12", 12), ("00", 0), ("1_000", "1_000"), ("0o7", 7), ("0o8", "0o8"),
        ("0O7", "0O7"), ("0xfF", 255), ("0XFF", "0XFF"), ("-0x1", "-0x1"), ("0b1", "0b1"), ("1:30", "1:30"),
        ("12:30:45", "12:30:45"), ("1e3", 1000.0), ("1E-2", 0.01), (".5", 0.5), ("5.", 5.0), ("-1.5e+3", -1500.0),
        (".", "."), ("+", "+"), ("1e", "1e"), ("1.2.3", "1.2.3"), (".inf", math.inf), ("-.INF", -math.inf),
        ("+.Inf", math.inf), (".iNF", ".iNF"), ("inf", "inf"), ("nan", "nan"), ("+.nan", "+.nan"),
        ("2026-01-01", "2026-01-01"), ("2026-01-01 10:00:00", "2026-01-01 10:00:00"), ("=", "="), ("<<", "<<"),
        ("'1'", "1"), ('"true"', "true"), ("''", ""), ("!!str 1", "1"), ("!!int '3'", 3),
        ("!!float 1.5", 1.5), ("!!bool 'true'", True), ("!!null ''", None), ("|\n 1\n", "1\n"), (">-\n 1\n 2\n", "1 2"),
        ('"\\u00e9\\U0001F600\\x41\\0"', "é😀A\0"), ("a #b", "a"), ("a#b", "a#b"),
    ],
)  # fmt: skip
def test_a_scalar_has_the_value_of_the_core_schema(parser: Opener, text: str, value: Any) -> None:
    for found in (read(parser, f"- {text}\n")[0], read(parser, f"{{k: {text}}}")["k"] if text.isalnum() else value):
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n", True), ("- ~\n", True), ("a: {b: [1, null]}\n", True), ("a: !!null ''\n", True), ("a: 1\n---\n", True),
        ("a: &x\nb: *x\n", True), ("a: {b}\n", True), ("a: ''\n", False), ("a: 'null'\n", False), ("a: !!str\n", False),
        ("a: nil\nb: [1, {c: d}]\n", False), ("a: []\nb: {}\n", False),
    ],
)  # fmt: skip
def test_nulls_are_noticed(parser: Opener, text: str, expected: bool) -> None:
    reading = yaml_load._load_with(parser, text, "x.yaml")
    assert reading.findings == []
    assert reading.has_nulls is expected


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan_is_a_number(parser: Opener, text: str) -> None:
    assert math.isnan(read(parser, f"- {text}")[0])


@pytest.mark.parametrize("text", ["9" * 401, "0x" + "f" * 400, "1e400", "-1e999"])
def test_a_number_out_of_range_is_reported_and_stays_text(parser: Opener, text: str) -> None:
    documents, findings, _ = yaml_load._load_with(parser, f"a: {text}\n", "x.yaml")
    assert documents == [{"a": text}]
    assert [f.code for f in findings] == ["LCY012"]


def test_a_number_of_400_digits_is_read(parser: Opener) -> None:
    assert read(parser, "9" * 400) == int("9" * 400)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", ["LCY003 3:1 the key `a` stands twice"]),
        ("{a: 1, 'a': 2}", ["LCY003 1:8 the key `a` stands twice"]),
        ("a: {b: 1, c: 2, b: 3}\n", ["LCY003 1:17 the key `b` stands twice"]),
        ("a: 1\na: 2\na: 3\n", ["LCY003 2:1 the key `a` stands twice", "LCY003 3:1 the key `a` stands twice"]),
        ("<<: {a: 1}\n<<: {b: 2}\n", ["LCY003 2:1 the key `<<` stands twice"]),
        ("? &k a\n: 1\n? *k\n: 2\n", ["LCY003 3:3 the key `a` stands twice"]),
        ("1: a\n", ["LCY010 1:1 a key is a string"]),
        ("true: a\n", ["LCY010 1:1 a key is a string"]),
        ("null: a\n", ["LCY010 1:1 a key is a string"]),
        ("[a]: b\n", ["LCY010 1:1 a key is a string, not a list or mapping"]),
        ("? {a: 1}\n: b\n", ["LCY010 1:3 a key is a string, not a list or mapping"]),
        ("a: &x [1]\n? *x\n: b\n", ["LCY010 2:3 a key is a string, not a list or mapping"]),
        ("<<: 3\n", ["LCY010 1:5 `<<` merges a mapping or a list of mappings"]),
        ("<<: [{a: 1}, 3]\n", ["LCY010 1:5 `<<` merges a mapping or a list of mappings"]),
        ("a: !env X\n", ["LCY004 1:4 the tag `!env` is not allowed here"]),
        ("a: !!python/object:os.system x\n",
         ["LCY004 1:4 the tag `tag:yaml.org,2002:python/object:os.system` is not allowed here"]),
        ("a: !!set {b}\n", ["LCY004 1:4 the tag `tag:yaml.org,2002:set` is not allowed here"]),
        ("a: !!int x\n", ["LCY004 1:4 the tag `tag:yaml.org,2002:int` is not allowed here"]),
        ("a: !!float 3\n", ["LCY004 1:4 the tag `tag:yaml.org,2002:float` is not allowed here"]),
        ("a: !!map [b]\n", ["LCY004 1:4 the tag `tag:yaml.org,2002:map` is not allowed here"]),
        ("a: *b\n", ["LCY006 1:4 the alias `*b` is not defined before"]),
        ("a: &a [*a]\n", ["LCY006 1:8 the alias `*a` contains itself"]),
        ("&a {b: {c: *a}}\n", ["LCY006 1:12 the alias `*a` contains itself"]),
        ("a: &a 1\n---\nb: *a\n", ["LCY006 3:4 the alias `*a` is not defined before"]),
        ("a: b\ufeff\n", ["LCY002 1:5 a byte order mark is allowed only at the beginning of a file"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(parser: Opener, text: str, found: list[str]) -> None:
    assert complaints(parser, text) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<<: {a: 1, b: 2}\na: 3\n", {"a": 3, "b": 2}),
        ("a: 3\n<<: {a: 1, b: 2}\n", {"a": 3, "b": 2}),
        ("<<: [{a: 1}, {a: 2, b: 2}]\n", {"a": 1, "b": 2}),
        ("<<: []\na: 1\n", {"a": 1}),
        ("<<: {<<: {a: 1, b: 1}, b: 2}\n", {"a": 1, "b": 2}),
        ("x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y, c: 3}\n",
         {"x": {"a": 1}, "y": {"a": 1, "b": 2}, "z": {"a": 1, "b": 2, "c": 3}}),
        ("x: &x {a: 1}\nz: {<<: [*x, {b: 2}]}\n", {"x": {"a": 1}, "z": {"a": 1, "b": 2}}),
        ("a: <<\nb: [<<]\n", {"a": "<<", "b": ["<<"]}),
        ('"<<": {a: 1}\n', {"<<": {"a": 1}}),
        # The mark of a merge key is no value that could be named and used elsewhere.
        ("? &m <<\n: {x: 1}\nb: *m\n", {"x": 1, "b": "<<"}),
    ],
)  # fmt: skip
def test_merge_keys(parser: Opener, text: str, value: Any) -> None:
    assert read(parser, text) == value


def test_own_keys_may_repeat_merged_ones_at_any_place(parser: Opener) -> None:
    assert read(parser, "a: 0\n<<: {a: 1, b: 1}\nb: 2\n") == {"a": 0, "b": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &a x\nb: *a\n*a : c\n", {"a": "x", "b": "x", "x": "c"}),
        ("- &a {b: 1}\n- *a\n- &a 2\n- *a\n", [{"b": 1}, {"b": 1}, 2, 2]),
        ("- &a\n- *a\n", [None, None]),
        ("a: &a\n  b: 1\nc: *a\n", {"a": {"b": 1}, "c": {"b": 1}}),
    ],
)
def test_anchors_and_aliases(parser: Opener, text: str, value: Any) -> None:
    assert read(parser, text) == value


class TestBounds:
    def bomb(self, levels: int) -> str:
        lines = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
        return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *lines])

    @pytest.mark.parametrize("levels", [9, 60, 1000])
    def test_an_alias_bomb_is_refused_at_once(self, parser: Opener, levels: int) -> None:
        started = time.process_time()
        found = complaints(parser, self.bomb(levels))
        assert [line.split()[0] for line in found] == ["LCY006"]
        assert "aliases expand to more than 100,000 nodes" in found[0]
        assert time.process_time() - started < 10

    def test_a_bomb_of_merge_keys_is_refused(self, parser: Opener) -> None:
        base = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(300)) + "}\n"
        text = base + "b:\n" + "".join(f"  c{i}: {{<<: *a}}\n" for i in range(400))
        assert [line.split()[0] for line in complaints(parser, text)] == ["LCY006"]

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 100_000, "- " * 100_000, "{a: " * 100_000,
            "\n".join(" " * i + "a:" for i in range(1200)), "? " * 100_000,
        ],
        ids=["flow", "block", "flow-map", "block-map", "keys"],
    )  # fmt: skip
    def test_deep_nesting_is_refused_at_once(self, parser: Opener, text: str) -> None:
        started = time.process_time()
        assert complaints(parser, text)[0].split()[0] in ("LCY005", "LCY010")
        assert time.process_time() - started < 10

    def test_64_levels_are_read_and_65_are_not(self, parser: Opener) -> None:
        assert read(parser, "[" * 64 + "]" * 64)
        assert complaints(parser, "[" * 65 + "]" * 65) == ["LCY005 1:65 nested more than 64 levels deep"]

    def test_aliases_cannot_nest_deeper_either(self, parser: Opener) -> None:
        text = "a: &a " + "[" * 40 + "]" * 40 + "\nb: &b " + "[" * 20 + "*a" + "]" * 20 + "\n"
        assert read(parser, text)
        too_deep = text + "c: [[[[*b]]]]\n"
        assert complaints(parser, too_deep)[0].startswith("LCY005 3:")

    def test_heights_are_not_mixed_up_when_memory_is_used_again(self, parser: Opener) -> None:
        """Merged mappings are freed: what is made later at the same address has a height of its own."""
        freed = "".join(f"- {{<<: &m{i} {{a: 1}}}}\n" for i in range(2000)) + "---\n"
        deep = "".join(f"a{i}: &a{i} {'[' * 30}{f'*a{i - 1}' if i else 'x'}{']' * 30}\n" for i in range(4))
        assert [line.split()[0] for line in complaints(parser, freed + deep)] == ["LCY005"]

    def test_a_file_has_a_bounded_number_of_values(self) -> None:
        documents, findings = load("a: [" + "b," * 600_000 + "]\n", "x.yaml")
        assert documents == []
        assert [(f.code, f.message) for f in findings] == [("LCY008", "more than 500,000 values in one file")]

    def test_a_file_has_a_bounded_number_of_mistakes(self) -> None:
        documents, findings = load("a: 1\n" * 50_000, "x.yaml")
        assert documents == []
        assert len(findings) == yaml_load.MAX_COMPLAINTS + 1
        assert findings[-1].code == "LCY008"
        assert findings[-1].message == "more than 10,000 mistakes; the rest is not read"

    def test_tag_directives_are_bounded(self, parser: Opener) -> None:
        """Looking for a directive that stands twice takes libyaml time by the square of their number."""
        text = "".join(f"%TAG !a{i}! tag:example.org:\n" for i in range(100_000)) + "---\na: 1\n"
        assert complaints(parser, text) == ["LCY004 65:1 more than 64 tag directives"]

    def test_a_long_name_of_an_alias_is_cut(self, parser: Opener) -> None:
        assert len(complaints(parser, f"a: *{'b' * 900}\n")[0]) < 150


class TestDocuments:
    @pytest.mark.parametrize(
        ("text", "documents"),
        [
            ("", []), ("# only a comment\n", []), ("\n\n", []), ("---\n", [None]), ("---\n---\n", [None, None]),
            ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]), ("a: 1\n...\n---\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
            ("null\n", [None]), ("- 1\n", [[1]]), ("word\n", ["word"]), ("%YAML 1.2\n---\na: 010\n", [{"a": 10}]),
        ],
    )  # fmt: skip
    def test_count(self, parser: Opener, text: str, documents: list[Any]) -> None:
        assert yaml_load._load_with(parser, text, "x.yaml")[:2] == (documents, [])

    def test_positions_go_on_over_documents(self, parser: Opener) -> None:
        assert complaints(parser, "a: 1\n---\nb: 1\n---\n\nc: 1\nc: 2\n") == ["LCY003 7:1 the key `c` stands twice"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
    def test_line_ends(self, parser: Opener, end: str) -> None:
        text = end.join(["a: 1", "b:", "  - x", "  - 'y", "    z'", "a: 2", ""])
        documents, findings, _ = yaml_load._load_with(parser, text, "x.yaml")
        assert documents == [{"a": 2, "b": ["x", "y z"]}]
        assert [(f.place.line, f.place.column) for f in findings] == [(6, 1)]  # type: ignore[union-attr]

    def test_columns_are_code_points(self, parser: Opener) -> None:
        for text in ("'é': {x: 1, x: 2}", "'漢': {x: 1, x: 2}", "'😀': {x: 1, x: 2}", "'\U0001f469': {x: 1, x: 2}"):
            assert complaints(parser, text) == ["LCY003 1:13 the key `x` stands twice"]
        assert complaints(parser, "'e\u0301': {x: 1, x: 2}")[0].startswith("LCY003 1:14")

    @pytest.mark.parametrize("mark", ["\x85", "\u2028", "\u2029"], ids=["nel", "ls", "ps"])
    def test_only_lf_cr_and_crlf_end_a_line_of_a_position(self, parser: Opener, mark: str) -> None:
        text = f"a: 'x{mark}y'\nb: 1\nb: 2\n"
        assert complaints(parser, text) == ["LCY003 3:1 the key `b` stands twice"]


class TestSyntax:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("a: [1\n", "2:1"), ("a: 'x\n", "2:1"), ("a: b: c\n", "1:5"), ("a: @b\n", "1:4"), ("a: `b\n", "1:4"),
            ("- a\nb: 1\n", "2:1"), ("}\n", "1:1"), ("a: 1\n b: 2\n", "2:3"),
        ],
    )  # fmt: skip
    def test_is_reported_where_the_parser_stopped(self, text: str, place: str) -> None:
        documents, findings = load(text, "x.yaml")
        assert documents == []
        assert [f"{f.code} {f.place.line}:{f.place.column}" for f in findings] == [f"LCY001 {place}"]  # type: ignore[union-attr]

    def test_a_tab_gets_a_hint(self) -> None:
        findings = load("a:\n\tb: 1\n", "x.yaml")[1]
        assert findings[0].hint == "YAML is indented with spaces, not tabs"

    @pytest.mark.parametrize("character", ["\x00", "\x01", "\x1b", "\x7f", "\x9f", "\ufffe", "\uffff"])
    def test_a_forbidden_character_is_named(self, parser: Opener, character: str) -> None:
        assert complaints(parser, f"a: 'é{character}'\n") == [
            f"LCY002 1:6 the character U+{ord(character):04X} is not allowed in YAML"
        ]

    @pytest.mark.parametrize(
        "escape", ["\\ud800", "\\udfff", "\\ud83d\\ude00", "\\U0000D800", "\\U99999999", "\\UFFFFFFFF", "\\q", "\\x4"]
    )
    @pytest.mark.parametrize("text", ['a: "{}"\n', '"{}": 1\n', '["{}"]\n'], ids=["value", "key", "flow"])
    def test_an_escape_that_is_no_character_is_refused(self, parser: Opener, text: str, escape: str) -> None:
        found = complaints(parser, text.format(escape))
        assert [line.split()[0] for line in found] == ["LCY001"]


def test_values_are_plain_and_can_travel(parser: Opener) -> None:
    value = read(parser, "a: [1, 1.5, true, ~, x, {b: !!str 2}]\nc: &d {e: f}\ng: *d\n<<: {h: 1}\n")
    assert marshal.loads(marshal.dumps(value)) == value  # noqa: S302 - made on the same line
    assert json.loads(json.dumps(value)) == value


class TestTrusted:
    def test_returns_the_document(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("a: 1\n", encoding="utf-8")
        assert load_trusted(tmp_path / "a.yaml") == {"a": 1}

    @pytest.mark.parametrize("data", [b"", b"a: 1\na: 2\n", b"a: [\n", b"\xff", b"a: 1\n---\nb: 1\n"])
    def test_refuses_what_is_not_clean(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "a.yaml").write_bytes(data)
        with pytest.raises(ValueError, match=r"a\.yaml"):
            load_trusted(tmp_path / "a.yaml")
