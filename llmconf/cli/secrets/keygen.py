"""`llmconf secrets keygen`: make an age identity."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from llmconf.cli._options import debug_option
from llmconf.core.errors import RefusedError, UsageError


@click.command(name="keygen")
@click.option("--out", metavar="FILE", help="File to write, instead of a file in the config folder of the user.")
@debug_option
def command(out: str | None) -> int:
    """Make an age identity, write it to a private file, and print its public key.

    An existing file is never overwritten.

    \b
    Examples:
      llmconf secrets keygen
      llmconf secrets keygen --out ci.key
    """
    from llmconf.secrets.vault import age
    from llmconf.workspace.user_folders import config_folder

    folder = config_folder()
    if out is None and folder is None:
        raise UsageError("this user has no home folder", "name the file for the identity with --out FILE")
    path = Path(out) if out else (folder or Path()) / age.IDENTITY_FILE
    secret, public = age.generate()
    try:
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(parents=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise RefusedError(
            f"{path} exists already", "it may be the only key to your secrets: name another --out"
        ) from None
    except OSError as error:
        raise RefusedError(f"{path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"# public key: {public}\n{secret}\n")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RefusedError(f"{path} cannot be written: {error.strerror}") from None
    click.echo(public)
    click.echo(f"identity written to {path}", err=True)
    return 0
