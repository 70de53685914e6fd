"""Masks the secrets in a text, so that it can be shown, for example by `git diff`.

When in doubt, a value is masked: a reader who sees too little can open the file, but a secret that was shown stays
known. Nothing here can fail: a text that is not YAML is masked line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from llmconf.core.tokens import MASK, OPEN_TOKEN, token_summary
from llmconf.leaks.assignments import Trust, block_end, by_line, tree_assignments
from llmconf.leaks.find import find_leaks, is_dummy, is_reference, is_sensitive, is_weak, private_keys

_TOKEN = re.compile(OPEN_TOKEN)
_SOPS = re.compile(r"ENC\[[A-Z0-9_]+,[^\]\s]*\]\Z")
_VARIABLE = re.compile(r"(?:\$\{\w+\}|\$[A-Za-z_]\w*|\{\{[^{}]*\}\}|\$\([^()]*\))\Z")
_SCHEME = re.compile(r"(?:bearer|basic|token)[ \t]+", re.IGNORECASE)
_INERT = re.compile(r"(?:null|Null|NULL|~|true|false|[0-9.]{1,5})?\Z")
_REST = re.compile(r"[^\s][^\r\n]*")
_LINE_BREAK = re.compile(r"[\r\n]")
_AFTER_VALUE = ",}]#\"'"
_ANCHOR = re.compile(r"&([\w-]{1,80})[ \t]+([^\r\n]+)")
_EXPLICIT = re.compile(r"\?[ \t]+[\"']?([\w.-]{1,80})[\"']?[ \t]*[\r\n]{1,2}[ \t]*:[ \t]+([^\r\n]+)")
_URL_SECRET = re.compile(r"(?<=://)[^\s/@\"'<>]{0,256}:([^\s/@\"'<>]{1,256})(?=@)")


def mask_text(text: str, name: str) -> str:
    """Return a text with shortened tokens, in which everything that looks like a secret is masked.

    A token becomes its hint, fingerprint, revision and key. With these, a reviewer sees whether a secret changed.
    `name` is the name of the file: it tells the kind of the file.
    """
    regions = sorted(_regions(text, name))
    parts: list[str] = []
    done = 0
    for start, end in regions:
        if end > done:
            parts += _tokens_told(text[done : max(done, start)]), "" if start < done else MASK
            done = end
    return "".join([*parts, _tokens_told(text[done:])])


def _tokens_told(text: str) -> str:
    return _TOKEN.sub(lambda match: token_summary(match[0]), text)


def _regions(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets between which something may be secret; they may overlap."""
    yield from ((leak.start, leak.end) for leak in find_leaks(text, name))
    yield from private_keys(text, with_body=False)
    yield from (match.span(1) for match in _URL_SECRET.finditer(text) if not _may_be_shown(match[1]))
    # Git's textconv passes YAML under all kinds of names: only the content shows whether it is YAML.
    tree = tree_assignments(text, _is_secret)
    for entry in tree or ():
        if not _may_be_shown(entry.value):
            yield entry.start, entry.end
    aliases: set[str] = set()
    for entry in by_line(text, Trust.LINE if tree is not None else Trust.FIELD, _is_secret):
        if not _may_be_shown(entry.value):
            yield entry.start, entry.end
            if tree is None and entry.trust is Trust.FIELD:
                yield from _lines_below(text, entry.start, entry.end)
        elif tree is None and entry.value.startswith("*"):
            aliases.add(entry.value.strip()[1:])
    if aliases:
        yield from (match.span(2) for match in _ANCHOR.finditer(text) if match[1] in aliases)
    for match in _EXPLICIT.finditer(text) if tree is None else ():
        if _is_secret(match[1]) and not _may_be_shown(match[2]):
            yield match.span(2)


def _lines_below(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the rest of a value's line and the more indented lines below: in a broken file, it may continue there."""
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    last = block_end(text, line_start, end, len(text))
    for match in _REST.finditer(text, end, last):
        on_its_line = not _LINE_BREAK.search(text, end, match.start())
        if not (on_its_line and match[0][0] in _AFTER_VALUE):
            yield match.span()


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    return is_sensitive(name) or (is_weak(name) and not name.lower().endswith(("_token", "-token")))


def _may_be_shown(value: str) -> bool:
    text = value.strip()
    text = text[match.end() :] if (match := _SCHEME.match(text)) else text
    if _TOKEN.fullmatch(text):
        return True
    plain_reference = is_reference(text) and not _URL_SECRET.search(text)
    return bool(plain_reference or is_dummy(text) or _INERT.match(text) or _VARIABLE.match(text) or _SOPS.match(text))
