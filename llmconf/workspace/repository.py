"""Facts of the repository besides its YAML: the revision, the wrapped keys, and the authors of lines."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from llmconf.core.errors import RefusedError, UsageError
from llmconf.core.grammar import PROJECT_FILE
from llmconf.workspace.git import git
from llmconf.workspace.user_folders import state_folder

_SOURCES = (PROJECT_FILE, "config", "environments", "lock", "keys")
_MAX_KEY_FILE = 64 * 1024


def revision(root: Path) -> str | None:
    """Return the commit that is checked out, with `-dirty` if the sources differ from it.

    Returns None if the project is not in a git repository, if it has no commit yet, or if git is missing.
    """
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    present = [name for name in _SOURCES if (root / name).exists()]
    changes = _git(
        root, "status", "--porcelain", "--untracked-files=all", "--ignore-submodules=dirty", "--", *present
    )
    return f"{commit}-dirty" if changes or changes is None else commit


def _git(root: Path, *arguments: str) -> str | None:
    """Return the output of git, or None if git is missing, fails or takes too long."""
    try:
        return git(root, *arguments).decode("utf-8", "replace").strip()
    except (OSError, RefusedError, UsageError):
        return None


def git_prefix(root: Path) -> str:
    """Return the path from the root of the git repository to the project, which ends in `/` or is empty."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            prefix = root.relative_to(folder).as_posix()
            return "" if prefix == "." else prefix + "/"
    return ""


def key_files(root: Path, kid: str) -> dict[str, bytes]:
    """Return the wrapped data keys with this id, by their path below the root. Links are not followed."""
    found = {}
    for folder in sorted((root / "keys").glob(f"*/{kid}")):
        for file in sorted(folder.iterdir()):
            wanted = file.suffix in (".age", ".mac") or file.name == "key.yaml"
            regular = wanted and file.is_file() and not file.is_symlink()
            inside = os.path.realpath(file).startswith(os.path.realpath(root) + os.sep)
            if regular and inside and file.stat().st_size <= _MAX_KEY_FILE:
                found[file.relative_to(root).as_posix()] = file.read_bytes()
    return found


def pin_file(root: Path) -> Path | None:
    """Return the file in which this clone remembers the keys it trusts: in `.git`, which no pull request changes.

    Outside of git it lies in the user's state folder; for a user without a home there is none.
    """
    real = root.resolve()
    for folder in (real, *real.parents):
        common = _common_folder(folder / ".git")
        if common is not None:
            prefix = "" if folder == real else real.relative_to(folder).as_posix() + "/"
            name = hashlib.sha256(prefix.encode()).hexdigest()[:16] if prefix else "root"
            return common / "llmconf" / f"pins-{name}.json"
    state = state_folder()
    return state / f"pins-{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]}.json" if state else None


def _common_folder(entry: Path) -> Path | None:
    """Return the folder that all worktrees of a repository share, for its `.git`. None if `.git` is not valid.

    This does not ask git: git treats any folder as a repository if a pull request has filled it like one.
    """
    try:
        if entry.is_file():
            entry = entry.parent / entry.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        if not (entry / "HEAD").is_file():
            return None
        shared = entry / "commondir"
        return (entry / shared.read_text(encoding="utf-8").strip() if shared.is_file() else entry).resolve()
    except (OSError, UnicodeDecodeError):
        return None


class Blame:
    """Tells who changed a line last, according to git. Asks git once for each file."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}

    def knows(self, name: str) -> bool:
        """Tell whether git knows who changed the lines of a file."""
        if name not in self._files:
            self._files[name] = self._authors(name)
        return bool(self._files[name])

    def author(self, name: str, line: int) -> str:
        """Return author and day of the last change of a line, or empty if git does not know."""
        return self._files[name][line - 1] if self.knows(name) and line <= len(self._files[name]) else ""

    def _authors(self, name: str) -> list[str]:
        # What a commit is stands once, at its first line; each line has a head that names its commit.
        text = _git(self._root, "blame", "--porcelain", "--", name) or ""
        commits: dict[str, str] = {}
        authors: list[str] = []
        commit = author = ""
        at_head = True
        for row in text.split("\n"):
            if at_head:
                commit = row.partition(" ")[0]
            elif row.startswith("author "):
                author = row.removeprefix("author ")
            elif row.startswith("author-time "):
                day = _day(row.removeprefix("author-time "))
                commits[commit] = f"{author}, {day}" if author != "Not Committed Yet" else "not committed"
            at_head = row.startswith("\t")
            if at_head:
                authors.append(commits.get(commit, ""))
        return authors


def _day(seconds: str) -> str:
    """Return the day of a commit. The author can set any time, so it may be outside of the calendar."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "on an invalid day"
