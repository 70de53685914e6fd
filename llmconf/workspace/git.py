"""Calls git safely: git runs and fetches nothing from a pull request, and accepts no repository inside of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from llmconf.core.errors import RefusedError, UsageError

_COMMAND = (
    "git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "safe.bareRepository=explicit",
)  # fmt: skip
_SECONDS = 60
"""How long one call may take."""
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


def git(folder: Path, *arguments: str, in_hook: bool = False) -> bytes:
    """Return the output of a git command that runs in a folder.

    Git tells a hook its repository and its index in environment variables. `in_hook` keeps them; without it they
    are dropped, because the project may be in another repository. Raises RefusedError with the message of git if
    the command fails, and UsageError if git is not installed.
    """
    require_no_trap(folder)
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with an argument list
            [*_COMMAND, *arguments], cwd=folder, env=_environment(in_hook=in_hook), check=False, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=_SECONDS,
        )  # fmt: skip
    except FileNotFoundError:
        raise UsageError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise RefusedError(f"git {arguments[0]}: no end within {_SECONDS} seconds") from None
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise RefusedError(f"git {arguments[0]}: {words or f'status {done.returncode}'}")
    return done.stdout


def start(folder: Path, *arguments: str, in_hook: bool = False) -> subprocess.Popen[bytes]:
    """Start a git command that reads requests from a pipe and writes its answers to another.

    The caller must end it. Raises RefusedError if the folder is a trap, and UsageError if git is not installed.
    """
    require_no_trap(folder)
    try:
        return subprocess.Popen(  # noqa: S603 - a fixed program with an argument list
            [*_COMMAND, *arguments], cwd=folder, env=_environment(in_hook=in_hook), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise UsageError("git is not installed") from None


def top_of(folder: Path, *, in_hook: bool = False) -> Path | None:
    """Return the root of the work tree that a folder is in, or None outside of one.

    Raises RefusedError for a folder that only looks like a repository.
    """
    require_no_trap(folder)
    try:
        out = git(folder, "rev-parse", "--show-toplevel", in_hook=in_hook)
    except RefusedError:
        return None
    return Path(os.fsdecode(out.rstrip(b"\n")))


def require_no_trap(folder: Path) -> None:
    """Raise RefusedError if a folder of the work tree contains the files of a repository, with its own settings.

    Git treats such a folder as a repository. Only from version 2.38 on, a setting can forbid that.
    """
    for each in (folder.absolute(), *folder.absolute().parents):
        if (each / ".git").exists():
            return
        there = [os.path.lexists(each / name) for name in ("HEAD", "commondir", "objects", "refs")]
        if there[0] and (there[1] or all(there[2:])):
            raise RefusedError(f"{each} looks like a git repository", "remove HEAD and the files that belong to it")


def _environment(*, in_hook: bool = False) -> dict[str, str]:
    skipped = () if in_hook else _ELSEWHERE
    kept = {key: value for key, value in os.environ.items() if key not in skipped}
    # A missing object is not fetched, because the configuration of the clone would decide from where and how.
    offline = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    return kept | {"GIT_LITERAL_PATHSPECS": "1", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"} | offline
