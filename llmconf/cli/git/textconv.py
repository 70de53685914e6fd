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
    """Print FILE with its secrets masked: of a token its hint, fingerprint, revision and key.

    git calls this for `git diff`, `git log -p` and `git show`. It needs no key and no project, and takes any
    text: a file that is no YAML is masked line by line.

    \b
    Examples:
      llmconf git textconv config/openai.yaml
    """
    from llmconf.leaks.mask import mask_text

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        # An error would end the whole diff, not only that of this file.
        click.echo(f"(cannot be read: {error.strerror})")
        return 0
    wide = data[:2] in _UTF16
    text = data.decode("utf-16", "replace") if wide else data.decode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(mask_text(text, file).encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    return 0
