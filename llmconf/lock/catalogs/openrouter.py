"""The model list of OpenRouter, as its API returns it. Evidence S.

Prices are texts in USD per token. They are the prices of OpenRouter, not of the vendors behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llmconf.core import json_values
from llmconf.lock.catalogs._base import (
    PER_MILLION,
    CatalogFacts,
    Contents,
    Unusable,
    facts,
    mapping,
    price,
    texts,
    tier,
)

_TYPE = "openrouter"
_PRICES = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
}
_PRICED = ("prompt", "completion", "input_", "output_", "internal_", "request", "image", "audio", "video", "web_")
"""The first letters of price names. Any other name in an override is a condition, such as hours of the day."""
_ABLE_BY_PARAMETER = {
    "tools": "function_calling",
    "parallel_tool_calls": "parallel_function_calling",
    "reasoning": "reasoning",
    "include_reasoning": "reasoning",
    "response_format": "json_mode",
    "structured_outputs": "structured_output",
    "web_search_options": "web_search",
}
_INPUTS = {"image": "vision", "audio": "audio_input", "video": "video_input", "file": "pdf_input"}
_OUTPUTS = {"audio": "audio_output", "image": "image_generation"}
_MODES = {
    "text": "chat", "embeddings": "embedding", "rerank": "rerank", "image": "image", "speech": "speech",
    "transcription": "transcription",
}  # fmt: skip
"""The mode by output. The first output of a model that is in this table determines its mode."""


def read(data: object) -> Contents:
    """Return the models. Raises Unusable."""
    models = mapping(data).get("data")
    if not isinstance(models, list):
        raise Unusable("an object with a list of models as `data` is expected")
    found: dict[tuple[str, str], CatalogFacts] = {}
    skipped = 0
    for model in map(mapping, models):
        model_id = json_values.model_id(model.get("id"))
        known = _facts(model) if model_id else None
        skipped += known is None
        if model_id and known:
            found.setdefault((_TYPE, model_id), known)
    return Contents(found, skipped=skipped)


def _facts(model: Mapping[str, Any]) -> CatalogFacts | None:
    outputs = texts(mapping(model.get("architecture")).get("output_modalities"))
    best = mapping(model.get("top_provider"))
    mode = next((mode for output, mode in _MODES.items() if output in outputs), None)
    return facts(
        mode=mode,
        capabilities=_capabilities(model, outputs, mode),
        context=best.get("context_length") or model.get("context_length"),
        max_output=best.get("max_completion_tokens"),
        price=_price(mapping(model.get("pricing"))),
        retires=json_values.day(model.get("expiration_date")),
    )


def _capabilities(model: Mapping[str, Any], outputs: frozenset[str], mode: str | None) -> Iterator[str]:
    if mode and mode != "image":
        yield mode
    parameters = texts(model.get("supported_parameters"))
    yield from (capability for name, capability in _ABLE_BY_PARAMETER.items() if name in parameters)
    inputs = texts(mapping(model.get("architecture")).get("input_modalities"))
    yield from (capability for medium, capability in _INPUTS.items() if medium in inputs)
    yield from (capability for medium, capability in _OUTPUTS.items() if medium in outputs)


def _price(pricing: Mapping[str, Any]) -> dict[str, Any] | None:
    overrides = pricing.get("overrides")
    tiers = (_tier(mapping(override)) for override in (overrides if isinstance(overrides, list) else ()))
    return price(_parts(pricing), tiers)


def _tier(override: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a tier by length of input. None if the price has other conditions, which our schema cannot express."""
    length = "min_prompt_tokens"
    if any(key != length and not key.startswith(_PRICED) for key in override):
        return None
    return tier(override.get(length), _parts(override))


def _parts(pricing: Mapping[str, Any]) -> dict[str, str | None]:
    return {part: json_values.money(pricing.get(key), PER_MILLION) for key, part in _PRICES.items()}
