"""Google Vertex AI in express mode (S): a key in `x-goog-api-key` instead of a token."""

from __future__ import annotations

from dataclasses import replace

from upstream import vertex
from upstream.gemini import ERRORS, UNKNOWN_CALLER
from upstream.vendor import Answer, Seen, State

KEY = "fake-vertex-express-0001"


def answer(seen: Seen, state: State) -> Answer:
    if "x-goog-api-key" not in seen.headers:
        return UNKNOWN_CALLER
    if seen.headers["x-goog-api-key"] != KEY or state in ("invalid", "expired"):
        return ERRORS["expired" if state == "expired" else "invalid"]
    return vertex.listing(seen, state)


VENDOR = replace(
    vertex.VENDOR,
    credential={"api_key": KEY},
    answer=answer,
    states={**vertex.VENDOR.states, "expired": "unauthorized"},
)
