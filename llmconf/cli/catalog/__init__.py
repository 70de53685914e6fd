"""`llmconf catalog`: facts about models from public catalogs."""

from __future__ import annotations

import click

from llmconf.cli._group import Commands


@click.group(name="catalog", cls=Commands, package=__name__)
def command() -> None:
    """Import facts about models from public catalogs into the repository.

    \b
    Examples:
      llmconf catalog import model_prices.json --from litellm
    """
