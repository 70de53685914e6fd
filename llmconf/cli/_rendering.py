"""How commands show data and errors: tables, YAML, and messages on standard error."""

from __future__ import annotations

import sys
from typing import Any

import click

from llmconf.core.errors import LlmconfError


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Align rows under their headings. The last column is not padded. Cells cannot control the terminal."""
    from llmconf.report.text import visible

    cells = [[column.upper() for column in columns]]
    cells += [[visible(_cell(row.get(column))) for column in columns] for row in rows]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return "".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in cells
    )


def _cell(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def to_yaml(data: Any) -> str:
    """Write data as block YAML, with characters that are unsafe to show as escapes."""
    from io import StringIO

    from ruamel.yaml import YAML

    from llmconf.report.text import visible_lines
    from llmconf.yamltext.scalars import is_plain

    yaml = YAML(typ="safe", pure=True)

    def quoted(representer: Any, text: str) -> Any:
        # Double quotes allow escapes. They also prevent a line that starts with a command of a build system.
        style = None if is_plain(text) else '"'
        return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    yaml.Representer = type("Representer", (yaml.Representer,), {})
    yaml.representer.add_representer(str, quoted)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # a bool, as its own code has it
    yaml.width = sys.maxsize
    stream = StringIO()
    yaml.dump(data, stream)
    return visible_lines(stream.getvalue())


def explain(error: LlmconfError, where: str = "") -> None:
    """Write the message and the hint of an error. They may hold untrusted text, such as file names."""
    from llmconf.report.text import visible

    click.echo(visible(f"llmconf: {where}{error.message}"), err=True)
    if error.hint:
        click.echo(visible(f"  help: {error.hint}"), err=True)
