"""The catalog of models.dev: its `api.json`. Evidence: read in its repository.

Prices are USD per million tokens. A tier applies from a number of tokens on. Its older form `context_over_200k` is
ignored, because most entries have another threshold than its name says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llmconf.core import json_values
from llmconf.lock.catalogs._base import (
    CatalogFacts,
    Contents,
    Unusable,
    costs,
    facts,
    mapping,
    price,
    texts,
    tier,
    types_called,
)

_ALSO = {"google-vertex-anthropic": ("vertex",)}
"""Further vendors, beside the names that presets give."""
_PRICES = ("input", "output", "cache_read", "cache_write")
_FLAGS = {"reasoning": "reasoning", "structured_output": "structured_output"}
_INPUTS = {"image": "vision", "audio": "audio_input", "video": "video_input", "pdf": "pdf_input"}
_OUTPUTS = {"audio": "audio_output", "image": "image_generation"}
_MODES = {frozenset({"image"}): "image", frozenset({"audio"}): "speech"}


def read(data: object) -> Contents:
    """Return the models of provider types. Raises Unusable."""
    vendors = mapping(mapping(data).get("providers")) or mapping(data)
    if not any("models" in mapping(vendor) for vendor in vendors.values()):
        raise Unusable("an object of vendors that have `models` is expected")
    called = types_called("models_dev")
    found: dict[tuple[str, str], CatalogFacts] = {}
    foreign = skipped = 0
    for name, vendor in vendors.items():
        models = mapping(mapping(vendor).get("models"))
        types = called.get(name, ()) or _ALSO.get(name, ())
        for model_id, model in models.items():
            known = _facts(mapping(model)) if types and json_values.model_id(model_id) else None
            foreign += not types
            skipped += bool(types) and known is None
            for provider_type in types if known else ():
                # A vendor that a preset names has precedence over a vendor that only adds models.
                if known and (name in called or (provider_type, model_id) not in found):
                    found[provider_type, model_id] = known
    return Contents(found, foreign, skipped)


def _facts(model: Mapping[str, Any]) -> CatalogFacts | None:
    limit = mapping(model.get("limit"))
    outputs = texts(mapping(model.get("modalities")).get("output"))
    return facts(
        mode=_MODES.get(outputs) or ("chat" if _has_tools(model) else None),
        capabilities=_capabilities(model, outputs),
        context=limit.get("context"),
        max_output=limit.get("output"),
        price=_price(mapping(model.get("cost"))),
        status="deprecated" if model.get("status") == "deprecated" else None,
    )


def _has_tools(model: Mapping[str, Any]) -> bool:
    tools = model.get("tool_call")
    return tools is True or mapping(tools).get("supported") is True


def _capabilities(model: Mapping[str, Any], outputs: frozenset[str]) -> Iterator[str]:
    if _has_tools(model):
        yield from ("chat", "function_calling")
    for flag, capability in _FLAGS.items():
        if model.get(flag) is True:
            yield capability
    inputs = texts(mapping(model.get("modalities")).get("input"))
    yield from (capability for medium, capability in _INPUTS.items() if medium in inputs)
    yield from (capability for medium, capability in _OUTPUTS.items() if medium in outputs)
    if json_values.money(mapping(model.get("cost")).get("cache_read")) not in (None, "0"):
        yield "prompt_caching"


def _price(cost: Mapping[str, Any]) -> dict[str, Any] | None:
    tiers = cost.get("tiers")
    return costs(price(_parts(cost), (_tier(mapping(band)) for band in (tiers if isinstance(tiers, list) else ()))))


def _tier(band: Mapping[str, Any]) -> dict[str, Any] | None:
    condition = mapping(band.get("tier"))
    return tier(condition.get("size"), _parts(band)) if condition.get("type", "context") == "context" else None


def _parts(cost: Mapping[str, Any]) -> dict[str, str | None]:
    return {part: json_values.money(cost.get(part)) for part in _PRICES}
