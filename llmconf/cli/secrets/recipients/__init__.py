"""`llmconf secrets recipients`: who can open a vault."""

from __future__ import annotations

import click

from llmconf.cli._group import Commands


@click.group(name="recipients", cls=Commands, package=__name__)
def command() -> None:
    """List, add and remove recipients, who can open a vault.

    \b
    Examples:
      llmconf secrets recipients list
      llmconf secrets recipients add bob age1... --vault prod
      llmconf secrets recipients remove bob
    """
