"""`llmconf secrets rewrap`: wrap the keys again for all recipients."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared


@click.command(name="rewrap")
@shared.vault_option
@shared.secrets_options
def command(vault: str, directory: str | None) -> int:
    """Wrap every key of a vault again for all its recipients. No secret is sealed again.

    \b
    Examples:
      llmconf secrets rewrap --vault prod
    """
    from llmconf.secrets import keys

    with shared.workspace(directory, change=True) as work:
        return shared.tell(work, keys.rewrap(work, vault), "")
