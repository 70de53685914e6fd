"""Converts one item of a vendor's list to a model record. The preset describes the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from llmconf.adapters import _answers
from llmconf.adapters._base import ModelRecord
from llmconf.adapters._network import FactPaths, ListRequest, PricePaths
from llmconf.core import json_values

Status = Literal["active", "deprecated", "retired"]
_STATUSES: Mapping[str, Status] = {"active": "active", "deprecated": "deprecated", "retired": "retired"}


def identity(item: Any, listing: ListRequest) -> str | None:
    """Return the id of an item of a list, or None if it has no id that can be called."""
    found: str | None = json_values.first(
        item, listing.id or _answers.ID_PLACES, lambda value: json_values.model_id(value, listing.strip)
    )
    return found


def record(item: Mapping[str, Any], name: str | None, listing: ListRequest, facts: FactPaths) -> ModelRecord | None:
    """Return the facts of an item about the model `name`, or None if the item has no id that can be called.

    A model with a day of retirement but no status is deprecated: it still answers, but will end. A model whose id is
    a pattern represents other models, and is not callable itself.
    """
    if name is None:
        return None
    mode = listing.mode or _mode(item, facts)
    retires = json_values.day(_at(item, facts.retires))
    status: Status | None = _status(item, facts) or ("deprecated" if retires else None)
    return ModelRecord(
        name,
        mode=mode,
        capabilities=_answers.capabilities(_capabilities(item, facts), mode),
        lacks=_lacks(item, facts),
        context=json_values.first(item, facts.context, _limit),
        max_output=json_values.first(item, facts.max_output, _limit),
        price=_price(item, facts.price) if facts.price else None,
        aliases=_aliases(_at(item, facts.aliases), name),
        status=status,
        deprecated=json_values.day(_at(item, facts.deprecated)),
        retires=retires,
        replacement=json_values.model_id(_at(item, facts.replacement), listing.strip),
        callable="*" not in name and _at(item, facts.callable) is not False,
    )


def _at(item: Mapping[str, Any], path: str | None) -> Any:
    return json_values.at(item, path) if path else None


def _limit(value: Any) -> int | None:
    """Return a number of tokens. Of several numbers, return the smallest, because it is valid for every server."""
    counts = [json_values.count(each) for each in (value if isinstance(value, list) else [value])]
    return min((each for each in counts if each), default=None)


def _mode(item: Mapping[str, Any], facts: FactPaths) -> str | None:
    """Return the mode. If a list of words gives several, return the first in the order of the preset's map."""
    found = _at(item, facts.mode)
    table = {**facts.modes, **_answers.MODES}
    meant = _answers.meanings(found, {name: name for name in table})
    return next((table[name] for name in table if name in meant), None)


def _lacks(item: Mapping[str, Any], facts: FactPaths) -> tuple[str, ...]:
    denied = {meaning for path, meaning in facts.flags.items() if json_values.at(item, path) is False}
    for path in facts.words:
        denied |= _answers.denials(json_values.at(item, path), {**_answers.WORDS, **facts.meanings})
    return tuple(sorted(denied - (_capabilities(item, facts) or set())))


def _capabilities(item: Mapping[str, Any], facts: FactPaths) -> set[str] | None:
    found = {meaning for path, meaning in facts.flags.items() if _holds(json_values.at(item, path))}
    tables = (
        (facts.words, {**_answers.WORDS, **facts.meanings}),
        (facts.inputs, _answers.INPUTS),
        (facts.outputs, _answers.OUTPUTS),
    )
    for paths, table in tables:
        for path in paths:
            found |= _answers.meanings(json_values.at(item, path), table)
    return found or None


def _holds(value: Any) -> bool:
    return any(each is True for each in value) if isinstance(value, list) else value is True


def _price(item: Mapping[str, Any], places: PricePaths) -> dict[str, str] | None:
    paths = {
        "input": places.input,
        "output": places.output,
        "cache_read": places.cache_read,
        "cache_write": places.cache_write,
    }
    amounts = {name: _amount(_at(item, path), places) for name, path in paths.items()}
    return {name: amount for name, amount in amounts.items() if amount is not None} or None


def _amount(value: Any, places: PricePaths) -> str | None:
    """Return an amount. Of several amounts, return the one that all agree on."""
    amounts = {json_values.money(each, places.scale) for each in (value if isinstance(value, list) else [value])}
    return amounts.pop() if len(amounts) == 1 else None


def _aliases(value: Any, name: str) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    ids = [alias for each in listed if (alias := json_values.model_id(each)) and alias != name]
    return tuple(dict.fromkeys(ids))


def _status(item: Mapping[str, Any], facts: FactPaths) -> Status | None:
    value = _at(item, facts.status)
    said = str(value).lower() if isinstance(value, bool) else _answers.word(value)
    return {**_STATUSES, **facts.statuses}.get(said)
