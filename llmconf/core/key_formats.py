"""Finds provider keys in plain text, anywhere in a file: values, comments, fields of any name.

The formats are facts of the vendors. A text is first searched for the fixed prefixes of keys, which is
fast. A pattern is tried only where its prefix is found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from llmconf.core.tokens import SHORT_TOKEN, is_sealed

SEAL_HINT = (
    "seal it with `llmconf secrets encrypt`, or write `env:NAME`, and renew the key at its vendor: it may already be"
    " known"
)
"""The hint for a secret in plain text."""


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """The format of the keys of one vendor: the fixed prefix and the whole pattern."""

    vendor: str
    prefix: str
    pattern: str


FORMATS = (
    KeyFormat("OpenAI", "sk-proj-", r"sk-proj-[\w-]{40,200}"),
    KeyFormat("OpenAI", "sk-svcacct-", r"sk-svcacct-[\w-]{40,200}"),
    KeyFormat("OpenAI", "sk-admin-", r"sk-admin-[\w-]{40,200}"),
    KeyFormat("OpenAI", "T3BlbkFJ", r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"),
    KeyFormat("Anthropic", "sk-ant-", r"sk-ant-(?:api|admin|oat)[0-9]{2}-[\w-]{40,120}"),
    KeyFormat("OpenRouter", "sk-or-v1-", r"sk-or-v1-[0-9a-f]{64}"),
    KeyFormat("Google", "AIza", r"AIza[\w-]{35}"),
    KeyFormat("AWS", "AKIA", r"AKIA[A-Z2-7]{16}"),
    KeyFormat("AWS", "ASIA", r"ASIA[A-Z2-7]{16}"),
    KeyFormat("Amazon Bedrock", "ABSK", r"ABSK[A-Za-z0-9+/]{109,269}={0,2}"),
    KeyFormat("Microsoft Entra", "Q~", r"[\w~.]{3}[0-9]Q~[\w~.-]{31,34}"),
    KeyFormat("Groq", "gsk_", r"gsk_[A-Za-z0-9]{52}"),
    KeyFormat("xAI", "xai-", r"xai-[0-9A-Za-z_]{80}"),
    KeyFormat("Hugging Face", "hf_", r"hf_[A-Za-z0-9]{34}"),
    KeyFormat("Hugging Face", "api_org_", r"api_org_[A-Za-z0-9]{34}"),
    KeyFormat("Replicate", "r8_", r"r8_[0-9A-Za-z_-]{37}"),
    KeyFormat("Perplexity", "pplx-", r"pplx-[A-Za-z0-9]{48}"),
    KeyFormat("NVIDIA", "nvapi-", r"nvapi-[\w-]{64}"),
    KeyFormat("Databricks", "dapi", r"dapi[a-f0-9]{32}(?:-[0-9])?"),
    KeyFormat("Cerebras", "csk-", r"csk-[A-Za-z0-9]{32,48}"),
    KeyFormat("LangSmith", "lsv2_", r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    KeyFormat("age", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    KeyFormat("DeepSeek or another vendor", "sk-", r"sk-(?:[a-z0-9]{32}|[A-Za-z0-9]{48})"),
)
"""Vendors' key formats, from their published detectors. The last format is the least certain."""

PLACEHOLDER = re.compile(
    r"your[_-]|_here$|<[^<>]*>|change[_-]?me|user_provided|placeholder|replace[_-]?me|insert|example|"
    r"^(sk|key|token)-(x{3,}|\.{3}|\*{3,}|fake|test)|^x{3,}$|^\.{3}$|^\*{3,}$|^todo$|^fixme$",
    re.IGNORECASE,
)
DUMMY = re.compile(
    r"^(empty|none|null|no|na|n/a|not-?needed|not-?required|no-?key(-?required)?|dummy|fake|anything|"
    r"sk-(local|1234|none|dummy|no-key-required)|ollama|lm-?studio|token-abc123|-|0|1234)$",
    re.IGNORECASE,
)
SENSITIVE_KEY = re.compile(
    r"(^|[_-])(api[_-]?key|apikey|secret([_-]?access)?([_-]?key)?|password|passwd|private[_-]?key|"
    r"access[_-]?token|auth[_-]?token|bearer[_-]?token|session[_-]?token|client[_-]?secret|"
    r"master[_-]?key|salt[_-]?key)$|^(authorization|x-api-key|api-key|token|secret)$",
    re.IGNORECASE,
)
"""Names of fields and headers whose values are secrets in any place."""
_SENSITIVE_PART = re.compile("key|secret|passw|token|authorization", re.IGNORECASE)
"""What each of these names has in it."""

_SEALED = re.compile(SHORT_TOKEN)
_FIELD = re.compile(r"(?<![\w.-])([\w.-]++)[\"']?\s*:\s*[\"']?([^\"'#,}\]]*)")
_USER = re.compile(r"://[^/\s@\"']*@")
_OPAQUE = re.compile(r"(?<![\w+/=(;.])(?=[\w+/=]*[0-9])(?=[\w+/=]*[A-Za-z])[\w+/=]{24,}")
_BOUNDARY = r"(?<![A-Za-z0-9_-]){}(?![A-Za-z0-9_-])"


@dataclass(frozen=True, slots=True)
class Hit:
    """A key in a text: the likely vendor, and the offsets of its start and end."""

    vendor: str
    start: int
    end: int


def scan(text: str) -> list[Hit]:
    """Return the provider keys in a text, in order. Keys inside a sealed token are left out."""
    if not any(map(text.__contains__, _prefixes())):
        return []
    found = [
        Hit(entry.vendor, match.start(), match.end())
        for entry in FORMATS
        if entry.prefix in text
        for match in _pattern(entry.pattern).finditer(text)
    ]
    if not found:
        return []
    hits: list[Hit] = []
    sealed = _SEALED.finditer(text)
    token = next(sealed, None)
    # Sorting keeps the order of the formats if two keys begin at one place: the more certain format wins.
    for hit in sorted(found, key=lambda hit: hit.start):
        while token and token.end() <= hit.start:
            token = next(sealed, None)
        if not (token and token.start() <= hit.start) and not (hits and hit.start < hits[-1].end):
            hits.append(hit)
    return hits


def redact(text: str) -> str:
    """Return a text with asterisks in place of the provider keys in it."""
    parts: list[str] = []
    done = 0
    for hit in scan(text):
        parts += text[done : hit.start], "****"
        done = hit.end
    return "".join([*parts, text[done:]]) if parts else text


def secret_lines(lines: Iterable[str], among: Collection[int] | None = None) -> set[int]:
    """Return the numbers of the lines that may hold a secret in plain text: in doubt, a line is included.

    Lines are not parsed, since the YAML around a secret may be invalid. A caller that needs only some lines names
    them in `among`. The result for these lines is the same; the result for other lines may be incomplete.
    """
    hidden: set[int] = set()
    column: int | None = None
    for number, line in enumerate(islice(lines, None if among is None else max(among, default=0)), 1):
        if column is not None and line.strip():
            if len(line) - len(line.lstrip()) > column:
                hidden.add(number)
                continue
            column = None
        if (among is None or number in among) and _may_be_secret(line):
            hidden.add(number)
        if not _SENSITIVE_PART.search(line):
            continue
        for match in _FIELD.finditer(line):
            value = match[2].strip()
            if SENSITIVE_KEY.search(match[1]) and not is_sealed(value):
                # Lines with a deeper indentation than the key continue its value.
                column = match.start(1)
                if value:
                    hidden.add(number)
    return hidden


def _may_be_secret(line: str) -> bool:
    if scan(line) or "PRIVATE KEY" in line or _USER.search(line):
        return True
    return _OPAQUE.search(_SEALED.sub("", line)) is not None


def sensitive_values(
    data: dict[str, Any] | list[Any], path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the path and the value of each string in a free map whose key is the name of a secret."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(value, (dict, list)):
            yield from sensitive_values(value, (*path, key))
        elif isinstance(value, str) and isinstance(key, str) and SENSITIVE_KEY.search(key):
            yield (*path, key), value


@cache
def _prefixes() -> tuple[str, ...]:
    """Return the prefixes to search for. A prefix that begins with another prefix is found with that one."""
    prefixes = {entry.prefix for entry in FORMATS}
    return tuple(sorted(p for p in prefixes if not any(p != q and q in p for q in prefixes)))


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(_BOUNDARY.format(f"(?:{pattern})"))
