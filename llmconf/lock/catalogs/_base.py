"""The facts of a catalog about a model, and the conversion of its prices to ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from llmconf import adapters
from llmconf.core import json_values

PER_MILLION = Decimal(1_000_000)
"""Factor from a price per token to one per million tokens."""

_TIER_KEYS = ("input", "output", "cache_read", "cache_write")
_PRICE_KEYS = (*_TIER_KEYS, "batch", "tiers")


class Unusable(Exception):
    """A JSON file is not a catalog of the named format. The message says what was expected."""


@dataclass(frozen=True, slots=True)
class CatalogFacts:
    """The facts of one source about one model. A fact is None if the source does not have it.

    The fields are those of `schema.kinds.Model`. `price` has the shape of `schema.parts.Price`: decimal strings
    in USD per million tokens. `lifecycle` has that of `schema.parts.Lifecycle`: ISO days.
    """

    mode: str | None = None
    capabilities: tuple[str, ...] | None = None
    context: int | None = None
    max_output: int | None = None
    price: Mapping[str, Any] | None = None
    lifecycle: Mapping[str, str] | None = None


FACTS = ("mode", "capabilities", "context", "max_output", "price", "lifecycle")
"""Fields of `Facts`, in the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The facts that were read from a catalog.

    `models` maps provider type and model id to facts. `foreign` counts entries of vendors without a provider type.
    `skipped` counts entries that are not a model with a fact of its own: prices by image size or by region, odd ids.
    """

    models: Mapping[tuple[str, str], CatalogFacts]
    foreign: int = 0
    skipped: int = 0


@cache
def types_called(consumer: str) -> Mapping[str, tuple[str, ...]]:
    """Return the provider types by the name that a catalog or target has for them.

    Only types that a catalog knows are returned: a catalog cannot know the prices of a self-hosted server.
    """
    found: dict[str, tuple[str, ...]] = {}
    for provider_type in adapters.types():
        called = adapters.preset(provider_type).consumers
        if consumer in called and is_known(provider_type):
            found[called[consumer]] = (*found.get(called[consumer], ()), provider_type)
    return found


def is_known(provider_type: str) -> bool:
    """Tell whether catalogs have facts about the models of a provider type."""
    return not adapters.preset(provider_type).consumers.keys().isdisjoint(("models_dev", "genai_prices"))


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object unchanged, and an empty mapping for any other value."""
    return value if isinstance(value, dict) else {}


def texts(value: object) -> frozenset[str]:
    """Return the texts of a JSON list, and an empty set for any other value."""
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()


def tier(above: object, parts: Mapping[str, str | None]) -> dict[str, Any] | None:
    """Return one tier of a price, or None if its threshold or all of its prices are missing."""
    threshold = json_values.count(above)
    said = {key: parts[key] for key in _TIER_KEYS if parts.get(key) is not None}
    return {"above": threshold, **said} if threshold and said else None


def price(
    parts: Mapping[str, str | None],
    tiers: Iterable[dict[str, Any] | None] = (),
    batch: Mapping[str, str | None] | None = None,
) -> dict[str, Any] | None:
    """Return a price with its keys in the order of the schema. None if it has no input price and no output price."""
    said: dict[str, Any] = {key: parts[key] for key in _TIER_KEYS if parts.get(key) is not None}
    if "input" not in said and "output" not in said:
        return None
    by_threshold = {known["above"]: known for known in tiers if known}
    if by_threshold:
        said["tiers"] = [by_threshold[above] for above in sorted(by_threshold)]
    of_batch = {key: amount for key, amount in (batch or {}).items() if amount is not None}
    if of_batch:
        said["batch"] = of_batch
    return {key: said[key] for key in _PRICE_KEYS if key in said}


def costs(known: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a price, or None if all its amounts are zero.

    Catalogs also write 0 for "unknown", "by the image" and "by subscription". A model that looks free would win
    every comparison.
    """
    return dict(known) if known and {known.get("input", "0"), known.get("output", "0")} != {"0"} else None


def facts(
    *,
    mode: str | None = None,
    capabilities: Iterable[str] = (),
    context: object = None,
    max_output: object = None,
    price: Mapping[str, Any] | None = None,
    **lifecycle: str | None,
) -> CatalogFacts | None:
    """Return facts from the values of a catalog, or None if there are no facts."""
    able = tuple(sorted(set(capabilities)))
    stages = {key: stage for key, stage in lifecycle.items() if stage is not None}
    limits = json_values.count(context), json_values.count(max_output)
    found = CatalogFacts(mode, able or None, *limits, price, stages or None)
    return None if found == CatalogFacts() else found
