"""How git is called: nothing that a pull request can bring runs, is fetched, or passes for a repository."""

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

    The caller ends it. Raises RefusedError for a folder that is a trap, UsageError if git is not installed.
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
    """Raise RefusedError if a folder of the work tree is filled like a repository, with settings of its own.

    Git takes such a folder for a repository unless it is told not to, which it understands from version 2.38 on.
    """
    for each in (folder.absolute(), *folder.absolute().parents):
        if (each / ".git").exists():
            return
        there = [os.path.lexists(each / name) for name in ("HEAD", "commondir", "objects", "refs")]
        if there[0] and (there[1] or all(there[2:])):
            raise RefusedError(f"{each} is filled like a git repository", "take HEAD and what belongs to it out")


def _environment(*, in_hook: bool = False) -> dict[str, str]:
    skipped = () if in_hook else _ELSEWHERE
    kept = {key: value for key, value in os.environ.items() if key not in skipped}
    # An object that is missing is not fetched: from where and how, the configuration of the clone would decide.
    offline = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    return kept | {"GIT_LITERAL_PATHSPECS": "1", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"} | offline
