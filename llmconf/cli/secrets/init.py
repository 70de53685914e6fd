"""`llmconf secrets init`: make the first key of a vault."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared
from llmconf.core.errors import UsageError


@click.command(name="init")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="NAME=KEY",
    help="Name and age or SSH public key of a recipient.",
)
@shared.vault_option
@shared.secrets_options
def command(recipients: tuple[str, ...], vault: str, directory: str | None) -> int:
    """Make the first key of a vault, wrapped for its recipients.

    Without --recipient, the key is wrapped for the available age identity, with the name of this user.

    \b
    Examples:
      llmconf secrets init
      llmconf secrets init --vault prod --recipient alice=age1... --recipient 'ci=ssh-ed25519 AAAA...'
    """
    import re

    from llmconf.core.grammar import NAME_PATTERN
    from llmconf.secrets import keys
    from llmconf.secrets.vault.files import Recipient

    named = [entry.partition("=") for entry in recipients]
    for name, equals, _ in named:
        if not equals or not re.match(NAME_PATTERN, name):
            raise UsageError(
                "a recipient is written as NAME=PUBLIC-KEY", "a name has lower-case letters, digits and inner - _ ."
            )
    if len({name for name, _, _ in named}) < len(named):
        raise UsageError("two recipients have the same name")
    with shared.workspace(directory, change=True) as work:
        publics = work.keyring.identities.publics
        chosen = [Recipient(name, key) for name, _, key in named]
        if not chosen and publics:
            chosen = [Recipient(_user_name(), publics[0])]
        return shared.tell(work, keys.init(work, vault, chosen), "")


def _user_name() -> str:
    import getpass
    import re

    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "me"
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63] or "me"
