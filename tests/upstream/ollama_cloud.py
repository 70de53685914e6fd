"""Ollama's cloud (D; that the list is public K): a bearer token for calls."""

from __future__ import annotations

from dataclasses import replace

from upstream import ollama
from upstream.vendor import Answer, Seen, State


def answer(seen: Seen, state: State) -> Answer:
    called = seen.path in ("/api/chat", "/api/generate")
    if called and (state == "invalid" or seen.headers.get("authorization") != f"Bearer {ollama.KEY}"):
        return Answer(401, {"error": "unauthorized"})
    if state == "rate_limited":
        return Answer(429, {"error": "you have reached your hourly usage limit"}, {"retry-after": "1"})
    return ollama.answer(seen, state)


VENDOR = replace(
    ollama.VENDOR,
    type="ollama_cloud",
    answer=answer,
    states={**ollama.VENDOR.states, "rate_limited": "rate_limited"},
)
