"""Makes text that came from files safe to show: nothing in it drives a terminal or a build log."""

from __future__ import annotations

import json
import re
import unicodedata

from llmconf.core.characters import HIDDEN, escaped

# The last part is the mark that some build systems take for a command within a line.
UNSAFE = re.compile(f"[{HIDDEN}]|(?<=#)#(?=[A-Za-z]*\\[)")
_UNSAFE_IN_LINES = re.compile(f"(?!\n){UNSAFE.pattern}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """Return a text on one line, with all that is unsafe to show written as escapes."""
    return UNSAFE.sub(lambda match: escaped(match[0]), text)


def visible_lines(text: str) -> str:
    """Return a text with its lines as they are, and all else that is unsafe to show as escapes of YAML and Python."""
    return _UNSAFE_IN_LINES.sub(lambda match: escaped(match[0]), text)


_LINKED = re.compile(r"(?i)(?<=\bwww)\.|(?<=\bgh)-")
"""What makes a link of a name or a number without any mark of Markdown."""
_MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "&\\`*_{}[]()<>#!|~@:"}


def inert(text: str) -> str:
    """Return a text of somebody else so that nothing in it is Markdown, HTML, a mention or a link."""
    marked = visible(text).translate(_MARKUP)
    return _LINKED.sub(lambda match: f"&#{ord(match[0])};", marked)


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def width(character: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if character in "\u200c\u200d" or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def dump_json(value: object, indent: int | None = 2) -> str:
    """Write JSON that ends in a newline: readable, and without raw characters that are unsafe to show.

    Without `indent` it is one line.

    A lone surrogate, which is no character and not to be written as UTF-8, becomes U+FFFD.
    """
    text = _SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False, indent=indent))
    return _UNSAFE_IN_LINES.sub(lambda match: _json_escaped(match[0]), text) + "\n"


def _json_escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
