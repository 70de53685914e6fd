"""Nodes with positions: where paths stand, and edits that change one scalar and nothing else."""

from __future__ import annotations

import pytest

from llmconf.yamltext.document import Document, Edit
from llmconf.yamltext.load import load

AWKWARD = {
    "plain": "a: 1\nkey: old # why\nb: 2\n",
    "single quotes": "key: 'old'\n",
    "double quotes": 'key: "old"   # trailing\n',
    "crlf": "a: 1\r\nkey: old\r\nb: 2\r\n",
    "cr only": "a: 1\rkey: old\rb: 2\r",
    "no final newline": "key: old",
    "flow": "{a: 1, key: old, b: [1, 2]}\n",
    "nested flow": "x: {y: {key: old}}\n",
    "tab in a comment": "key: old\t# tab\there\n",
    "trailing blanks": "key: old   \nb: 2   \n",
    "emoji before": "# \U0001f600\nname: \u4f60\u597d\nkey: old\n",
    "astral key": "\U0001f511: x\nkey: old\n",
    "next line": "key:\n  old\nb: 2\n",
    "anchor": "key: &a old\nb: *a\n",
    "tag": "key: !!str old\n",
    "explicit key": "? key\n: old\n",
    "quoted key": '"key": old\n',
    "second document": "key: first\n---\nkey: old\n...\n",
    "indented sequence": "list:\n    - key: old\n      b: 2\n",
    "compact sequence": "list:\n- key: old\n  b: 2\n",
    "comment between": "a: 1\n\n# about\n\nkey: old\n\n# end\n",
    "line separators": "a: \"x\u2028y\u0085z\"\nkey: old\n",
}
PATHS = {"nested flow": ("x", "y", "key"), "indented sequence": ("list", 0, "key"), "compact sequence": ("list", 0, "key")}


@pytest.mark.parametrize("name", AWKWARD)
def test_only_the_scalar_changes(name: str) -> None:
    text = AWKWARD[name]
    document = Document(text, "f.yaml")
    index = 1 if name == "second document" else 0
    path = PATHS.get(name, ("key",))
    edit = document.replace(index, path, "new")
    quoted = text[edit.start : edit.end]
    assert quoted.strip("'\"") == "old"
    assert document.splice([edit]) == text[: edit.start] + "new" + text[edit.end :]
    values, findings = load(document.splice([edit]), "f.yaml")
    value = values[index]
    for step in path:
        value = value[step]
    assert (value, findings) == ("new", [])


def test_a_block_scalar_is_replaced_without_what_follows_it() -> None:
    text = "key: |\n  old\n  lines\n\n\n# after\nb: 2\n"
    document = Document(text, "f.yaml")
    assert document.splice([document.replace(0, ("key",), "new")]) == "key: new\n\n\n# after\nb: 2\n"


def test_edits_that_overlap_are_refused() -> None:
    document = Document("a: 1\n", "f.yaml")
    with pytest.raises(ValueError, match="overlap"):
        document.splice([Edit(0, 3, "x"), Edit(2, 4, "y")])
    with pytest.raises(ValueError, match="overlap"):
        document.splice([Edit(0, 99, "x")])


def test_an_alias_is_not_replaced() -> None:
    with pytest.raises(LookupError):
        Document("a: &x 1\nb: *x\n", "f.yaml").replace(0, ("b",), "2")


@pytest.mark.parametrize(
    ("text", "path", "on_key", "expected"),
    [
        ("a: 1\nb: two\n", ("b",), False, (2, 4, 2, 7)),
        ("a: 1\nb: two\n", ("b",), True, (2, 1, 2, 2)),
        ("a:\n  - x\n  - y: z\n", ("a", 1, "y"), False, (3, 8, 3, 9)),
        ("a:\n  - x\n  - y: z\n", ("a", 1), False, (3, 5, 3, 9)),
        ("a:\n  b: 1\n", ("a",), False, (1, 1, 1, 2)),
        ("a:\n", ("a",), False, (1, 1, 1, 2)),
        ("a: 1\n", ("missing", "deeper"), False, (1, 1, 1, 5)),
        ("x: &x {u: 1}\ny: *x\n", ("y", "u"), False, (1, 11, 1, 12)),
        ("x: &x {u: 1}\ny:\n  <<: *x\n  v: 2\n", ("y", "u"), False, (1, 11, 1, 12)),
        ("x: &x {u: 1}\ny:\n  <<: *x\n  u: 2\n", ("y", "u"), False, (4, 6, 4, 7)),
        ("# \U0001f600\n\U0001f600: \u4f60\n", ("\U0001f600",), False, (2, 4, 2, 5)),
        ("a: \"x\u2028y\"\nb: 1\n", ("b",), False, (2, 4, 2, 5)),
        ("a: &anchor !!str v\n", ("a",), False, (1, 18, 1, 19)),
    ],
)
def test_a_path_is_found_where_it_stands(
    text: str, path: tuple[str | int, ...], on_key: bool, expected: tuple[int, ...]
) -> None:
    span = Document(text, "f.yaml").locate(0, path, on_key=on_key)
    assert (span.line, span.column, span.end_line, span.end_column) == expected


def test_scalars_come_in_the_order_of_the_text() -> None:
    document = Document("a: [1, {b: c}]\nd: e\n---\nf\n", "f.yaml")
    assert [node.value for node in document.scalars()] == ["a", "1", "b", "c", "d", "e", "f"]
