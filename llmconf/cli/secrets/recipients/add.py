"""`llmconf secrets recipients add`."""

from __future__ import annotations

import re

import click

from llmconf.cli import _secrets as shared
from llmconf.core.errors import UsageError
from llmconf.core.grammar import NAME_PATTERN


@click.command(name="add")
@click.argument("name")
@click.argument("public_key")
@shared.vault_option
@shared.secrets_options
def command(name: str, public_key: str, vault: str, directory: str | None) -> int:
    """Let NAME open a vault: wrap its keys for PUBLIC_KEY, an age or SSH public key. No secret is sealed again.

    \b
    Examples:
      llmconf secrets recipients add bob age1...
      llmconf secrets recipients add ci 'ssh-ed25519 AAAA... ci' --vault prod
    """
    if not re.match(NAME_PATTERN, name):
        raise UsageError(f"`{name}` is not a name", "a name has lower-case letters, digits and inner - _ .")
    from llmconf.secrets import keys
    from llmconf.secrets.vault.files import Recipient

    with shared.workspace(directory, change=True) as work:
        return shared.tell(work, keys.add_recipient(work, vault, Recipient(name, public_key)), "")
