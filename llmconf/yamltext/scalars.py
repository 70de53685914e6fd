"""Scalars of YAML 1.2: the values of plain scalars and tags, the refused texts, and how a text is written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from llmconf.core.characters import HIDDEN, escaped

SPECIAL = frozenset("-+.0123456789~nNtTfF")
"""The first characters of plain scalars that are not a string. An empty scalar is null."""

_TAG = "tag:yaml.org,2002:"
WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
"""The plain scalars that are null or a boolean."""
PLAIN = r"[A-Za-z](?:[\w./:+@*-]*[\w./+@*-])?"
"""ASCII expression for the texts that `quote` writes without quotes, unless they are in `MISREAD`."""
MISREAD = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that some reader of YAML 1.1 or 1.2 reads as a boolean or null, in any case."""
ESCAPED = f"{HIDDEN}\xa0"
"""Ranges of the characters that `quote` writes as escapes, apart from the quotes and the backslash."""

_NUMERIC = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_PLAIN = re.compile(PLAIN, re.ASCII)
_TO_ESCAPE = re.compile(f"[{ESCAPED}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DIGITS = 400
_SHORT = 60
_MAX_DIRECTIVES = 64


class Refusal(Exception):
    """The rest of the text cannot be read: a code, a message, and the offsets of the region."""

    def __init__(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.hint = code, message, start, end, hint


def short(text: str) -> str:
    """Shorten a text so that it fits on a line."""
    return text if len(text) <= _SHORT else text[: _SHORT - 3] + "..."


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Tell whether every reader of YAML reads a text without quotes as that string.

    `flow` is for a text between brackets, where readers disagree on a colon.
    """
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in MISREAD and not (flow and ":" in text)


def quote(text: str, *, flow: bool = False) -> str:
    """Write a string on one line so that every reader of YAML, 1.1 or 1.2, reads that string.

    The result is usable as a value, a list item and a key. Between brackets, `flow` must be set. Raises ValueError
    for half a surrogate pair, which no UTF-8 file can contain.
    """
    if is_plain(text, flow=flow):
        return text
    if _SURROGATE.search(text):
        raise ValueError("half a surrogate pair cannot be written")
    marked = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _TO_ESCAPE.sub(lambda match: escaped(match[0]), marked) + '"'


def region(event: Any) -> tuple[int, int]:
    """Return the start and end offsets of an event."""
    return event.start_mark.index, max(event.end_mark.index, event.start_mark.index + 1)


def resolve(text: str, event: Any, complain: Callable[[Refusal], None]) -> Any:
    """Return the value of a plain scalar by the YAML 1.2 core schema."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INT.fullmatch(text):
        if len(text) <= _MAX_DIGITS:
            return int(text)
    elif _BASED.fullmatch(text):
        if len(text) <= _MAX_DIGITS:
            return int(text, 0)
    elif _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isinf(number):
            return number
    elif _INFINITY.fullmatch(text):
        return float(text.replace(".", "", 1))
    else:
        return text
    complain(Refusal("LCY012", "the number is out of range", *region(event), "put it in quotes"))
    return text


def tagged(text: str, event: Any, complain: Callable[[Refusal], None]) -> Any:
    """Return the value of a scalar with a tag. Only the tags of the core schema are allowed."""
    tag = str(event.tag)
    if tag in ("!", _TAG + "str"):
        return text
    if tag in (_TAG + "int", _TAG + "float", _TAG + "bool", _TAG + "null"):
        value = resolve(text, event, complain)
        wanted = {"int": int, "float": float, "bool": bool, "null": type(None)}[tag.removeprefix(_TAG)]
        if type(value) is wanted:
            return value
    complain(Refusal("LCY004", f"the tag `{short(tag)}` is not allowed here", *region(event)))
    return text


def check_collection_tag(event: Any, kind: str, complain: Callable[[Refusal], None]) -> None:
    """Complain about a tag on a mapping or sequence that does not match its kind."""
    if str(event.tag) not in ("!", _TAG + kind):
        start, tag = event.start_mark.index, short(str(event.tag))
        complain(Refusal("LCY004", f"the tag `{tag}` is not allowed here", start, start + 1))


def check_text(text: str) -> None:
    """Refuse texts that take a parser too long, or that parsers read differently.

    The time of libyaml grows with the square of the number of tag directives. It also ignores a byte order mark at
    the start of a line.
    """
    offset = text.find("\ufeff")
    if offset >= 0:
        message = "a byte order mark is allowed only at the beginning of a file"
        raise Refusal("LCY002", message, offset, offset + 1, "remove it: it is invisible")
    if "%TAG" in text:
        found = list(islice(re.finditer("^%TAG", text, re.MULTILINE), _MAX_DIRECTIVES + 1))
        if len(found) > _MAX_DIRECTIVES:
            start = found[-1].start()
            message = f"more than {_MAX_DIRECTIVES} tag directives"
            raise Refusal("LCY004", message, start, start + 1, "remove them: llmconf does not support custom tags")


def check_version(event: Any, complain: Callable[[Refusal], None]) -> None:
    """Complain about a directive that names another version than 1.2."""
    version = getattr(event, "version", None)
    if version and tuple(version) != (1, 2):
        message = f"the document says YAML {version[0]}.{version[1]}; llmconf reads YAML 1.2"
        complain(Refusal("LCY014", message, *region(event), "remove the directive"))
