"""The text of a lock file: models in, one canonical text out, so that branches merge line by line."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

from llmconf.yamltext.scalars import quote
from llmconf.yamltext.text import MAX_FILE_SIZE

VERSION = 1
"""Version of the format. A newer version is refused. An older version will be read."""
MAX_MODELS = 25_000
"""Maximum of models in a lock. It is larger than the maximum of a list, because removed models may stay."""
FACTS = ("mode", "capabilities", "context", "max_output", "price", "aliases", "lifecycle")
"""The facts of a model in a lock, in the order of the file. `sources` names the origin of each."""

HEAD = "# Written by `llmconf sync`. After a conflict: `llmconf lock resolve`.\n"
PRICE = ("input", "output", "cache_read", "cache_write", "batch", "tiers")
LIFECYCLE = ("status", "deprecated", "retires", "replacement")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a lock comes from: the endpoint's URL, the provider's type, and the filter of ids."""

    endpoint: str
    adapter: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locked:
    """One locked model: its id, its known facts, and the source of each fact.

    `facts` holds the known facts among `FACTS`, in the shape of `schema.kinds.Model`: prices are decimal strings in
    USD per million tokens, dates are ISO days. A model without a lifecycle is active. `enabled` is False if the
    model is listed but cannot be called under its id. `sources` maps a fact to `provider` or the name of a catalog.
    """

    id: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LockFile:
    """The lock of one provider."""

    source: Source
    models: tuple[Locked, ...]


def write(lock: LockFile) -> str:
    """Return the canonical text of a lock: models by id in code-point order, each fact in its place.

    The models fit `schema.lock`; facts that do not belong into a lock are left out. Raises ValueError for an id
    that occurs twice, and for a text that no file can contain.
    """
    models = sorted(lock.models, key=lambda model: model.id)
    twice = next((a.id for a, b in pairwise(models) if a.id == b.id), None)
    if twice is not None:
        raise ValueError(f"the model `{twice}` occurs twice in a lock")
    lines = [f"version: {VERSION}\n", "source:\n"]
    lines += [f"  endpoint: {quote(lock.source.endpoint)}\n", f"  adapter: {quote(lock.source.adapter)}\n"]
    lines += _list("include", lock.source.include) + _list("exclude", lock.source.exclude)
    lines.append("models:\n" if models else "models: []\n")
    for model in models:
        lines += _block(model)
    return "".join([HEAD, *lines])


def _block(model: Locked) -> list[str]:
    facts = model.facts
    lines = [f"- id: {quote(model.id)}\n"]
    lines += _value("  ", "mode", facts.get("mode"))
    lines += _list("capabilities", facts.get("capabilities") or ())
    lines += _value("  ", "context", facts.get("context")) + _value("  ", "max_output", facts.get("max_output"))
    lines += _mapping("  ", "price", PRICE, facts.get("price") or {})
    lines += _list("aliases", facts.get("aliases") or ())
    lifecycle = facts.get("lifecycle") or {}
    # The status `active` is the default, so it is not written.
    shown = LIFECYCLE[1:] if lifecycle.get("status") == "active" else LIFECYCLE
    lines += _mapping("  ", "lifecycle", shown, lifecycle)
    if not model.enabled:
        lines.append("  enabled: false\n")
    sources = {fact: source for fact, source in model.sources.items() if facts.get(fact)}
    return lines + _mapping("  ", "sources", FACTS, sources)


def _list(key: str, items: Iterable[str]) -> list[str]:
    shown = [f"  - {quote(item)}\n" for item in sorted(set(items))]
    return [f"  {key}:\n", *shown] if shown else []


def _mapping(indent: str, key: str, names: Iterable[str], data: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name in names:
        value = data.get(name)
        if isinstance(value, Mapping):
            lines += _mapping(f"{indent}  ", name, PRICE, value)
        elif isinstance(value, list | tuple):
            lines += _tiers(f"{indent}  ", name, value)
        else:
            lines += _value(f"{indent}  ", name, value)
    return [f"{indent}{key}:\n", *lines] if lines else []


def _tiers(indent: str, key: str, tiers: Iterable[Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for tier in tiers:
        first, *rest = [line for name in ("above", *PRICE) for line in _value("  ", name, tier.get(name))]
        lines += [f"{indent}- {first[2:]}", *(indent + line for line in rest)]
    return [f"{indent}{key}:\n", *lines] if lines else []


def _value(indent: str, key: str, value: str | int | None) -> list[str]:
    if value is None:
        return []
    return [f"{indent}{key}: {quote(value) if isinstance(value, str) else int(value)}\n"]


def count(text: str) -> int:
    """Return the number of models in a text that has the form of `write`."""
    return text.count("\n- id:")


def too_many(models: int) -> str | None:
    """Return why a lock with this number of models is not read, or None if it is read."""
    return f"more than {MAX_MODELS:,} models, which no provider lists" if models > MAX_MODELS else None


def is_too_large(text: str) -> bool:
    """Tell whether a lock is too large to be read again."""
    return too_many(count(text)) is not None or len(text.encode()) > MAX_FILE_SIZE


def selects(model: str, include: Collection[str] | None, exclude: Collection[str] | None) -> bool:
    """Tell whether a filter selects an id. A pattern of `include` matches it, and no pattern of `exclude` does.

    Without patterns, `include` matches every id. In a pattern `*` matches any text and `?` one character. All other
    characters match themselves.
    """
    taken = not include or _matches_any(model, include)
    return taken and not _matches_any(model, exclude or ())


def _matches_any(model: str, patterns: Iterable[str]) -> bool:
    return any(_pattern(pattern).match(model) for pattern in patterns)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    # Some ids have brackets. A star does not backtrack: else a pattern could take an unlimited time.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
