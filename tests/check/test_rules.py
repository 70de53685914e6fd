"""Every code has a project that breaks it and one that does not, and says what it should, where it should."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from commands import REPOSITORY

from llmconf import api
from llmconf.check import rules
from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._reference import rules_markdown
from llmconf.check.run import add_findings
from llmconf.core.diagnostics import Diagnostic
from llmconf.core.plugins import load_module
from llmconf.project.checked import Checked
from llmconf.schema.kinds import DOCUMENTS
from llmconf.yamltext.load import load
from llmconf.yamltext.text import MAX_FILE_SIZE

FIXTURES = Path(__file__).parent / "rules"
DOCS = REPOSITORY / "docs" / "rules.md"
TODAY = date(2026, 6, 1)
UPDATE = os.environ.get("LLMCONF_UPDATE_SNAPSHOTS") == "1"


def _prepare(code: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring about what no small file can."""
    if code == "LCY008":
        (root / "config" / "dump.yaml").write_bytes(b"#" * (MAX_FILE_SIZE + 1))
    if code == "LCX005":

        def crash(context: Context) -> Iterator[Problem]:
            raise ZeroDivisionError("a text that is not to be shown")

        monkeypatch.setattr(rules.load("LCE002"), "check", crash)


def _report(root: Path) -> str:
    """Check a project, build it where it may be built, and write all that was found, a line each."""
    checked = api.validate(root, today=TODAY)
    found = [*checked.diagnostics, *_build(checked)]
    text: str = load_module("llmconf.report.formats", "concise").render(api.make_report(checked, found))
    return text


def _build(checked: Checked) -> Iterator[Diagnostic]:
    if checked.project.settings and checked.project.settings.targets and checked.worst() != "error":
        for environment in checked.environments:
            findings = api.build(checked, environment).findings
            yield from add_findings(checked, findings, environment)


def _compare(text: str, expected: Path) -> None:
    if UPDATE:
        expected.write_text(text, encoding="utf-8", newline="\n")
    assert text == expected.read_text(encoding="utf-8")


def test_every_code_has_its_fixtures() -> None:
    assert sorted(folder.name for folder in FIXTURES.iterdir()) == list(rules.codes())


@pytest.mark.parametrize("code", rules.codes())
def test_bad(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(shutil.copytree(FIXTURES / code / "bad", tmp_path / "bad"))
    _prepare(code, root, monkeypatch)
    text = _report(root)
    assert f" {code} " in text
    _compare(text, FIXTURES / code / "expected.txt")


@pytest.mark.parametrize("code", rules.codes())
def test_good(code: str) -> None:
    assert _report(FIXTURES / code / "good") == ""


@pytest.mark.parametrize("code", rules.codes())
def test_documentation(code: str) -> None:
    info = rules.info(code)
    assert info.code == code
    assert info.summary.endswith(".")
    assert info.why.endswith(".")
    assert info.fix.endswith(".")
    assert info.example
    assert not info.example.startswith(" ")


@pytest.mark.parametrize("code", rules.names())
def test_example_is_made_of_documents(code: str) -> None:
    documents, findings = load(rules.info(code).example, "example.yaml")
    assert findings == []
    assert {document["kind"] for document in documents} <= set(DOCUMENTS)


@pytest.mark.parametrize("code", rules.names())
def test_module_is_named_after_its_rule(code: str) -> None:
    rule = rules.load(code)
    module = f"{rule.CODE}_{rule.NAME}".lower().replace("-", "_")
    assert code == rule.CODE
    assert getattr(rule, "__name__", "") == f"llmconf.check.rules.{module}"


def test_names_are_unique() -> None:
    names = [rules.info(code).name for code in rules.codes()]
    assert len(names) == len(set(names))


def test_rules_and_stages_share_no_code() -> None:
    assert len(rules.codes()) == len(set(rules.codes()))


def test_unknown_code() -> None:
    with pytest.raises(KeyError):
        rules.info("LCZ999")
    with pytest.raises(KeyError):
        rules.load("LCY001")


def test_reference_is_up_to_date() -> None:
    _compare(rules_markdown(), DOCS)
