"""`llmconf secrets`: commands on the secrets of a repository."""

from __future__ import annotations

import click

from llmconf.cli._group import Commands


@click.group(name="secrets", cls=Commands, package=__name__)
def command() -> None:
    """Seal, open, set, rotate and share secrets.

    \b
    Examples:
      llmconf secrets keygen
      llmconf secrets init --recipient alice=age1...
      llmconf secrets encrypt
      llmconf secrets set credential/openai/main api_key
    """
