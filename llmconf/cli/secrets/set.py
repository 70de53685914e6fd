"""`llmconf secrets set`: put a secret into a field."""

from __future__ import annotations

import click

from llmconf.cli import _complete
from llmconf.cli import _secrets as shared


@click.command(name="set")
@click.argument("identity", shell_complete=_complete.identities("credential"))
@click.argument("field")
@shared.layer_option
@shared.trust_option
@shared.secrets_options
def command(identity: str, field: str, env: str | None, trust: str | None, directory: str | None) -> int:
    """Seal a new secret into FIELD of IDENTITY. Enter it at a prompt or on standard input, never in an argument.

    The command opens the key of the vault, but not the old secret. An unchanged secret keeps its token.

    \b
    Examples:
      llmconf secrets set credential/openai/main api_key
      pass show openai | llmconf secrets set credential/openai/main api_key --env prod
    """
    from llmconf.secrets import seal

    value = shared.read_secret(f"{identity} {field}")
    with shared.workspace(directory, change=True) as work:
        outcome = seal.set_secret(work, identity, field, shared.check_layer(work, env), value, trust=trust)
        return shared.tell(work, outcome, "the secret is the same: nothing changed")
