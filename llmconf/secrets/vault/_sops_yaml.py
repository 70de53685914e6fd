"""Writes the YAML of a SOPS file: keys quoted where YAML would read them otherwise, sealed values plain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_INDENT = 4


def write(document: dict[str, Any]) -> str:
    """Return one document of null, sealed values, short texts, and armor, which ends with a line break."""
    return "\n".join(_block(document)) + "\n"


def _block(value: Any) -> Iterator[str]:
    """Yield the lines of a mapping or sequence that is not empty."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(f"{_key(key)}:", item)
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
    return value if value.startswith("ENC[") else quoted(value)


def _key(text: str) -> str:
    is_plain = _PLAIN_KEY.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else quoted(text)


def quoted(text: str) -> str:
    """Return a text in double quotes, all that is not printable escaped."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08x}"
