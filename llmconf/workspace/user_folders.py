"""The folders of the user, where each system keeps them: cache, configuration and state.

A relative XDG variable counts as not set. A user without a home, as in some containers, has only the folders that
such a variable names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platformdirs.api import PlatformDirsABC

NAME = "llmconf"


def cache_folder() -> Path | None:
    """Return the user's cache folder for llmconf, or None for a user without a home."""
    try:
        return _folders(NAME).user_cache_path
    except RuntimeError:
        return None


def config_folder(program: str = NAME) -> Path | None:
    """Return the user's folder for the settings of a program, or None for a user without a home."""
    try:
        return _folders(program).user_config_path
    except RuntimeError:
        return None


def state_folder() -> Path | None:
    """Return the user's folder for what llmconf has to remember, or None for a user without a home."""
    try:
        return _folders(NAME).user_state_path
    except RuntimeError:
        return None


def home() -> Path | None:
    """Return the user's home, or None for a user without one."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _folders(program: str) -> PlatformDirsABC:
    # Most commands need no folder of the user, and the import takes a few milliseconds.
    from platformdirs import PlatformDirs

    return PlatformDirs(program, appauthor=False, roaming=True, opinion=False)
