"""What other programs call: reports that stay quick and keep secrets to themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from llmconf import api
from llmconf.core.diagnostics import Diagnostic

FILES = 40


class Counted(list[Diagnostic]):
    """Findings that count how often they are gone through."""

    looks = 0

    def __iter__(self) -> Iterator[Diagnostic]:
        self.looks += 1
        return super().__iter__()


def test_the_secret_lines_of_many_files_take_one_look_at_each_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llmconf.yaml").write_text("version: 1\nname: many\n", encoding="utf-8")
    (tmp_path / "config").mkdir()
    for number in range(FILES):
        text = f"kind: Credential\nprovider: openai\nname: c{number}\napi_key: not-a-real-key-{number}\n"
        (tmp_path / f"config/c{number}.yaml").write_text(text, encoding="utf-8")
    checked = api.validate(tmp_path, today=date(2026, 6, 1))
    findings = Counted(checked.diagnostics)
    monkeypatch.setattr(checked, "diagnostics", findings)
    report = api.make_report(checked, checked.diagnostics)
    files = {diagnostic.span.file for diagnostic in checked.diagnostics}
    spans = [found.span for found in checked.diagnostics if found.code == "LCK001"]
    assert len(spans) >= FILES
    before = findings.looks
    for name in files:
        expected = {span.line for span in spans if span.file == name}
        assert expected <= report.secret_lines(name)
    assert findings.looks - before <= 1
