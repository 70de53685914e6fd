"""`llmconf catalog import`: import a downloaded catalog into the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmconf.cli._options import debug_option, directory_option
from llmconf.cli._paths import root_of
from llmconf.core import grammar
from llmconf.core.errors import UsageError
from llmconf.core.plugins import module_names

if TYPE_CHECKING:
    from llmconf.lock.catalog_import import Imported

# Importing the modules would slow down every `--help`.
FORMATS = tuple(name.replace("_", ".") for name in module_names("llmconf.lock.catalogs"))


@click.command(name="import")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, readable=False))
@click.option("--from", "source", type=click.Choice(FORMATS), required=True, help="The source of FILE.")
@click.option("--as", "name", metavar="NAME", help="Write catalog/NAME.jsonl instead of catalog/<source>.jsonl.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@debug_option
@directory_option
def command(file: str, source: str, name: str | None, dry_run: bool, directory: str | None) -> int:
    """Import facts about models of known provider types from FILE, a downloaded catalog.

    The command writes catalog/<source>.jsonl. Commit this file: `llmconf sync` takes facts from it that neither
    the provider nor genai-prices states. The same FILE gives the same bytes. The command needs no network.

    \b
    Examples:
      llmconf catalog import model_prices_and_context_window.json --from litellm
      llmconf catalog import api.json --from models.dev --dry-run
    """
    from llmconf.lock import catalog_import

    root = root_of(directory)
    name = _checked(name, catalog_import.RESERVED) if name is not None else source
    imported = catalog_import.prepare(root, Path(file), file, source, name)
    if not dry_run:
        catalog_import.apply(root, imported)
    _tell(imported, dry_run=dry_run)
    return 0


def _checked(name: str, reserved: tuple[str, ...]) -> str:
    if not re.match(grammar.NAME_PATTERN, name):
        raise UsageError(f"`{name}` is not a catalog name", "use lower-case letters, digits, `-`, `_` and `.`")
    if name in reserved:
        raise UsageError(f"`{name}` is the name of another source of facts", "choose another name")
    return name


def _tell(imported: Imported, *, dry_run: bool) -> None:
    what = f"{_counted(imported.models, 'model')} of {_counted(imported.types, 'provider type')}"
    if imported.same:
        click.echo(f"{imported.path}: {what}, nothing to change")
    else:
        changes = f"{imported.added:,} new, {imported.changed:,} changed, {imported.removed:,} gone"
        click.echo(f"{imported.path}: {'would hold' if dry_run else 'holds'} {what}: {changes}")
    if imported.foreign:
        click.echo(f"left out: {_counted(imported.foreign, 'model')} of vendors without a provider type")
    if imported.skipped:
        click.echo(f"left out: {imported.skipped:,} more entries: prices by region or size, or no facts")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
