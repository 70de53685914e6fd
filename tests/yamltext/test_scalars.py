"""How a text is written as a scalar: every parser, of YAML 1.1 and 1.2, reads the same text from it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from llmconf.core.characters import HIDDEN
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.scalars import MISREAD, is_plain, quote

AWKWARD = [
    "", " ", "  a", "a ", "a b", "a:b", "a: b", "a :b", "a:", ":a", "::error::x", "a::b", "a#b", "a #b", "#", "'", '"', "\\",
    'a"b\\', "\\n", "-", "--", "---", "- a", "...", "--- a", "?", "? a", "*", "*a", "a*", "&a", "!a", "!!str a", "%TAG", "|", ">",
    "@a", "`a`", "[a]", "{a}", "a,b", "a]", "<<", "=", "~", "null", "Null", "true", "TRUE", "tRuE", "yes", "No", "ON", "Off",
    "y", "N", "nan", "inf", ".NaN", ".inf", "-.inf", "0", "010", "0o17", "0x1F", "0b11", "1_000", "1e3", "1.", ".5", "+1", "-1",
    "12:30:00", "1:30", "190:20:30.15", "2027-01-01", "2027-01-01T00:00:00Z", "e1", "E5", "a\nb", "a\n", "\na", "\ta", "a\tb", "\r\n",
    "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff", "\ufffe",
    "\uffff", "\ufffd", "\U000e0041", "é", "模型", "\U0001f999", "http://h:1/v1", "env:KEY", "ENC(v1;k=x)", "os.environ/KEY",
    "-----BEGIN KEY-----\nx==\n-----END KEY-----\n", "x" * 900,
]  # fmt: skip
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=80),
    st.text(st.sampled_from(" \t\n\r\\\"'#:,-?[]{}&*!|>%@`~=<./+_0189aefnotruyNO\x85\u2028\ufeff"), max_size=12),
    st.sampled_from(sorted(MISREAD)).flatmap(
        lambda word: st.sampled_from([word, word.upper(), word.title(), f"{word} ", f"{word}:"])
    ),
)


def _llmconf(text: str) -> Any:
    documents, findings = yaml_load.load(text, "x.yaml")
    assert findings == []
    return documents[0]


def _pure(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


READERS: list[Callable[[str], Any]] = [
    _llmconf, _pure, yaml.safe_load, lambda text: yaml.load(text, yaml.CSafeLoader),
]  # fmt: skip
PLACES: list[tuple[str, bool, Callable[[str], Any]]] = [
    ("a: {0}\nb: 1\n", False, lambda text: {"a": text, "b": 1}),
    ("{0}\n", False, lambda text: text),
    ("- {0} # why\n- - {0}\n", False, lambda text: [text, [text]]),
    ("a: [{0}, {0}]\n", True, lambda text: {"a": [text, text]}),
    ("[{0}]\n", True, lambda text: [text]),
    ("{{k: {0}, l: {0}}}\n", True, lambda text: {"k": text, "l": text}),
    ("{0}: {0}\n", False, lambda text: {text: text}),
    ("{{{0}: {0}}}\n", True, lambda text: {text: text}),
    ("a:\n  {0}:\n    b: 1\n", False, lambda text: {"a": {text: {"b": 1}}}),
]


def _check(text: str) -> None:
    for template, flow, expected in PLACES:
        written = template.format(quote(text, flow=flow))
        for read in READERS:
            assert read(written) == expected(text), (read, written)


@pytest.mark.parametrize("text", AWKWARD)
def test_every_reader_reads_the_text(text: str) -> None:
    _check(text)


@settings(max_examples=120)
@given(TEXTS)
def test_every_reader_reads_any_text(text: str) -> None:
    _check(text)


@given(TEXTS)
def test_what_is_written_is_one_line_without_hidden_characters(text: str) -> None:
    for flow in (False, True):
        written = quote(text, flow=flow)
        assert len(written.splitlines()) == 1
        assert not any(unicodedata.category(character) == "Cc" for character in written)
        assert is_plain(text, flow=flow) == (written == text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("gpt-5", "gpt-5"), ("llama3:8b", "llama3:8b"), ("openai/*", "openai/*"), ("https://a.b/v1", "https://a.b/v1"),
        ("No", '"No"'), ("5", '"5"'), ("a b", '"a b"'), ("/a", '"/a"'), ("a\nb", '"a\\nb"'), ("\u202e", '"\\u202e"'),
        ("\x1b", '"\\x1b"'), ("\U000e0041", '"\\U000e0041"'), ("é", '"é"'), ('a"\\', '"a\\"\\\\"'),
    ],
)  # fmt: skip
def test_how_texts_are_written(text: str, written: str) -> None:
    assert quote(text) == written


def test_a_colon_between_brackets_is_quoted() -> None:
    assert (quote("a:1", flow=True), quote("a", flow=True)) == ('"a:1"', "a")


def test_half_a_surrogate_pair_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        quote("a\ud800")


def test_the_hidden_characters_are_those_of_no_letter() -> None:
    """The set is fixed, so that what is written does not depend on the Unicode version of Python."""
    import re

    shown = re.compile(f"[^{HIDDEN}]")
    assert shown.fullmatch("\u200d")
    assert shown.fullmatch("\ufe0f")
    assert all(shown.fullmatch(chr(code)) for code in range(0x20, 0x7F))
