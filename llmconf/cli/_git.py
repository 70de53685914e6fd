"""How commands call git: with an argument list, and with nothing that the repository's own settings could run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from llmconf.core.errors import RefusedError, UsageError
from llmconf.workspace.git import COMMAND, SECONDS, environment, require_no_trap


def git(folder: Path, *arguments: str, in_hook: bool = False) -> bytes:
    """Return what git prints. Raises RefusedError with git's own words where it fails.

    A hook is told its repository and index by its environment, which holds for it alone: `in_hook` heeds that.
    """
    require_no_trap(folder)
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with an argument list
            [*COMMAND, *arguments], cwd=folder, env=environment(in_hook=in_hook), check=False, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip
    except FileNotFoundError:
        raise UsageError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise RefusedError(f"git {arguments[0]}: no end within {SECONDS} seconds") from None
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise RefusedError(f"git {arguments[0]}: {words or f'status {done.returncode}'}")
    return done.stdout


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
