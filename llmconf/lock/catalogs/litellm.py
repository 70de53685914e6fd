"""The price map of LiteLLM: `model_prices_and_context_window.json`. Evidence: read in its release 1.106.

Prices are USD per token. Keys are LiteLLM's names of models: the bare id for the first vendors, `route/id` for the
others. `max_input_tokens` is the context, but for some models of OpenAI it does not include the output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from llmconf import adapters
from llmconf.core import json_values
from llmconf.lock.catalogs._base import (
    PER_MILLION,
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

_ALSO = {
    "azure_text": "azure_openai",
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "fireworks_ai-embedding-models": "fireworks",
    "text-completion-openai": "openai",
}
"""Further values of `litellm_provider`, beside the names that presets give."""
_SAME_MODELS = {"gemini": ("gemini_openai",)}
"""Types that serve the models of another type over a protocol of their own."""
_WITHOUT_SLASH = {"azure_openai", "bedrock", "openai"}
"""Types whose ids have no slash. A key with a slash is a price by region, size or commitment."""
_SIZED = re.compile(r"(?:^|/)[0-9]+-x-[0-9]+(?:/|$)")

_MODES = {
    "chat": "chat",
    "responses": "chat",
    "completion": "completion",
    "embedding": "embedding",
    "rerank": "rerank",
    "image_generation": "image",
    "image_edit": "image",
    "audio_transcription": "transcription",
    "audio_speech": "speech",
    "moderation": "moderation",
}
_ABLE_BY_MODE = {
    "chat": "chat", "responses": "chat", "completion": "completion", "embedding": "embedding", "rerank": "rerank",
    "image_generation": "image_generation", "image_edit": "image_generation", "moderation": "moderation",
    "audio_transcription": "transcription", "audio_speech": "speech", "realtime": "realtime", "ocr": "ocr",
}  # fmt: skip
_ABLE_BY_FLAG = {
    "supports_audio_input": "audio_input",
    "supports_audio_output": "audio_output",
    "supports_computer_use": "computer_use",
    "supports_function_calling": "function_calling",
    "supports_native_streaming": "streaming",
    "supports_parallel_function_calling": "parallel_function_calling",
    "supports_pdf_input": "pdf_input",
    "supports_prompt_caching": "prompt_caching",
    "supports_reasoning": "reasoning",
    "supports_response_schema": "structured_output",
    "supports_system_messages": "system_messages",
    "supports_video_input": "video_input",
    "supports_vision": "vision",
    "supports_web_search": "web_search",
}
_PRICES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
}
_ABOVE = re.compile(rf"^({'|'.join(_PRICES)})_above_([0-9]{{1,6}})k_tokens$")


def read(data: object) -> Contents:
    """Return the models of provider types. Raises Unusable."""
    if not isinstance(data, dict) or not any("litellm_provider" in mapping(entry) for entry in data.values()):
        raise Unusable("an object of models that have `litellm_provider` is expected")
    found: dict[tuple[str, str], CatalogFacts] = {}
    routed = set()
    foreign = skipped = 0
    for key, entry in sorted(data.items()):
        vendor = mapping(entry).get("litellm_provider")
        if key == "sample_spec" or not isinstance(vendor, str):
            continue
        types = _types_of(vendor)
        model_id = _without_route(key, vendor, types)
        known = _facts(entry) if types and _is_model(types[0], model_id) else None
        foreign += not types
        skipped += bool(types) and known is None
        for provider_type in types if known else ():
            identity = provider_type, model_id
            # The same model may occur under its bare id and under its route. The route is for this vendor.
            if identity not in routed and known:
                found[identity] = known
            if model_id != key:
                routed.add(identity)
    return Contents(found, foreign, skipped)


@cache
def _types_of(vendor: str) -> tuple[str, ...]:
    vendor = "vertex_ai" if vendor.startswith("vertex_ai-") else vendor
    first = types_called("litellm").get(vendor, ())
    also = (_ALSO[vendor],) if vendor in _ALSO else ()
    return (*first, *also, *_SAME_MODELS.get(vendor, ()))


def _without_route(key: str, vendor: str, types: tuple[str, ...]) -> str:
    for route in (vendor, *(adapters.preset(name).consumers.get("litellm", vendor) for name in types)):
        if key.startswith(f"{route}/"):
            return key.removeprefix(f"{route}/")
    return key


def _is_model(provider_type: str, model_id: str) -> bool:
    sliced = "/" in model_id and provider_type in _WITHOUT_SLASH
    return json_values.model_id(model_id) is not None and not sliced and not _SIZED.search(model_id)


def _facts(entry: Mapping[str, Any]) -> CatalogFacts | None:
    mode = entry.get("mode")
    mode = mode if isinstance(mode, str) else ""
    return facts(
        mode=_MODES.get(mode),
        capabilities=_capabilities(entry, mode),
        context=entry.get("max_input_tokens"),
        max_output=entry.get("max_output_tokens") if mode != "embedding" else None,
        price=_price(entry),
        # LiteLLM calls this day a deprecation, but it is the day on which a vendor retires the model.
        retires=json_values.day(entry.get("deprecation_date")),
    )


def _capabilities(entry: Mapping[str, Any], mode: str) -> Iterator[str]:
    if mode in _ABLE_BY_MODE:
        yield _ABLE_BY_MODE[mode]
    for flag, capability in _ABLE_BY_FLAG.items():
        if entry.get(flag) is True:
            yield capability
    if "/v1/batch" in texts(entry.get("supported_endpoints")):
        yield "batch"


def _price(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    bands = entry.get("tiered_pricing")
    if isinstance(bands, list):
        return _banded(bands)
    tiers: dict[int, dict[str, str | None]] = {}
    for key in entry:
        if match := _ABOVE.match(key):
            part, thousands = match.groups()
            tiers.setdefault(int(thousands) * 1000, {})[_PRICES[part]] = json_values.money(entry[key], PER_MILLION)
    batch = {
        part: json_values.money(entry.get(f"{key}_batches"), PER_MILLION)
        for key, part in _PRICES.items()
        if part in ("input", "output")
    }
    return costs(price(_parts(entry), (tier(above, parts) for above, parts in tiers.items()), batch))


def _banded(bands: list[Any]) -> dict[str, Any] | None:
    """Read prices that are given as a list of ranges. The range that begins at 0 is the base price."""
    starts = []
    for band in map(mapping, bands):
        limits = band.get("range")
        starts.append((limits[0] if isinstance(limits, list) and limits else None, _parts(band)))
    base = next((parts for start, parts in starts if start == 0), {})
    return costs(price(base, (tier(start, parts) for start, parts in starts)))


def _parts(entry: Mapping[str, Any]) -> dict[str, str | None]:
    return {part: json_values.money(entry.get(key), PER_MILLION) for key, part in _PRICES.items()}
