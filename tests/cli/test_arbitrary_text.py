"""Property tests: whatever stands in a file, checking ends in sorted diagnostics that lie inside it."""

from __future__ import annotations

import re
import tempfile
from datetime import date
from pathlib import Path

import pytest
import yaml
from commands import EXAMPLES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmconf import api
from llmconf.yamltext import events
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.document import Document
from llmconf.yamltext.scalars import Refusal

BOUNDED = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
TODAY = date(2026, 11, 23)
SEEDS = sorted((EXAMPLES / "acme").rglob("*.yaml"))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C",)))
KEYS = st.text("abcxyz_-", min_size=1, max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def check(data: bytes) -> None:
    """Check a project with one file of this content, and that what is reported lies inside the file."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "llmconf.yaml").write_text("version: 1\nname: fixture\n", encoding="utf-8")
        (root / "config").mkdir()
        (root / "config" / "any.yaml").write_bytes(data)
        found = api.validate(root, today=TODAY).diagnostics
    spans = [diagnostic.span for diagnostic in found]
    assert spans == sorted(spans)
    lines = re.split("\r\n|\r|\n", data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    for span in spans:
        if span.file == "config/any.yaml":
            assert 1 <= span.line <= span.end_line <= len(lines)
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1


@BOUNDED
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check(data)


@BOUNDED
@given(st.text("abkindRoute: -{}[]&*!|>'\"#%@,?\n\t\r\\0.$<~", max_size=120))
def test_text_that_looks_like_yaml(text: str) -> None:
    check(text.encode())


@BOUNDED
@given(st.data())
def test_examples_with_a_line_that_is_wrong(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(SEEDS)).read_text(encoding="utf-8").splitlines(keepends=True)
    index = data.draw(st.integers(0, len(lines) - 1))
    kind = data.draw(st.sampled_from(["delete", "double", "cut", "indent", "swap"]))
    line = lines[index]
    changed = {
        "delete": [], "double": [line, line], "cut": [line[: len(line) // 2] + "\n"], "indent": ["  " + line],
        "swap": [line.replace(":", "", 1)],
    }[kind]  # fmt: skip
    check("".join([*lines[:index], *changed, *lines[index + 1 :]]).encode())


@pytest.mark.parametrize("open_parser", [events.open_c_parser, events.open_pure_parser], ids=["c", "pure"])
@BOUNDED
@given(data=PLAIN)
def test_plain_data_comes_back(open_parser: object, data: object) -> None:
    text = yaml.safe_dump({"value": data}, allow_unicode=True)
    complaints: list[Refusal] = []
    documents, _ = yaml_load.construct(open_parser, text, complaints.append)  # type: ignore[arg-type]
    # PyYAML writes YAML 1.1: what only that version quotes or leaves plain is compared through its own reader.
    assert (documents, complaints) == ([yaml.load(text, _Core)], [])  # noqa: S506 - a safe loader


class _Core(yaml.SafeLoader):
    """PyYAML's own reader with the scalars of YAML 1.2."""


_OTHERWISE = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_Core.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in pairs if tag not in _OTHERWISE]
    for key, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE"), list("tTfF"))


@BOUNDED
@given(st.data())
def test_every_path_of_an_example_is_located(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(SEEDS))
    text = file.read_text(encoding="utf-8")
    documents, findings = yaml_load.load(text, file.name)
    assert findings == []
    index = data.draw(st.integers(0, len(documents) - 1))
    value, path = documents[index], ()
    while isinstance(value, dict | list) and value and data.draw(st.booleans()):
        step = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else list(range(len(value)))))
        value, path = value[step], (*path, step)
    span = Document(text, file.name).locate(index, path)
    assert 1 <= span.line <= span.end_line <= text.count("\n") + 1
