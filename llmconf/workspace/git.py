"""How git is called: nothing that a pull request can bring runs, is fetched, or passes for a repository."""

from __future__ import annotations

import os
from pathlib import Path

from llmconf.core.errors import RefusedError

COMMAND = (
    "git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "safe.bareRepository=explicit",
)  # fmt: skip
"""How a call of git begins."""
SECONDS = 60
"""How long a call may take."""
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


def environment(*, in_hook: bool = False) -> dict[str, str]:
    """Return the environment of a call.

    A hook is told its repository and index by its environment, which holds for it alone: `in_hook` heeds that.
    """
    skipped = () if in_hook else _ELSEWHERE
    kept = {key: value for key, value in os.environ.items() if key not in skipped}
    # An object that is missing is not fetched: where from and how is for the configuration to say.
    offline = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    return kept | {"GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C"} | offline


def require_no_trap(folder: Path) -> None:
    """Raise RefusedError where a folder of the work tree is filled like a repository, with settings of its own.

    git takes such a folder for one, unless it is told not to, which it understands from version 2.38 on.
    """
    for each in (folder.absolute(), *folder.absolute().parents):
        if (each / ".git").exists():
            return
        there = [os.path.lexists(each / name) for name in ("HEAD", "commondir", "objects", "refs")]
        if there[0] and (there[1] or all(there[2:])):
            raise RefusedError(f"{each} is filled like a git repository", "take HEAD and what belongs to it out")
