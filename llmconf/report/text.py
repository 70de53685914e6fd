"""Makes text from files safe to show: it cannot control a terminal or a build log."""

from __future__ import annotations

import json
import re
import unicodedata

from llmconf.core.characters import HIDDEN, escaped

# The last part is the mark that some build systems read as a command within a line.
UNSAFE = re.compile(f"[{HIDDEN}]|(?<=#)#(?=[A-Za-z]*\\[)")
_UNSAFE_IN_LINES = re.compile(f"(?!\n){UNSAFE.pattern}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """Return a text on one line, with characters that are unsafe to show as escapes."""
    return UNSAFE.sub(lambda match: escaped(match[0]), text)


def visible_lines(text: str) -> str:
    """Return a text with the same lines, and other characters that are unsafe to show as escapes of YAML and Python."""
    return _UNSAFE_IN_LINES.sub(lambda match: escaped(match[0]), text)


_LINKED = re.compile(r"(?i)(?<=\bwww)\.|(?<=\bgh)-")
"""Text that code hosts turn into a link without any mark of Markdown."""
_MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "&\\`*_{}[]()<>#!|~@:"}


def inert(text: str) -> str:
    """Escape an untrusted text, so that it has no Markdown, HTML, mention or link."""
    marked = visible(text).translate(_MARKUP)
    return _LINKED.sub(lambda match: f"&#{ord(match[0])};", marked)


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, with an ellipsis if it is cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def width(character: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if character in "\u200c\u200d" or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def dump_json(value: object, indent: int | None = 2) -> str:
    """Write JSON that ends in a newline: readable, and without raw characters that are unsafe to show.

    Without `indent` it is one line.

    A lone surrogate cannot be written as UTF-8 and becomes U+FFFD.
    """
    text = _SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False, indent=indent))
    return _UNSAFE_IN_LINES.sub(lambda match: _json_escaped(match[0]), text) + "\n"


def _json_escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
