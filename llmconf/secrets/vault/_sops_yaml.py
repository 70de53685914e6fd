"""Writes the YAML of a SOPS file: sealed values plain, all other texts quoted if they must be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llmconf.yamltext.scalars import quote

_INDENT = 4


def write(document: dict[str, Any]) -> str:
    """Return one document of null, sealed values, short texts, and armor, which ends with a line break."""
    return "\n".join(_block(document)) + "\n"


def _block(value: Any) -> Iterator[str]:
    """Yield the lines of a mapping or sequence that is not empty."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(f"{quote(key)}:", item)
        return
    for item in value:
        if isinstance(item, dict | list) and item:
            lines = list(_block(item))
            yield f"- {lines[0]}"
            yield from (f"  {line}" for line in lines[1:])
        else:
            yield from _entry("-", item)


def _entry(head: str, item: Any) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from (" " * _INDENT + line for line in _block(item))
    elif isinstance(item, str) and item.endswith("\n"):
        yield f"{head} |"
        yield from (" " * _INDENT + line for line in item.splitlines())
    else:
        yield f"{head} {_scalar(item)}"


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    return value if value.startswith("ENC[") else quote(value)
