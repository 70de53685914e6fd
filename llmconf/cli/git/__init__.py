"""`llmconf git`: make git show configuration without its secrets."""

from __future__ import annotations

import click

from llmconf.cli._group import Commands


@click.group(name="git", cls=Commands, package=__name__)
def command() -> None:
    """Make `git diff` show which secrets changed, but never their values.

    \b
    Examples:
      llmconf git setup
    """
