"""Anything may stand in any file: always a diagnostic with a position, never a traceback, in bounded time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import run

from llmconf.registry import module_names

PROJECT = "version: 1\nname: fixture\n"
FAKE_KEY = "sk-proj-FAKEfakeFAKEfakeFAKEfakeFAKEfakeFAKEfakeFAKE1234"
CREDENTIAL = "kind: Credential\nprovider: openai\nname: main\n"


def _text(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text, encoding="utf-8", newline="")


def _bytes(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None  # type: ignore[func-returns-value]


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "invalid utf-8": (_bytes(b"kind: Route\nname: \xff\n"), "LCY002"),
    "utf-16": (_bytes("kind: Route\n".encode("utf-16")), "LCY002"),
    "nul": (_bytes(b"kind: Route\nname: a\x00b\n"), "LCY002"),
    "escape character": (_bytes(b"kind: Route\nname: \x1b[31m\n"), "LCY002"),
    "deep flow": (_text("[" * 100_000), "LCY005"),
    "deep block": (_text("".join(" " * i + "a:\n" for i in range(3_000))), "LCY005"),
    "alias bomb": (
        _text("a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))), "LCY006"),
    "recursive alias": (_text("a: &a [*a]\n"), "LCY006"),
    "50 MB": (_text("# padding\n" * 5_000_000), "LCY008"),
    "folder": (Path.mkdir, "LCY007"),
    "link out": (_link("/etc/hostname"), "LCY007"),
    "link loop": (_link("bad.yaml"), "LCY007"),
    "dangling link": (_link("nowhere.yaml"), "LCY007"),
    "fifo": (os.mkfifo, "LCY007"),
    "empty": (_text(""), "LCY009"),
    "only comments": (_text("# nothing\n\n# here\n"), "LCY009"),
    "null": (_text("null\n"), "LCY009"),
    "list": (_text("- kind: Route\n"), "LCS001"),
    "scalar": (_text("kind\n"), "LCS001"),
    "syntax": (_text("kind: Route\n  name: x\n"), "LCY001"),
    "tab": (_text("kind: Route\n\tname: x\n"), "LCY001"),
    "tag": (_text("kind: !!python/object:os.system Route\nname: x\n"), "LCY004"),
    "number key": (_text("kind: Route\nname: x\n1: 2\n"), "LCY010"),
    "huge number": (_text("kind: Model\nprovider: p\nid: m\ncontext: " + "9" * 5000 + "\n"), "LCY012"),
    "yaml 1.1": (_text("%YAML 1.1\n---\nkind: Route\nname: x\ntargets: []\n"), "LCY014"),
    "boolean of yaml 1.1": (_text("kind: Route\nname: x\nenabled: no\ntargets: [{model: a/b}]\n"), "LCS005"),
    "nan": (_text('kind: Model\nprovider: p\nid: m\nprice: {input: .nan}\n'), "LCS005"),
    "number for a string": (_text("kind: Team\nname: 42\nuses: []\n"), "LCS005"),
    "long line": (_text("{kind: Route, name: x, description: " + "x" * 1_000_000 + ", targts: 1}\n"), "LCS003"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_a_diagnostic(name: str, tmp_path: Path) -> None:
    make, code = BAD[name]
    (tmp_path / "llmconf.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "config").mkdir()
    make(tmp_path / "config" / "bad.yaml")
    report = tmp_path / "report.json"
    done = run("validate", "--no-cache", "--report", "concise", "--report", f"json:{report}", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if f" {code} " in line]
    assert lines, done.stdout[:2000]
    assert lines[0].startswith("config/bad.yaml:")
    found = json.loads(report.read_text(encoding="utf-8"))["diagnostics"]
    assert code in {diagnostic["code"] for diagnostic in found}


@pytest.mark.parametrize("broken", ["", "- list\n", "version: 2\nname: x\n", "version: 1\nname: [\n", "just text\n"])
def test_a_bad_project_file_gets_a_diagnostic(broken: str, tmp_path: Path) -> None:
    (tmp_path / "llmconf.yaml").write_text(broken, encoding="utf-8")
    done = run("validate", "--no-cache", "--report", "concise", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("llmconf.yaml:")
    assert "Traceback" not in done.stderr


def test_ten_thousand_mistakes_in_one_file_are_all_reported(tmp_path: Path) -> None:
    (tmp_path / "llmconf.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "config").mkdir()
    targets = "".join(f"  - model: openai/gpt-{i}\n" for i in range(10_000))
    text = "kind: Route\nname: many\ntargets:\n" + targets + "---\nkind: Provider\nname: openai\ntype: openai\n" + (
        "endpoints: [{name: main, url: https://api.openai.com/v1}]\ncredentials: [{name: main, api_key: env:KEY}]\n"
    )
    (tmp_path / "config" / "many.yaml").write_text(text, encoding="utf-8")
    done = run("validate", "--no-cache", "--report", "concise", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.count(" LCR002 ") == 10_000


@pytest.mark.parametrize("report", module_names("llmconf.reporters"))
@pytest.mark.parametrize(
    "text",
    [
        f"{CREDENTIAL}api_key: {FAKE_KEY}\n",
        f"{CREDENTIAL}api_key: {FAKE_KEY}\n  broken: [\n",
        f"{CREDENTIAL}# the key is {FAKE_KEY}\ndescription: x\n",
        f"{CREDENTIAL}description: {FAKE_KEY}\n",
        f"{CREDENTIAL}{FAKE_KEY}: x\n",
        f"kind: {FAKE_KEY}\n",
    ],
    ids=["field", "broken", "comment", "description", "key", "kind"],
)
def test_a_key_in_plain_text_is_found_and_never_shown(text: str, report: str, tmp_path: Path) -> None:
    (tmp_path / "llmconf.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "main.yaml").write_text(text, encoding="utf-8")
    done = run("validate", "--no-cache", "--report", report, cwd=tmp_path)
    assert done.returncode == 1
    assert FAKE_KEY not in done.stdout + done.stderr
    assert FAKE_KEY[8:] not in done.stdout + done.stderr
    assert "LCK001" in done.stdout


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "llmconf.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "config").mkdir()
    bad = tmp_path / "config" / "bad.yaml"
    bad.write_text("kind: Route\n", encoding="utf-8")
    bad.chmod(0)
    # Root reads everything, so a process that reads as root gives that up first.
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from llmconf import parse\n"
        "os.chdir(sys.argv[1])\n"
        "os.getuid() or os.setuid(65534)\n"
        "print(parse.read_text(Path('.'), 'config/bad.yaml').code)\n"
    )
    (tmp_path / "config").chmod(0o755)
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "LCY007", done.stderr
