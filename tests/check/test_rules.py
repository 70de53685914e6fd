"""Every code has a project that breaks it and one that does not, and says what it should, where it should."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

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
from llmconf.yamltext.load import load, load_trusted
from llmconf.yamltext.text import MAX_FILE_SIZE

FIXTURES = Path(__file__).parent / "rules"
DOCS = REPOSITORY / "docs" / "rules.md"
TODAY = date(2026, 6, 1)
TRAITS = set(get_args(rules.Trait))
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


@pytest.mark.parametrize("code", rules.codes())
def test_traits_are_known(code: str) -> None:
    traits = rules.info(code).traits
    assert set(traits) <= TRAITS
    assert len(set(traits)) == len(traits)


@pytest.mark.parametrize("trait", sorted(TRAITS))
def test_some_codes_have_a_trait_and_others_do_not(trait: rules.Trait) -> None:
    assert {rules.has(code, trait) for code in rules.codes()} == {True, False}


def test_a_trait_is_read_without_the_other_codes() -> None:
    script = """
import sys
from llmconf.check import rules
from llmconf.check.rules import _stages
assert rules.has("LCY001", "unsuppressible")
assert rules.has("LCR007", "guess")
assert _stages.cache_info().currsize == 1
print([name for name in sys.modules if name.startswith("llmconf.check.rules.lc")])
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout == "['llmconf.check.rules.lcr007_unused_route']\n"


def _codes_raised(file: Path) -> set[str]:
    """Return the codes that a module names, but for those it only looks for: in a comparison or as a key."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    looked_for: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            looked_for.update(id(part) for side in (node.left, *node.comparators) for part in ast.walk(side))
        elif isinstance(node, ast.Dict):
            looked_for.update(map(id, node.keys))
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in looked_for)
    texts = (node.value for node in constants if isinstance(node.value, str))
    return {text for text in texts if re.fullmatch(r"LC[A-Z]\d{3}", text)}


def test_each_code_is_raised_where_it_says() -> None:
    raised: dict[str, list[str]] = {}
    for file in sorted((REPOSITORY / "llmconf").rglob("*.py")):
        parts = file.relative_to(REPOSITORY / "llmconf").with_suffix("").parts
        if parts[:2] != ("check", "rules"):
            for code in _codes_raised(file):
                raised.setdefault(code, []).append(".".join(parts))
    documented = {code: list(rules.info(code).stages) for code in rules.codes()}
    assert {code: sorted(stages) for code, stages in documented.items() if stages} == raised
    assert [code for code in rules.codes() if code not in rules.names() and code not in raised] == []


def test_each_code_of_a_stage_stands_in_the_file_of_its_letter() -> None:
    for file in (REPOSITORY / "llmconf" / "check" / "rules" / "stages").iterdir():
        entries: list[dict[str, str]] = load_trusted(file)
        codes = [entry["code"] for entry in entries]
        assert [code for code in codes if not code.startswith(file.stem.upper())] == []
        assert codes == sorted(set(codes))


def test_rules_and_stages_share_no_code() -> None:
    assert len(rules.codes()) == len(set(rules.codes()))


def test_unknown_code() -> None:
    with pytest.raises(KeyError):
        rules.info("LCZ999")
    with pytest.raises(KeyError):
        rules.load("LCY001")


def test_reference_is_up_to_date() -> None:
    _compare(rules_markdown(), DOCS)
