"""Reads price and context of a model from the package genai-prices. Offline: only the data of the package is read.

The search of the package takes the first model whose clause matches, and some clauses match more than one model. Here
a clause only counts if the rest of the id is a version or a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from llmconf import adapters
from llmconf.core import json_values
from llmconf.lock.catalogs._base import CatalogFacts, facts, price, tier
from llmconf.lock.catalogs._ids import candidates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

_VERSION = re.compile(
    r"(?:[-@:]?(?:v?[0-9]+:[0-9]+|v[0-9]+|[0-9]{3,8}|20[0-9]{2}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2,4}|default|latest)"
    r"|:[0-9]{1,2})*"
)
"""What may follow the id that a clause names: revisions and days, but no `-8b`, `-lite` or `.1`."""
_PREFIX = re.compile(r"(?:[a-z0-9-]+[./])*")
"""What may stand before it: regions and publishers."""
_PARTS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
}
_LITERALS = ("starts_with", "ends_with", "contains")
_BATCH = {"processing": "batch"}


@dataclass(frozen=True, slots=True)
class _Index:
    """The models of a vendor: those that clauses name exactly, and the clauses that match more than one id."""

    exact: Mapping[str, ModelInfo]
    open: tuple[tuple[Any, ModelInfo], ...]


def genai_prices_facts(provider_type: str, model_id: str, url: str | None = None) -> CatalogFacts | None:
    """Return price and context of a model, or None if nothing is known.

    `url` is the base URL of the endpoint: it distinguishes regions of a vendor that the package treats as separate
    vendors. If a price changes on a day, the last price is returned, even if that day is in the future. If a price
    changes with the hour, the price outside the named hours is returned. So the answer depends on the installed
    release only.
    """
    vendor = _vendor(provider_type, url)
    if vendor is None:
        return None
    for name, holds in candidates(provider_type, model_id):
        found = _find(vendor, name.lower())
        if found:
            model, own_price = found
            known = _price(model) if holds and own_price else None
            return facts(context=model.context_window, price=known)
    return None


@cache
def _providers() -> Mapping[str, Provider]:
    from genai_prices.data_snapshot import get_snapshot

    return {provider.id: provider for provider in get_snapshot().providers}


@cache
def _vendor(provider_type: str, url: str | None) -> str | None:
    """Return the vendor that a preset names, or the vendor of the URL if that is another one."""
    named = adapters.preset(provider_type).consumers.get("genai_prices")
    provider = _providers().get(named) if named else None
    if provider is None:
        return None
    if url and not re.match(provider.api_pattern, url):
        for other in _providers().values():
            if re.match(other.api_pattern, url):
                return other.id
    return provider.id


@cache
def _index(vendor: str) -> _Index:
    exact: dict[str, ModelInfo] = {}
    loose = []
    for model in _providers()[vendor].models:
        for clause in _alternatives(model.match):
            if hasattr(clause, "equals"):
                exact.setdefault(clause.equals.lower(), model)
            else:
                loose.append((clause, model))
    return _Index(exact, tuple(loose))


def _alternatives(clause: Any) -> Iterator[Any]:
    for one in getattr(clause, "or_", (clause,)):
        yield from _alternatives(one) if hasattr(one, "or_") else (one,)


@cache
def _find(vendor: str, name: str) -> tuple[ModelInfo, bool] | None:
    """Return the model with an id in lower case, and whether its price is that of the id's own region."""
    for source in (vendor, *(_providers()[vendor].fallback_model_providers or ())):
        if source not in _providers():
            continue
        index = _index(source)
        if name in index.exact:
            return index.exact[name], True
        fits = ((model, _fit(clause, name)) for clause, model in index.open)
        best = next(((model, own) for model, own in fits if own is not None), None)
        if best:
            return best
    return None


def _fit(clause: Any, name: str) -> bool | None:
    """Return True if a clause names exactly this id, False if it names the model in another region, else None."""
    parts = getattr(clause, "and_", (clause,))
    if not clause.is_match(name):
        return None
    if hasattr(clause, "regex"):
        # Only a pattern that extends to the end of the id limits what may follow.
        return True if clause.regex.startswith("^") and clause.regex.endswith("$") else None
    for part in parts:
        literal = next((getattr(part, key) for key in _LITERALS if hasattr(part, key)), "")
        before, found, after = name.partition(literal.lower()) if literal else ("", "", "")
        if found and _PREFIX.fullmatch(before) and _VERSION.fullmatch(after):
            return not before or before.endswith("/")
    return None


def _price(model: ModelInfo) -> dict[str, Any] | None:
    known = _standard(model)
    batch = next((variant.prices for variant in reversed(model.price_variants or ()) if variant.when == _BATCH), None)
    if known is None:
        return None
    starts = {band.start for key in _PARTS for band in getattr(getattr(known, key), "tiers", ())}
    return price(
        _parts(known, 0),
        (tier(start, _raised(known, start)) for start in starts),
        {part: amount for part, amount in _parts(batch, 0).items() if part in ("input", "output")} if batch else None,
    )


def _standard(model: ModelInfo) -> ModelPrice | None:
    """Return the standard price: the last one that is not limited to hours of the day."""
    if not isinstance(model.prices, list):
        return model.prices
    dated = (each.prices for each in reversed(model.prices) if not hasattr(each.constraint, "start_time"))
    return next(dated, None)


def _raised(known: ModelPrice, start: int) -> dict[str, str | None]:
    """Return the prices that are different above a number of tokens. All others stay the same."""
    base = _parts(known, 0)
    return {part: amount for part, amount in _parts(known, start + 1).items() if amount != base[part]}


def _parts(known: ModelPrice, tokens: int) -> dict[str, str | None]:
    return {part: json_values.money(_at(getattr(known, key), tokens)) for key, part in _PARTS.items()}


def _at(amount: Decimal | TieredPrices | None, tokens: int) -> Decimal | None:
    if amount is None or isinstance(amount, Decimal):
        return amount
    reached = [band.price for band in amount.tiers if tokens > band.start]
    return reached[-1] if reached else amount.base
