"""`llmconf secrets get`: show one secret, masked or revealed."""

from __future__ import annotations

import click

from llmconf.cli import _complete
from llmconf.cli import _secrets as shared


@click.command(name="get")
@click.argument("identity", shell_complete=_complete.identities("credential"))
@click.argument("field")
@click.option("--reveal", is_flag=True, help="Print the secret itself.")
@shared.layer_option
@shared.allow_option
@shared.secrets_options
def command(
    identity: str, field: str, reveal: bool, env: str | None, allow: tuple[str, ...], directory: str | None
) -> int:
    """Show FIELD of IDENTITY, masked. With --reveal, show the secret itself.

    \b
    Examples:
      llmconf secrets get credential/openai/main api_key
      llmconf secrets get credential/openai/main api_key --env prod --reveal
    """
    from llmconf.core.tokens import mask
    from llmconf.secrets import seal
    from llmconf.secrets.vault.references import allowed_patterns

    with shared.workspace(directory) as work:
        layer = shared.check_layer(work, env)
        site = work.sites.find(identity, field, layer)
        if site is None:
            raise seal.unknown(identity, field, work)
        click.echo(seal.open_site(work, site, allowed_patterns(allow)) if reveal else mask(site.value))
    return 0
