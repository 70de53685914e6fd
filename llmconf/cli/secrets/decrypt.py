"""`llmconf secrets decrypt`: print a file with its secrets in plain text."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._paths import relative_paths
from llmconf.core.errors import UsageError


@click.command(name="decrypt")
@click.argument("path")
@click.option("--reveal", is_flag=True, help="Required, because the output has the secrets in plain text.")
@shared.secrets_options
def command(path: str, reveal: bool, directory: str | None) -> int:
    """Print the file PATH with its tokens opened. The file itself does not change.

    \b
    Examples:
      llmconf secrets decrypt config/openai.yaml --reveal
    """
    if not reveal:
        raise UsageError("this prints secrets in plain text", "add --reveal to do this")
    from llmconf.secrets.edit import reveal as reveal_file

    with shared.workspace(directory) as work:
        (name,) = relative_paths((path,), work.root)
        click.echo(reveal_file(work, name).text, nl=False)
    return 0
