"""`llmconf secrets edit`: edit a file with its secrets in plain text."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._paths import relative_paths
from llmconf.core.errors import LlmconfError, RefusedError

_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, and only a private folder in it is used
_PREFIX = "llmconf-edit-"
_SIGNALS = ("SIGTERM", "SIGHUP", "SIGQUIT")
_FRESH = 24 * 3600 if os.name == "nt" else 60
"""A younger folder, in seconds, is never removed as left over: its process may not have locked it yet."""


@click.command(name="edit")
@click.argument("path")
@shared.trust_option
@shared.secrets_options
def command(path: str, trust: str | None, directory: str | None) -> int:
    """Open PATH in $VISUAL or $EDITOR with its tokens opened, then seal changed secrets again.

    The plain text is in a private folder, in memory if the system allows it. It is deleted afterwards, also
    after an error or a signal. An unchanged secret keeps its token byte for byte.

    \b
    Examples:
      llmconf secrets edit config/openai.yaml
      EDITOR='code --wait' llmconf secrets edit config/openai.yaml
    """
    from llmconf.secrets.edit import reveal, seal_again

    with shared.workspace(directory, change=True) as work, _private_folder() as folder:
        (name,) = relative_paths((path,), work.root)
        revealed = reveal(work, name)
        file = folder / Path(name).name
        _write(file, revealed.text)
        while True:
            _run_editor(file)
            try:
                text = _read(file, name)
                if text == revealed.text:
                    click.echo("nothing changed")
                    return 0
                outcome = seal_again(work, name, revealed, text, trust=trust)
                return shared.tell(work, outcome, f"{name} written")
            except LlmconfError as error:
                problem = error
            # Giving up would lose the edited text. Without a terminal, nobody can answer a question.
            if not sys.stdin.isatty():
                raise problem
            click.echo(f"llmconf: {problem.message}", err=True)
            if not click.confirm("edit again?", default=True, err=True):
                raise problem


def _read(file: Path, name: str) -> str:
    """Return the edited text. A byte order mark that the editor added is removed."""
    try:
        return file.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except OSError as error:
        raise RefusedError(f"the editor left no {name}: {error.strerror}; nothing was changed") from None
    except UnicodeDecodeError:
        raise RefusedError(f"{name} is no longer UTF-8", "save the file as UTF-8") from None


def _write(file: Path, text: str) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise RefusedError(f"{file} cannot be written: {error.strerror}", "make room there") from None


def _run_editor(file: Path) -> None:
    try:
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    except ValueError:
        raise RefusedError("$VISUAL or $EDITOR has an unbalanced quote") from None
    if not editor:
        raise RefusedError("$VISUAL or $EDITOR is blank", "set it to your editor")
    try:
        done = subprocess.run([*editor, str(file)], check=False)  # noqa: S603 - the user's own editor
    except OSError as error:
        raise RefusedError(
            f"the editor `{editor[0]}` cannot be started: {error.strerror}", "set $EDITOR"
        ) from None
    if done.returncode < 0:
        raise RefusedError(f"the editor was ended by signal {-done.returncode}: nothing was changed")
    if done.returncode > 0:
        raise RefusedError(f"the editor ended with status {done.returncode}: nothing was changed")


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, and remove it in any case when the block ends."""

    def stop(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    caught = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in (*caught, signal.SIGINT)}
    base = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _sweep(base)
    folder = None
    held = None
    try:
        for number in caught:
            signal.signal(number, stop)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        held = _hold(folder)
        yield folder
    finally:
        # A second signal must not prevent the removal of the plain text.
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)
        for number, handler in before.items():
            signal.signal(number, handler)


def _sweep(base: Path) -> None:
    """Remove folders of this user whose process was killed: no process locks them, and they may have plain text."""
    for folder in base.glob(_PREFIX + "*"):
        try:
            info = folder.lstat()
            fresh = time.time() - info.st_mtime < _FRESH
            if fresh or not stat.S_ISDIR(info.st_mode) or (hasattr(os, "getuid") and info.st_uid != os.getuid()):
                continue
            held = _hold(folder)
        except OSError:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _hold(folder: Path) -> int | None:
    """Lock a folder while this process lives. Raises OSError if another process has locked it."""
    try:
        import fcntl
    except ImportError:  # Windows has no such locks: only old folders count as left over there
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
