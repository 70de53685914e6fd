"""Writing files so that none is ever half-written."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from llmconf.core.errors import RefusedError

_ROOTS = ("llmconf.yaml", ".git")


def require_inside(path: Path) -> None:
    """Raise RefusedError where a path that is named below a repository leads out of it through a link.

    A pull request can make links, and what one leads to is not what was named.
    """
    named = Path(os.path.abspath(path))  # noqa: PTH100 - steps are taken away as they are written, links left alone
    real = named.parent.resolve()
    for folder in named.parents:
        if any((folder / name).exists() for name in _ROOTS) and not real.is_relative_to(folder.resolve()):
            raise RefusedError(f"{path} leads out of the repository through a link", "name the file or folder itself")


def write_atomic(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file in full or not at all: to a neighbor first, which then takes its name.

    `mode` sets the permissions; without it an existing file keeps its own and a new one gets what the
    umask leaves. Raises OSError as the file system does.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        # A pipe or a device such as /dev/stdout: to take its name would destroy it.
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
    except BaseException:  # an interrupt too: it goes on once what was begun is undone
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    # The only way to read it is to set it; the command is single-threaded.
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
