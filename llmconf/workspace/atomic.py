"""Writes files so that no file is ever half-written."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from llmconf.core.errors import RefusedError
from llmconf.core.grammar import PROJECT_FILE

_ROOTS = (PROJECT_FILE, ".git")


def require_inside(path: Path) -> None:
    """Raise RefusedError if a path below a repository leads out of it through a link.

    A pull request can create links, so the file behind a link may not be the file that the user named.
    """
    named = Path(os.path.abspath(path))  # noqa: PTH100 - removes `..` steps as they are written, and does not follow links
    real = named.parent.resolve()
    for folder in named.parents:
        if any((folder / name).exists() for name in _ROOTS) and not real.is_relative_to(folder.resolve()):
            raise RefusedError(f"{path} leads out of the repository through a link", "name the file or folder itself")


def write_atomic(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a whole file or nothing: the data goes to a temporary file beside it, which then gets its name.

    `mode` sets the permissions. Without `mode`, an existing file keeps its permissions, and a new file gets those
    that the umask allows. Raises OSError if the file system does.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        # A pipe or a device such as /dev/stdout: to replace it would destroy it.
        path.write_bytes(data)
        return
    path = path.resolve() if path.is_symlink() else path
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is None:
            mode = path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask()
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:  # an interrupt too: it is raised again after the cleanup
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    # The only way to read it is to set it; the command is single-threaded.
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
