"""`llmconf lock`: commands on lock files, apart from `sync`."""

from __future__ import annotations

import click

from llmconf.cli._group import Commands


@click.group(name="lock", cls=Commands, package=__name__)
def command() -> None:
    """Fix lock files after a merge.

    \b
    Examples:
      llmconf lock resolve
    """
