"""Files are written by strangers: nothing in them drives a terminal, a build log, a page or a parser."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmconf.core.diagnostics import Diagnostic, Related, Span
from llmconf.report.formats import Report, formats, reporter
from llmconf.report.formats.markdown import LIMIT
from llmconf.report.text import visible

ESC, BEL, OVERRIDE, ISOLATE = "\x1b", "\x07", "\u202e", "\u2066"
HOSTILE = (
    f"{ESC}]0;title{BEL}{OVERRIDE}txet{ISOLATE} \x9b31m\r::error::no\n::stop-commands::x\n##vso[task.x]y"
)
CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def report(message: str, line: str = "a: b", file: str = "a.yaml", hint: str | None = None) -> Report:
    """Return a report of one finding that says `message` about a place in `line`."""
    where = Span(file, 1, 1, 1, 3)
    found = Diagnostic(
        "LCS003", "unknown-key", "error", message, where, (message,), hint, (Related(message, where),)
    )
    return Report([found], {}, lambda _: [line], lambda _: frozenset(), environments=("prod",))


def frame(line: str, start: int, end: int) -> list[str]:
    """Return the lines of a code frame around a region of `line`."""
    found = Diagnostic("LCS003", "unknown-key", "error", "x", Span("a.yaml", 1, start, 1, end))
    given = Report([found], {}, lambda _: [line], lambda _: frozenset())
    return reporter("full").render(given).splitlines()[3:5]


@pytest.mark.parametrize("name", formats())
def test_nothing_drives_a_terminal_or_a_log(name: str) -> None:
    output = reporter(name).render(report(HOSTILE, HOSTILE.split("\n", maxsplit=1)[0], HOSTILE, HOSTILE))
    assert not CONTROLS.search(output)
    assert not re.search(r"^\s*::(?!error file=)", output, re.MULTILINE)
    if name != "json":
        assert "##vso[" not in output


@pytest.mark.parametrize("name", formats())
@given(text=st.text(), line=st.text(st.characters(exclude_characters="\n\r")))
def test_any_text_gives_a_readable_report(name: str, text: str, line: str) -> None:
    output = reporter(name).render(report(text, line, text, text))
    assert not CONTROLS.search(output)
    assert output.encode("utf-8")
    if name in ("json", "sarif", "gitlab", "rdjson"):
        assert json.loads(output)
    if name == "junit":
        (failure,) = ElementTree.fromstring(output).iter("failure")  # noqa: S314 - our own output
        assert failure.get("message") == visible(text)


def test_json_keeps_the_text_as_it_is() -> None:
    (entry,) = json.loads(reporter("json").render(report(HOSTILE + "\U000e0041")))["diagnostics"]
    assert entry["message"] == HOSTILE + "\U000e0041"


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    assert json.loads(reporter("json").render(report("a\ud800b")))["diagnostics"][0]["message"] == "a\ufffdb"


def test_sarif_paths_keep_undecodable_bytes_and_messages_hold_no_links() -> None:
    (run,) = json.loads(reporter("sarif").render(report("[x](y)", file="a b:\udcff.yaml")))["runs"]
    (result,) = run["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "a%20b%3A%FF.yaml"
    assert "](" not in result["message"]["text"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("@everyone", "@&#8203;everyone"),
        ("closes #12", "closes #&#8203;12"),
        ("`@everyone <b>`", "`@everyone <b>`"),
        ("`a``<b>`", "`a`&#8203;`<b>`"),
        ("a ` <b>", "a \\` &lt;b&gt;"),
        ("``<b>", "\\`\\`&lt;b&gt;"),
        ("[a](https://evil.example)", "\\[a\\]\\(https:&#8203;//evil.example\\)"),
        ("www.evil.example", "www&#8203;.evil.example"),
        ("a | b", "a \\| b"),
        ("a\n/close", "a\\\\n/close"),
    ],
)
def test_markdown_is_inert(message: str, expected: str) -> None:
    item = reporter("markdown").render(report(message)).splitlines()[4]
    assert item.split("1:1: ", 1)[1].split("<br>", maxsplit=1)[0] == expected


def test_markdown_is_folded_and_cut() -> None:
    few, many = _markdown(20), _markdown(5_000)
    assert "<details>" not in few
    assert many.startswith("**5000 errors in ")
    assert many.count("<details>") == many.count("</details>") == 1
    assert len(many) < LIMIT
    shown = many.count("- **error**")
    assert f"<summary>{shown} findings</summary>" in many
    assert f"{5_000 - shown} findings left out here for length." in many
    assert len(_markdown(1, "x" * 200_000)) < 2_000


def _markdown(number: int, message: str = "something is wrong here") -> str:
    found = [
        Diagnostic("LCS003", "unknown-key", "error", message, Span("a.yaml", line, 1, line, 2))
        for line in range(1, number + 1)
    ]
    return reporter("markdown").render(Report(found, {}, lambda _: [], lambda _: frozenset()))


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "underline"),
    [
        ("a: b", 4, 5, "a: b", "   ^"),
        ("a: b", 5, 5, "a: b", "    ^"),
        ("a: b", 90, 99, "a: b", "    ^"),
        ("", 1, 1, "", "^"),
        ("値: 値段", 4, 6, "値: 値段", "    ^^^^"),
        ("e\u0301: x", 5, 6, "e\u0301: x", "   ^"),
        ("\tx", 2, 3, "    x", "    ^"),
        ("ab\tx", 3, 4, "ab  x", "  ^^"),
        ("\x1bx", 1, 2, "\\x1bx", "^^^^"),
        ("##[x", 2, 3, "#\\x23[x", " ^^^^"),
        ("x" * 160, 160, 161, "x" * 160, " " * 159 + "^"),
        ("x" * 500, 1, 3, "x" * 160 + "…", "^^"),
        ("x" * 500, 500, 501, "…" + "x" * 160, " " * 160 + "^"),
        ("x" * 500, 251, 253, "…" + "x" * 160 + "…", " " * 41 + "^^"),
        ("x" * 500, 251, 500, "…" + "x" * 160 + "…", " " * 41 + "^" * 120),
        ("値" * 300, 201, 202, "…" + "値" * 80 + "…", " " * 41 + "^^"),
    ],
)
def test_the_exact_region_is_underlined(line: str, start: int, end: int, shown: str, underline: str) -> None:
    assert frame(line, start, end) == [f"1 | {shown}".rstrip(), f"  | {underline}"]


def test_a_huge_line_costs_little() -> None:
    """Only the surroundings of the region are looked at, wherever it lies."""
    line = "x" * 50_000_000
    assert len(frame(line, 25_000_000, 49_000_000)[0]) < 200
