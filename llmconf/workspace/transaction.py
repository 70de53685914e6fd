"""Changes files of a repository together: first it prepares all new files, then it puts all of them in place.

Only one llmconf process changes a repository at a time. A file that somebody else changed since it was read is not
overwritten. A link out of the repository is not followed. After an error every file is unchanged.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from llmconf.core.errors import RefusedError, UndeterminedError
from llmconf.core.grammar import PROJECT_FILE

_NEW_FILE_MODE = 0o666
_PREFIX, _SUFFIX = ".llmconf-", ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(_PREFIX)}[a-z0-9_]+{re.escape(_SUFFIX)}")
_FOLDERS = ("config", "environments", "keys", "lock", "catalog")
"""The folders in which several processes may want to replace files."""


@dataclass(frozen=True, slots=True)
class Change:
    """New content of a file. `old` is the content that was read, None for a new file. If `new` is None, delete it."""

    path: Path
    old: bytes | None = field(repr=False)
    new: bytes | None = field(repr=False)


@contextlib.contextmanager
def locked(root: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Keep other llmconf processes from changing the repository. If another process has the lock, wait for it.

    `waiting` is called before a wait. The lock is on the project file and ends with the process, however it ends.
    Half-written files of a killed process are removed first: no other process can be writing them now.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no advisory locks of this kind; replacing files stays atomic there
        yield
        return
    file = root / PROJECT_FILE
    try:
        handle = os.open(file, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(handle, fcntl.LOCK_EX)
            while not os.path.samestat(os.fstat(handle), file.stat()):
                # The file was replaced while this process waited, and only a lock on the new file counts.
                os.close(handle)
                handle = os.open(file, os.O_RDONLY)
                fcntl.flock(handle, fcntl.LOCK_EX)
        except BaseException:  # an interrupt too: it is raised again after the cleanup
            os.close(handle)
            raise
    except OSError as error:
        raise UndeterminedError(f"the repository cannot be locked: {file.name}: {error.strerror}") from None
    try:
        _sweep(root)
        yield
    finally:
        os.close(handle)


def _sweep(root: Path) -> None:
    """Remove the temporary files of killed processes, which are beside the files that they were replacing."""
    for name in _FOLDERS:
        for folder, _, files in os.walk(root / name):
            for leftover in filter(_LEFTOVER.fullmatch, files):
                with contextlib.suppress(OSError):
                    Path(folder, leftover).unlink()


def apply(root: Path, changes: list[Change]) -> None:
    """Make all changes in their order, or none if one of them cannot be made.

    Raises RefusedError with the reason.
    """
    prepared: list[tuple[Change, Path | None]] = []
    done: list[tuple[Change, Path | None]] = []
    change = None
    finished = False
    try:
        real_folder = cache(Path.resolve)
        for change in changes:
            _check(root, change, real_folder)
            prepared.append((change, _prepare(change) if change.new is not None else None))
        for change, temporary in prepared:
            _unchanged(root, change)
            done.append((change, temporary))
            if temporary is None:
                change.path.unlink(missing_ok=True)
            else:
                temporary.replace(change.path)
        finished = True
    except OSError as error:
        _undo(done)
        where = _shown(root, change.path) if change else "a file"
        hint = "make room or make it writable, and run this again"
        raise RefusedError(f"nothing was changed: {where} cannot be written: {error.strerror}", hint) from None
    except BaseException:  # an interrupt too: it is raised again after the cleanup
        _undo(done)
        raise
    finally:
        _clear(changes if not finished else [], prepared)


def _clear(given_up: list[Change], prepared: list[tuple[Change, Path | None]]) -> None:
    """Remove prepared files that are not needed, and folders that were made for files that will not exist."""
    for _, temporary in prepared:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    for change in given_up:
        if change.old is None:
            with contextlib.suppress(OSError):  # the folder is not empty, or does not exist
                change.path.parent.rmdir()


def _shown(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _check(root: Path, change: Change, real_folder: Callable[[Path], Path]) -> None:
    real_root = real_folder(root)
    real = real_folder(change.path.parent) / change.path.name
    shown = _shown(root, change.path)
    if change.path.is_symlink() or real_root not in real.parents:
        raise RefusedError(
            f"nothing was changed: {shown} is a link or leads out of the repository", "edit the file itself"
        )
    if change.old is not None and change.new is not None and not os.access(change.path, os.W_OK):
        raise RefusedError(f"nothing was changed: {shown} is read-only", "make it writable and run this again")
    _unchanged(root, change)


def _unchanged(root: Path, change: Change) -> None:
    try:
        current = change.path.read_bytes()
    except FileNotFoundError:
        current = None
    if current != change.old:
        shown = _shown(root, change.path)
        raise RefusedError(
            f"nothing was changed: {shown} was changed by somebody else meanwhile", "run this again"
        )


def _prepare(change: Change) -> Path:
    """Write the new content beside the file, with its mode and owner."""
    if change.old is None:
        change.path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=change.path.parent, prefix=_PREFIX, suffix=_SUFFIX)
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
            if hasattr(os, "chown") and (info.st_uid, info.st_gid) != (os.getuid(), os.getgid()):
                with contextlib.suppress(PermissionError):
                    os.chown(temporary, info.st_uid, info.st_gid)
            # The mode comes after the owner, because a change of the owner removes special bits.
            temporary.chmod(info.st_mode & 0o7777)
    except BaseException:  # an interrupt too: it is raised again after the cleanup
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return temporary


def _undo(done: list[tuple[Change, Path | None]]) -> None:
    """Restore the old files as far as possible. Each file is complete in any case."""
    for change, _ in reversed(done):
        with contextlib.suppress(OSError):
            current = change.path.read_bytes() if change.path.exists() else None
            # A file that somebody else has written in the meantime, or that was not replaced yet, stays.
            if current != change.new or current == change.old:
                continue
            if change.old is None:
                change.path.unlink()
            else:
                _prepare(Change(change.path, current, change.old)).replace(change.path)
