"""`llmconf secrets recipients list`."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared


@click.command(name="list")
@click.option("--vault", metavar="V", callback=shared.check_vault, help="Only this vault.")
@shared.secrets_options
def command(vault: str | None, directory: str | None) -> int:
    """List the recipients of all vaults, with the keys wrapped for each. Needs no key.

    \b
    Examples:
      llmconf secrets recipients list --vault prod
    """
    from llmconf.secrets.vault.files import vault_names

    with shared.workspace(directory) as work:
        for name in [vault] if vault else vault_names(work.project.tree):
            files = work.keyring.store(name)
            for recipient in files.recipients.values():
                kids = [kid for kid, folder in files.folders.items() if recipient.name in folder.wrapped]
                click.echo(f"{name}  {recipient.name}  {recipient.public_key}  {','.join(kids) or 'no key'}")
    return 0
