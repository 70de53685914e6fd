"""Finds credentials in plain text in any file: YAML, JSON, .env, Markdown, scripts, and all other text files.

Three signs reveal a credential: the format of a vendor's key, the name of its field, and the shape of a private key
or of a URL with a password. In configuration, the name alone is enough. In other files the value must look like a
key too, because documentation and code mention tokens without containing any.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from llmconf.core.key_formats import DUMMY, PLACEHOLDER, SENSITIVE_KEY, scan
from llmconf.core.tokens import is_sealed, is_token_like
from llmconf.leaks.assignments import Assignment, Trust, assignments, is_configuration

_LONG, _SHORT, _FRAGMENT = 16, 8, 8
_MANY_KINDS = 9
_WEAK_NAME = re.compile(r"(^|[_-])(token|passphrase|pwd|pass|credential)$", re.IGNORECASE)
_SCHEME = re.compile(r"^(?:bearer|basic|token)[ \t]+", re.IGNORECASE)
_INTERPOLATED = re.compile(
    r"\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|<[^<>]*>|%\([^()]*\)s|%[A-Za-z_]\w*%|\{[A-Za-z_][\w.]*\}"
)
_DEFAULT = re.compile(r"^\$\{\w+:?[-=]([^{}]*)\}$")
_ELSEWHERE = re.compile(
    r"^(?:os\.environ|process\.env|env[:./(\[]|file:|ref\+|arn:aws|secrets?\.|\{env:|\$env:|!(?!!)\w|"
    r"[a-z][a-z0-9+.-]{1,31}://|\.{1,2}/|~/|/(?:run|etc|var|home|tmp|mnt|opt|usr|root|secrets?)/|"
    r"\$[A-Za-z_]\w*$|@\w[\w.]*@$|__\w+__$|\*[\w-]+$)"
)
_WORD = re.compile(
    r"^(?:~|true|false|yes|on|off|str|string|text|bytes|bool|boolean|int|integer|number|object|any|required|"
    r"optional|default|undefined|masked|redacted|hidden|removed|encrypted|sealed|unset|empty|env|"
    r"password|passwd|pass|pw|secret|token|key|api[_-]?key|bearer)$",
    re.IGNORECASE,
)
_CUT = re.compile(r"\.\.\.|…|\*\*\*|•{2}|x{6}|X{6}|0{12}")
_OTHER_CIPHER = re.compile(r"^(?:ENC\[|\$ANSIBLE_VAULT|-----BEGIN (?:AGE ENCRYPTED|CERTIFICATE|PUBLIC))")
_NAMED_FAKE = re.compile(r"^(?:sk|key|token)-(?:fake|test)[A-Za-z0-9]{3}", re.IGNORECASE)
_OPAQUE = re.compile(r"[A-Za-z0-9_+/=.~:-]{16,512}\Z")
_SPOKEN = frozenset({"dummy", "fake", "mock", "noauth", "sample", "local", "unused", "ignored", "nokey", "anything"})
_LETTERS = re.compile(r"[A-Za-z]+(?:[ _.-][A-Za-z]+)*\Z")
_URL_PASSWORD = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,128}:([^\s/@\"'<>]{1,256})@(?=[\w.\[$])"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/]{32}")
_BODY_LINE = re.compile(r"[\s\"'+]*(?:[A-Za-z0-9+/=\\, -]|[A-Za-z-]{1,30}: )*[\"'+,]*\s*\Z")
_KEY_HEAD, _LONGEST_KEY = 400, 65_536


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A credential in plain text: its start and end offsets, and the sign that revealed it."""

    start: int
    end: int
    what: str = field(compare=False)


def find_leaks(text: str, name: str) -> list[Leak]:
    """Return the plain-text credentials in the order of the text. `name` is the file name: it tells the kind."""
    found = [
        Leak(hit.start, hit.end, f"a key in plain text, as {hit.vendor} issues them")
        for hit in scan(text)
        if not _is_placeholder(text[hit.start : hit.end])
    ]
    found += [Leak(*region, "a private key in plain text") for region in private_keys(text, with_body=True)]
    found += _url_passwords(text, name)
    found += [
        Leak(entry.start, entry.end, f"`{entry.name[:60]}` holds a secret in plain text")
        for entry in assignments(text, name, is_named)
        if _gives_away(entry)
    ]
    leaks: list[Leak] = []
    # Sorting is stable: of two signs for one place, the more certain one comes first and is kept.
    for leak in sorted(found, key=lambda leak: leak.start):
        if not (leaks and leak.start < leaks[-1].end):
            leaks.append(leak)
    return leaks


@lru_cache(maxsize=4096)
def is_named(name: str) -> bool:
    """Tell whether the value of a field with this name is examined."""
    return is_sensitive(name) or is_weak(name)


def is_sensitive(name: str) -> bool:
    """Tell whether a field with this name contains a secret, no matter how its words are joined."""
    return SENSITIVE_KEY.search(_joined(name)) is not None


def is_weak(name: str) -> bool:
    """Tell whether a field with this name may contain a secret, but also a count or a fixed keyword."""
    return _WEAK_NAME.search(_joined(name)) is not None


def _joined(name: str) -> str:
    """Return the last part of a dotted name, with its camel case words separated by underscores."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(".")[2])


def is_harmless(value: str) -> bool:
    """Tell whether the value of a secret field is harmless: sealed, a reference, a variable, a placeholder, empty."""
    text = _SCHEME.sub("", value.strip()).strip()
    if not text or len(set(text)) == 1 or is_sealed(text) or is_token_like(text) or _OTHER_CIPHER.match(text):
        return True
    default = _DEFAULT.match(text)
    if default:
        return is_harmless(default[1])
    rest = _INTERPOLATED.sub("", text)
    if rest != text and len(rest.strip()) < _FRAGMENT:
        return True
    short_number = text.isdigit() and len(text) < 6  # noqa: PLR2004 - no password, but a port or a count
    return short_number or is_reference(text) or _is_placeholder(text) or _is_name(text)


def is_reference(text: str) -> bool:
    """Tell whether a value names the place of a secret instead of containing it."""
    return is_sealed(text) or _ELSEWHERE.match(text) is not None


def is_dummy(text: str) -> bool:
    """Tell whether a value is a word that means that there is no secret."""
    return DUMMY.search(text) is not None or _WORD.match(text) is not None


def _is_placeholder(text: str) -> bool:
    if is_dummy(text) or _CUT.search(text):
        return True
    if _LETTERS.match(text) and _SPOKEN & set(re.split(r"[ _.-]", text.lower())):
        return True
    return PLACEHOLDER.search(text) is not None and not _NAMED_FAKE.match(text)


def _is_name(text: str) -> bool:
    """Tell whether a value is the name of a variable or field that contains the secret, as in `DB_PASSWORD`."""
    return re.match(r"[A-Za-z]+(?:[_-][A-Za-z]+)+\Z", text) is not None and is_sensitive(text)


def _gives_away(entry: Assignment) -> bool:
    value = _SCHEME.sub("", entry.value.strip())
    if is_harmless(value):
        return False
    if is_weak(entry.name) and not is_sensitive(entry.name):
        return _is_opaque(value, quoted=entry.quoted)
    if entry.trust is Trust.FIELD:
        return True
    if entry.trust is Trust.LINE and len(value) >= _SHORT and not re.search(r"\s", value):
        return not _LETTERS.match(value) and not re.search(r"[(\[{]", value)
    return _is_opaque(value, quoted=entry.quoted)


def _is_opaque(value: str, *, quoted: bool) -> bool:
    """Tell whether a value looks random: long, one word, letters and digits, many different characters."""
    if not _OPAQUE.match(value) or not re.search(r"[0-9]", value) or not re.search(r"[A-Za-z]", value):
        return False
    words = re.split(r"[._:/-]", value)
    if not quoted and ("." in value or all(word.isalpha() or word.isdigit() or not word for word in words)):
        return False
    return len(set(value)) >= _MANY_KINDS and max(map(len, words)) >= _SHORT


def _url_passwords(text: str, name: str) -> Iterator[Leak]:
    if "://" not in text:
        return
    for match in _URL_PASSWORD.finditer(text):
        password = match[1]
        if is_harmless(password):
            continue
        if is_configuration(name) or _is_opaque(password, quoted=True):
            yield Leak(match.start(1), match.end(1), "a URL with a password in plain text")


def private_keys(text: str, *, with_body: bool) -> Iterator[tuple[int, int]]:
    """Yield the regions of private key blocks.

    With `with_body`, only blocks with a body count, and the region is the head line. Without it, the region is all
    that follows the head line.
    """
    done = 0
    ends = [match.start() for match in _KEY_END.finditer(text)]
    for match in _PRIVATE_KEY.finditer(text):
        if match.start() < done:
            continue
        index = bisect_left(ends, match.end())
        end = index < len(ends) and ends[index] < match.end() + _LONGEST_KEY
        stop = ends[index] if end else len(text)
        body = _KEY_BODY.search(text, match.end(), min(stop, match.end() + _KEY_HEAD))
        if with_body and body:
            yield match.span()
        elif not with_body:
            done = stop if end else _last_body_line(text, match.end())
            yield match.end(), done


def _last_body_line(text: str, start: int) -> int:
    """Return the end of a block without an end mark: the end of the last line that may belong to it."""
    end = start
    for line in text[start : start + _LONGEST_KEY].splitlines(keepends=True):
        if not _BODY_LINE.match(line):
            break
        end += len(line)
    return end
