"""`llmconf secrets edit`: edit a file with its secrets in plain text."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from llmconf.cli import _common as common
from llmconf.cli import _secrets as shared
from llmconf.errors import LlmconfError, RefusedError

_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, and only a private folder in it is used


@click.command(name="edit")
@click.argument("path")
@shared.trust_option
@shared.secrets_options
def command(path: str, trust: str | None, directory: str | None) -> int:
    """Open PATH in $VISUAL or $EDITOR with its tokens opened, and seal again what changed.

    The plain text lies in a private folder, in memory where the system has one, and is gone afterwards,
    also after an error or a signal. What did not change keeps its token byte for byte.

    \b
    Examples:
      llmconf secrets edit config/openai.yaml
      EDITOR='code --wait' llmconf secrets edit config/openai.yaml
    """
    from llmconf.revealing import reveal, seal_again

    with shared.workspace(directory, change=True) as work, _private_folder() as folder:
        (name,) = common.relative_paths((path,), work.root)
        revealed = reveal(work, name)
        file = folder / Path(name).name
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(revealed.text)
        while True:
            _run_editor(file)
            text = file.read_bytes().decode("utf-8", "surrogateescape")
            if text == revealed.text:
                click.echo("nothing changed")
                return 0
            try:
                text.encode("utf-8")
                return shared.tell(
                    work, seal_again(work, name, revealed, text, trust=trust), f"{name} written"
                )
            except UnicodeEncodeError:
                problem = LlmconfError(f"{name} is not UTF-8 any more")
            except RefusedError as error:
                problem = error
            # Giving up would lose what was typed; without a terminal there is nobody to ask.
            if not sys.stdin.isatty():
                raise problem
            click.echo(f"llmconf: {problem.message}", err=True)
            if not click.confirm("edit again?", default=True, err=True):
                raise problem


def _run_editor(file: Path) -> None:
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        done = subprocess.run([*editor, str(file)], check=False)  # noqa: S603 - the user's own editor
    except OSError as error:
        raise RefusedError(
            f"the editor `{editor[0]}` cannot be started: {error.strerror}", "set $EDITOR"
        ) from None
    if done.returncode != 0:
        raise RefusedError(f"the editor ended with status {done.returncode}: nothing was changed")


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, and remove it however the block ends."""
    base = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None

    def stop(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)]
    before = {getattr(signal, name): signal.signal(getattr(signal, name), stop) for name in names}
    folder = Path(tempfile.mkdtemp(prefix="llmconf-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)
