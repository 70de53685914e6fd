"""Builds LiteLLM's `model_info` of a model: its limits, prices and capabilities."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from llmconf.build.targets._litellm_call import LitellmCall
from llmconf.schema.parts import BatchPrice, Price, PriceTier

_MODES = {"image": "image_generation", "transcription": "audio_transcription", "speech": "audio_speech"}
_FLAGS = {
    "audio_input": "supports_audio_input",
    "audio_output": "supports_audio_output",
    "computer_use": "supports_computer_use",
    "function_calling": "supports_function_calling",
    "parallel_function_calling": "supports_parallel_function_calling",
    "pdf_input": "supports_pdf_input",
    "prompt_caching": "supports_prompt_caching",
    "reasoning": "supports_reasoning",
    "streaming": "supports_native_streaming",
    "structured_output": "supports_response_schema",
    "system_messages": "supports_system_messages",
    "video_input": "supports_video_input",
    "vision": "supports_vision",
    "web_search": "supports_web_search",
}
_COSTS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}
_MILLION = Decimal(1_000_000)


def model_info(call: LitellmCall, name: str, root: str | None) -> dict[str, Any]:
    """Return `model_info` of a call with this stable id. `root` is the id of the base model of its facts."""
    facts = call.facts
    info: dict[str, Any] = {"id": name}
    if root is not None and call.protocol == "azure_openai":
        # A deployment's name tells LiteLLM nothing. From this field it knows which parameters the model takes.
        info["base_model"] = f"azure/{root}"
    if call.facts.mode is not None or call.model.is_declared:
        info["mode"] = _MODES.get(call.mode, call.mode)
    info["max_input_tokens"] = facts.context
    info["max_output_tokens"] = info["max_tokens"] = facts.max_output
    if facts.price is not None:
        info |= _prices(facts.price)
    lifecycle = call.model.spec.lifecycle
    info["deprecation_date"] = lifecycle.retires if lifecycle else None
    for capability, flag in _FLAGS.items():
        # Lists of capabilities are rarely complete. LiteLLM decides about capabilities that are not listed.
        if capability in (facts.capabilities or ()):
            info[flag] = True
    return {key: value for key, value in info.items() if value is not None}


def _prices(price: Price) -> dict[str, Decimal]:
    found = _costs(price, "")
    if price.batch is not None:
        found |= _costs(price.batch, "_batches")
    for tier in sorted(price.tiers or (), key=lambda tier: tier.above):
        thousands, rest = divmod(tier.above, 1000)
        found |= _costs(tier, f"_above_{tier.above if rest else f'{thousands}k'}_tokens")
    return found


def _costs(price: Price | BatchPrice | PriceTier, suffix: str) -> dict[str, Decimal]:
    amounts = {key: getattr(price, field, None) for field, key in _COSTS.items()}
    return {f"{key}{suffix}": per_token(amount) for key, amount in amounts.items() if amount is not None}


def per_token(amount: str) -> Decimal:
    """Return the exact price of one token if a million tokens cost `amount`."""
    return Decimal(amount) / _MILLION
