"""`llmconf secrets prune`: delete retired keys."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared


@click.command(name="prune")
@shared.vault_option
@shared.secrets_options
def command(vault: str, directory: str | None) -> int:
    """Delete the keys of a vault that no token uses any more.

    Tokens of these keys on other branches can no longer be opened.

    \b
    Examples:
      llmconf secrets prune --vault prod
    """
    from llmconf.secrets import keys

    with shared.workspace(directory, change=True) as work:
        return shared.tell(work, keys.prune(work, vault), "nothing to delete")
