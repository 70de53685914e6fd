"""What the end-to-end tests share: the command in a process of its own, and copies of the examples."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import fork_server

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"

TODAY = "2026-11-23"
"""The day the examples were written on; tests do not depend on the clock."""

ANY_TOKEN = "ENC(*)"
"""Stands for a whole sealed token in the text that `edit` looks for."""


def run(
    *args: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, umask: int = -1
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process and return what it said. `env` is added to the environment.

    The process sees no LLMCONF_* variable of the developer, and its cache is a folder of this test run.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("LLMCONF_")}
    environment = {**inherited, "XDG_CACHE_HOME": _cache(), **(env or {})}
    return fork_server.run([*map(str, args)], cwd or Path.cwd(), environment, umask=umask)


@cache
def _cache() -> str:
    folder = tempfile.TemporaryDirectory(prefix="llmconf-tests-")
    atexit.register(folder.cleanup)
    return folder.name


def copy_example(name: str, target: Path) -> Path:
    """Copy one of the examples to a new folder below `target` and return its root."""
    return Path(shutil.copytree(EXAMPLES / name, target / name, ignore=shutil.ignore_patterns("dist")))


def edit(file: Path, old: str, new: str) -> None:
    """Replace text that occurs exactly once in a file; `ANY_TOKEN` in it stands for any token."""
    text = file.read_text(encoding="utf-8")
    pattern = re.escape(old).replace(re.escape(ANY_TOKEN), r"ENC\([^)]*\)")
    found = list(re.finditer(pattern, text))
    if len(found) != 1:
        raise AssertionError(f"{old!r} occurs {len(found)} times in {file}")
    start, end = found[0].span()
    file.write_text(text[:start] + new + text[end:], encoding="utf-8")


def locate(file: Path, marked: str) -> tuple[int, int, int, int]:
    """Return line and column of start and end of the part in «guillemets» of a text that occurs once."""
    before, rest = marked.split("«")
    inside, after = rest.split("»")
    text = file.read_text(encoding="utf-8")
    if text.count(before + inside + after) != 1:
        raise AssertionError(f"{marked!r} does not occur exactly once in {file}")
    start = text.index(before + inside + after) + len(before)
    return (*_position(text, start), *_position(text, start + len(inside)))


def _position(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def git(*args: str | Path, cwd: Path) -> str:
    """Run git with a made-up author and without the developer's settings; return its output."""
    settings = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Test",
        "GIT_AUTHOR_EMAIL": "test@example.org",
        "GIT_COMMITTER_NAME": "Test",
        "GIT_COMMITTER_EMAIL": "test@example.org",
        "GIT_AUTHOR_DATE": "2026-11-23T12:00:00Z",
        "GIT_COMMITTER_DATE": "2026-11-23T12:00:00Z",
    }
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", *map(str, args)],
        cwd=cwd,
        env={**inherited, **settings},
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.stdout


def commit_all(root: Path) -> None:
    """Make a folder a git repository with one commit of all that is in it."""
    git("init", "--quiet", "--initial-branch=main", cwd=root)
    git("add", "--all", cwd=root)
    git("commit", "--quiet", "--message=All of it", cwd=root)


def tree(root: Path) -> dict[str, bytes]:
    """Return the contents of all files below a folder, by relative path."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
