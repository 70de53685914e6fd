"""Paths that commands are given: the root of the project, files in it, and files to write."""

from __future__ import annotations

import os
from pathlib import Path

from llmconf.cli._options import invocation
from llmconf.core.errors import RefusedError, UsageError


def root_of(directory: str | None) -> Path:
    """Return the project's root, from the command's `-C`, the group's, or the current folder."""
    from llmconf.project.discover import find_root

    return find_root(start_of(directory))


def start_of(directory: str | None) -> Path:
    """Return the folder that a command begins in, from its `-C`, the group's, or the current folder."""
    return Path(directory or invocation().directory or ".")


def relative_paths(paths: tuple[str, ...], root: Path) -> list[str]:
    """Return paths relative to the root, with forward slashes. Raises UsageError for a path outside the project."""
    relative = []
    for path in paths:
        name = os.path.relpath(Path(path).absolute(), root)
        if name.startswith(".."):
            name = os.path.relpath(Path(path).resolve(), root.resolve())
        if name.startswith("..") or not (root / name).exists():
            raise UsageError(f"no such path in the project: {path}")
        relative.append(name.replace(os.sep, "/"))
    return relative


def is_under(name: str, paths: list[str]) -> bool:
    """Tell whether a file is one of the paths or below one."""
    return any(path in (".", name) or name.startswith(path + "/") for path in paths)


def write_file(path: Path, data: bytes, what: str) -> None:
    """Write an output file completely or not at all. Raises RefusedError if it cannot be written."""
    from llmconf.workspace.atomic import require_inside, write_atomic

    require_inside(path)
    if path.is_symlink() and path.absolute().parts[1:2] != ("dev",):
        # A pull request can add a link. Writing through it would change another file than the named one.
        raise RefusedError(f"{what} cannot be written to {path}: it is a link", "name the file that the link points to")
    try:
        write_atomic(path, data)
    except OSError as error:
        raise RefusedError(f"{what} cannot be written to {path}: {error.strerror}") from None
