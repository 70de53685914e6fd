"""Ollama's cloud (D; that the list is public K): a bearer token for calls, and models with their whole context."""

from __future__ import annotations

from dataclasses import replace

from upstream import ollama
from upstream.vendor import Answer, ModelRecord, Seen, State

_CONTEXTS = {"llama9:8b": 8192, "qwen9-vl:latest": 262144, "nomic-embed-text:latest": 2048, "gemma9:4b": 131072}


def answer(seen: Seen, state: State) -> Answer:
    called = seen.path in ("/api/chat", "/api/generate")
    if called and (state == "invalid" or seen.headers.get("authorization") != f"Bearer {ollama.KEY}"):
        return Answer(401, {"error": "unauthorized"})
    if state == "rate_limited":
        return Answer(429, {"error": "you have reached your hourly usage limit"}, {"retry-after": "1"})
    return ollama.answer(seen, state)


def _models() -> tuple[ModelRecord, ...]:
    """Return what the local server says, with the context that each model was trained for."""
    told = ollama.VENDOR.models
    contexts = [_CONTEXTS.get(model.id, model.context) if model.mode else None for model in told]
    return tuple(replace(model, context=context) for model, context in zip(told, contexts, strict=True))


VENDOR = replace(
    ollama.VENDOR,
    type="ollama_cloud",
    answer=answer,
    models=_models(),
    states={**ollama.VENDOR.states, "rate_limited": "rate_limited"},
)
