"""What the tests of locks share: models to lock, and a project with a lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llmconf.lock.format import Locked, LockFile, Source, write

OPENAI = Source("https://api.openai.com/v1", "openai")
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
"""


def model(name: str, enabled: bool = True, sources: dict[str, str] | None = None, **facts: Any) -> Locked:
    return Locked(name, facts, enabled, sources or {})


def lock_text(*models: Locked | str, source: Source = OPENAI) -> str:
    return write(LockFile(source, tuple(model(m) if isinstance(m, str) else m for m in models)))


def write_files(root: Path, files: dict[str, str]) -> Path:
    """Write a project whose provider file is `PROVIDER`, unless `files` says otherwise."""
    for name, text in {"llmconf.yaml": "version: 1\nname: locked\n", "config/openai.yaml": PROVIDER, **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    return root
