"""Small projects for tests of rules: documents in, diagnostics out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from llmconf import api
from llmconf.core.plugins import load_module

PROVIDER = """\
kind: Provider
name: openai
type: openai
endpoints:
  - name: main
    url: https://api.openai.com/v1
credentials:
  - name: main
    api_key: env:OPENAI_API_KEY
models:
  - id: gpt-5
    capabilities: [chat]
"""
TOKEN = "ENC(v1;k=fakefakefa;r=1;f=fakefake;d=" + "NotARealToken" * 8 + ")"


class Found:
    """The diagnostics of one project, to ask about."""

    def __init__(self, root: Path, today: str) -> None:
        checked = api.validate(root, today=date.fromisoformat(today))
        self.diagnostics = checked.diagnostics
        report = api.make_report(checked, checked.diagnostics)
        self.lines = load_module("llmconf.report.formats", "concise").render(report).splitlines()

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.diagnostics]

    @property
    def places(self) -> list[str]:
        return [f"{d.code} {d.span.file}:{d.span.line}:{d.span.column}" for d in self.diagnostics]


class Projects:
    """Writes small projects: base documents, and overlays of the environment `prod`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(
        self, *documents: str, overlay: str | None = None, settings: str = "", today: str = "2026-06-01"
    ) -> Found:
        head = "version: 1\nname: cases\n" + ("environments: [dev, prod]\n" if overlay is not None else "")
        self._write("llmconf.yaml", head + settings)
        self._write("config/main.yaml", "---\n".join(documents))
        if overlay is not None:
            self._write("environments/prod/main.yaml", overlay)
        return Found(self.root, today)

    def _write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def route(name: str = "chat", *targets: str, rest: str = "") -> str:
    listed = ", ".join(f"{{model: {target}}}" for target in targets or ("openai/gpt-5",))
    return f"kind: Route\nname: {name}\ntargets: [{listed}]\n{rest}"


def credential(name: str, rest: str) -> str:
    return f"kind: Credential\nprovider: openai\nname: {name}\n{rest}"
