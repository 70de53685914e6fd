"""`llmconf git textconv`: print a file with its secrets masked."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from llmconf.cli._options import debug_option

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@click.command(name="textconv")
@click.argument("file", metavar="FILE")
@debug_option
def command(file: str) -> int:
    """Print FILE with masked secrets. A token is shown by its hint, fingerprint, revision and key.

    git calls this command for `git diff`, `git log -p` and `git show`. It needs no key and no project. It accepts
    any text: a file that is not valid YAML is masked line by line.

    \b
    Examples:
      llmconf git textconv config/openai.yaml
    """
    from llmconf.leaks.mask import mask_text

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        # An error would stop the whole diff, not only the diff of this file.
        click.echo(f"(cannot be read: {error.strerror})")
        return 0
    wide = data[:2] in _UTF16
    text = data.decode("utf-16", "replace") if wide else data.decode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(mask_text(text, file).encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    return 0
