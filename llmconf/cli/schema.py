"""`llmconf schema`: print or write the JSON Schemas for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from llmconf.cli._paths import write_file
from llmconf.core.errors import RefusedError, UsageError
from llmconf.core.suggest import did_you_mean


@click.command(name="schema")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--write", is_flag=True, help="Write all schemas to a folder.")
@click.option("--out", metavar="DIR", default="schemas", show_default=True, help="Folder to write to.")
def command(name: str | None, write: bool, out: str) -> int:
    """Print the JSON Schema NAME (llmconf, overlay, project, or a kind), or write all schemas.

    In an editor, use `llmconf.schema.json` for config/**/*.yaml, `overlay.schema.json` for
    environments/**/*.yaml, and `project.schema.json` for llmconf.yaml.

    \b
    Examples:
      llmconf schema provider
      llmconf schema --write --out .vscode/schemas
    """
    from llmconf.schema.jsonschema import schemas

    found = schemas()
    if write:
        _write(Path(out), found)
        click.echo(f"{out}: {len(found)} schemas")
        return 0
    names = [file.removesuffix(".schema.json") for file in found]
    if name is not None and name not in names:
        raise UsageError(f"there is no schema `{name}`", did_you_mean(name, names) or f"schemas: {', '.join(names)}")
    click.echo(schema_text(found[f"{name or 'llmconf'}.schema.json"]), nl=False)
    return 0


def schema_text(schema: object) -> str:
    """Return the text of the file of a schema."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _write(folder: Path, found: dict[str, dict[str, object]]) -> None:
    from llmconf.workspace.atomic import require_inside

    require_inside(folder / "any")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, schema in found.items():
            write_file(folder / name, schema_text(schema).encode(), "a schema")
    except OSError as error:
        raise RefusedError(f"the schemas cannot be written to {folder}: {error.strerror}") from None
