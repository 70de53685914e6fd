"""What cannot be read is reported once, and what only seems to be missing for that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import TODAY, copy_example, edit
from rule_projects import PROVIDER, Found, Projects, route

OPENAI = "config/providers/openai.yaml"


def rename(root: Path) -> None:
    (root / OPENAI).rename(root / OPENAI.replace(".yaml", ".yml"))


def make_folder(root: Path) -> None:
    (root / OPENAI).unlink()
    (root / OPENAI).mkdir()


CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "syntax": ("LCY001", lambda root: edit(root / OPENAI, "type: openai\n", "type: [openai\n")),
    "encoding": ("LCY002", lambda root: (root / OPENAI).write_bytes(b"kind: Provider\nname: \xe9\n")),
    "empty": ("LCY009", lambda root: (root / OPENAI).write_text("")),
    "folder": ("LCY007", make_folder),
    "extension": ("LCY011", rename),
    "no mapping": ("LCS001", lambda root: (root / OPENAI).write_text("- openai\n")),
    "no kind": ("LCS002", lambda root: edit(root / OPENAI, "kind: Provider\n", "")),
    "no name": ("LCS004", lambda root: edit(root / OPENAI, "\nname: openai\n", "\n")),
    "name in capitals": ("LCS006", lambda root: edit(root / OPENAI, "\nname: openai\n", "\nname: OpenAI\n")),
    "name that is none": ("LCS005", lambda root: edit(root / OPENAI, "\nname: openai\n", "\nname: 5\n")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_slip_is_one_error(tmp_path: Path, change: str) -> None:
    code, apply = CHANGES[change]
    root = copy_example("acme", tmp_path)
    apply(root)
    found = Found(root, TODAY)
    assert [(d.code, d.severity) for d in found.diagnostics] == [(code, "error")], found.lines


def test_what_is_plainly_wrong_stays_beside_it(project: Projects) -> None:
    found = project.check(PROVIDER.replace("api_key", "api_kee"), "kind: Team\n", route("chat", "azure/gpt-5"))
    assert found.codes == ["LCS003", "LCS004"]


def test_a_file_in_the_way_is_a_warning_while_nothing_is_missing(project: Projects) -> None:
    (project.root / "config").mkdir()
    (project.root / "config" / "more.yml").write_text("kind: Team\n", encoding="utf-8")
    found = project.check(PROVIDER, route())
    assert [(d.code, d.severity) for d in found.diagnostics] == [("LCY011", "warning")]


def test_nothing_passes_for_a_file_that_is_not_reported(project: Projects) -> None:
    (project.root / "config").mkdir()
    (project.root / "config" / "more.yml").write_text("kind: Team\n", encoding="utf-8")
    found = project.check(PROVIDER, route("chat", "azure/gpt-5"), settings="rules: {LCY011: 'off'}\n")
    assert found.codes == ["LCR002"]
