"""`llmconf secrets list`: all secret fields, masked."""

from __future__ import annotations

import json

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._rendering import table

_COLUMNS = (
    "identity",
    "field",
    "layer",
    "vault",
    "value",
    "fingerprint",
    "revision",
    "expires",
    "changed_by",
)


@click.command(name="list")
@click.option("-o", "output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@shared.secrets_options
def command(output: str, directory: str | None) -> int:
    """List all secret fields: hint, fingerprint, revision, vault, expiry and last author. Needs no key.

    Equal fingerprints in one vault mean equal secrets. If only the key changed and not the fingerprint, the same
    secret was sealed again.

    \b
    Examples:
      llmconf secrets list
      llmconf secrets list -o json
    """
    from llmconf.secrets.audit import rows

    with shared.workspace(directory) as work:
        found = rows(work)
    if output == "json":
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        click.echo(table(found, _COLUMNS), nl=False)
    return 0
