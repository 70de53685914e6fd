"""`llmconf secrets recipients remove`."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared


@click.command(name="remove")
@click.argument("name")
@shared.vault_option
@shared.secrets_options
def command(name: str, vault: str, directory: str | None) -> int:
    """Remove NAME from a vault: delete the wrapped keys of NAME, rotate the data key and the fingerprint key.

    NAME may know every secret that it could open: the output lists the provider keys to renew at their vendors.

    \b
    Examples:
      llmconf secrets recipients remove bob --vault prod
    """
    from llmconf.secrets import keys

    with shared.workspace(directory, change=True) as work:
        return shared.tell(work, keys.remove_recipient(work, vault, name), "")
