"""Writes the generated files: schemas/, docs/rules.md, docs/provider-types.md, docs/commands.md.

`python docs/generate.py` writes those that are out of date. With `--check` it writes none and exits 1 if there are any.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from llmconf.adapters._reference import provider_types_markdown
from llmconf.check.rules._reference import rules_markdown
from llmconf.cli import group
from llmconf.cli.schema import schema_text
from llmconf.schema.jsonschema import schemas

ROOT = Path(__file__).resolve().parent.parent


def commands_markdown() -> str:
    """Return the help of every command as one page."""
    parts = ["<!-- Generated from llmconf/cli; a test compares the two. -->\n\n# Commands\n"]
    context = click.Context(group, info_name="llmconf", max_content_width=100, terminal_width=100)
    parts.append(f"```text\n{group.get_help(context)}\n```\n")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            inner = click.Context(command, parent=context, info_name=name, terminal_width=100)
            parts.append(f"## llmconf {name}\n\n```text\n{command.get_help(inner)}\n```\n")
    return "\n".join(parts)


def generated() -> dict[str, str]:
    """Return all generated files by path relative to the repository."""
    files = {f"schemas/{name}": schema_text(schema) for name, schema in schemas().items()}
    files["docs/rules.md"] = rules_markdown()
    files["docs/provider-types.md"] = provider_types_markdown()
    files["docs/commands.md"] = commands_markdown()
    return files


def main() -> int:
    stale = []
    for name, text in generated().items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"{name}: {'stale' if '--check' in sys.argv else 'written'}\n")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
