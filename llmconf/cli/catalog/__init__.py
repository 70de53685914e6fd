"""`llmconf catalog`: what others know about models."""

from __future__ import annotations

import click

from llmconf.cli._group import Commands


@click.group(name="catalog", cls=Commands, package=__name__)
def command() -> None:
    """Take what public catalogs know about models into the repository.

    \b
    Examples:
      llmconf catalog import model_prices.json --from litellm
    """
