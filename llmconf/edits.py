"""Changing files of a repository together: all are prepared first, then all take their places.

Only one llmconf changes a repository at a time. A file that somebody else changed since it was read is not
overwritten, a link out of the repository is not followed, and after an error every file is as it was.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llmconf.errors import RefusedError

_NEW_FILE_MODE = 0o666


@dataclass(frozen=True, slots=True)
class Change:
    """New content of a file. `old` is what was read, None for a file that is new; `new` None deletes it."""

    path: Path
    old: bytes | None
    new: bytes | None


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Keep other llmconf processes from changing the repository meanwhile; they wait.

    The lock is held on the project file and ends with the process, however it ends.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no advisory locks of this kind; replacing files stays atomic there
        yield
        return
    handle = os.open(root / "llmconf.yaml", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def apply(root: Path, changes: list[Change]) -> None:
    """Make all changes, or none where one cannot be made. Raises RefusedError with what stood against it."""
    prepared: list[tuple[Change, Path | None]] = []
    done: list[tuple[Change, Path | None]] = []
    try:
        for change in changes:
            _check(root, change)
            prepared.append((change, _prepare(change) if change.new is not None else None))
        for change, temporary in prepared:
            _unchanged(change)
            done.append((change, temporary))
            if temporary is None:
                change.path.unlink(missing_ok=True)
            else:
                temporary.replace(change.path)
    except OSError as error:
        _undo(done)
        where = Path(error.filename).name if isinstance(error.filename, str) else "a file"
        raise RefusedError(f"nothing was changed: {where} cannot be written ({error.strerror})") from None
    except BaseException:
        _undo(done)
        raise
    finally:
        for _, temporary in prepared:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)


def _check(root: Path, change: Change) -> None:
    real_root = root.resolve()
    real = change.path.parent.resolve() / change.path.name
    if change.path.is_symlink() or real_root not in real.parents:
        raise RefusedError(
            f"{change.path.name} is a link or leads out of the repository", "edit the file itself"
        )
    if change.old is not None and change.new is not None and not os.access(change.path, os.W_OK):
        raise RefusedError(f"{change.path.name} is read-only", "make it writable and run this again")
    _unchanged(change)


def _unchanged(change: Change) -> None:
    try:
        current = change.path.read_bytes()
    except FileNotFoundError:
        current = None
    if current != change.old:
        raise RefusedError(f"{change.path.name} was changed by somebody else meanwhile", "run this again")


def _prepare(change: Change) -> Path:
    """Write the new content beside the file, with its mode and owner."""
    if change.old is None:
        change.path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=change.path.parent, prefix=f".{change.path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(change.new or b"")
            file.flush()
            os.fsync(file.fileno())
        if change.old is None:
            umask = os.umask(0o077)
            os.umask(umask)
            temporary.chmod(_NEW_FILE_MODE & ~umask)
        else:
            info = change.path.stat()
            temporary.chmod(info.st_mode & 0o7777)
            if hasattr(os, "chown") and (info.st_uid, info.st_gid) != (os.getuid(), os.getgid()):
                with contextlib.suppress(PermissionError):
                    os.chown(temporary, info.st_uid, info.st_gid)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return temporary


def _undo(done: list[tuple[Change, Path | None]]) -> None:
    """Put back what was there, as far as it goes: each file is whole in any case."""
    for change, _ in reversed(done):
        with contextlib.suppress(OSError):
            if change.old is None:
                change.path.unlink(missing_ok=True)
            elif change.path.exists() is False or change.path.read_bytes() != change.old:
                temporary = _prepare(
                    Change(
                        change.path, change.path.read_bytes() if change.path.exists() else None, change.old
                    )
                )
                temporary.replace(change.path)
