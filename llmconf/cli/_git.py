"""How commands call git: with an argument list, and with nothing that the repository's own settings could run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from llmconf.errors import RefusedError, UsageError

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
SAFE = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""How a call of git begins."""


def git(folder: Path, *arguments: str, in_hook: bool = False) -> bytes:
    """Return what git prints. Raises RefusedError with git's own words where it fails.

    A hook is told its repository and index by its environment, which holds for it alone: `in_hook` heeds that.
    """
    skipped = () if in_hook else _ELSEWHERE
    environment = {key: value for key, value in os.environ.items() if key not in skipped}
    environment |= {"GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with an argument list
            [*SAFE, *arguments], cwd=folder, env=environment, check=False, capture_output=True, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise UsageError("git is not installed") from None
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise RefusedError(f"git {arguments[0]}: {words or f'status {done.returncode}'}")
    return done.stdout


def top_of(folder: Path, *, in_hook: bool = False) -> Path | None:
    """Return the root of the work tree that a folder is in, or None outside of one."""
    try:
        out = git(folder, "rev-parse", "--show-toplevel", in_hook=in_hook)
    except RefusedError:
        return None
    return Path(os.fsdecode(out.rstrip(b"\n")))
