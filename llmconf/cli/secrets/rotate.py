"""`llmconf secrets rotate`: a new data key, and all values sealed under it."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared


@click.command(name="rotate")
@shared.vault_option
@shared.trust_option
@shared.secrets_options
def command(vault: str, trust: str | None, directory: str | None) -> int:
    """Make a new data key for a vault and seal all its values again.

    The old key can be opened until `prune`. After an interruption, run the command again to finish. Fingerprints
    do not change, so a reviewer sees that no secret changed.

    \b
    Examples:
      llmconf secrets rotate
      llmconf secrets rotate --vault prod
    """
    from llmconf.secrets import keys

    with shared.workspace(directory, change=True) as work:
        return shared.tell(work, keys.rotate(work, vault, trust=trust), "")
