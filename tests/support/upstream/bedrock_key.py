"""AWS Bedrock with an API key (S): a bearer token instead of a signature; a wrong one is told in words only (K)."""

from __future__ import annotations

from dataclasses import replace

from upstream import bedrock
from upstream.vendor import Answer, Seen, State

KEY = "fake-bedrock-api-key-0001"
ERRORS = {
    "invalid": Answer(403, {"Message": "Authentication failed: Please make sure your API Key is valid."}),
    "expired": Answer(403, {"Message": "Bearer Token has expired"}),
}


def answer(seen: Seen, state: State) -> Answer:
    if seen.headers.get("authorization") != f"Bearer {KEY}":
        return ERRORS["invalid"]
    return ERRORS[state] if state in ERRORS else bedrock.listing(seen, state)


VENDOR = replace(bedrock.VENDOR, credential={"api_key": KEY}, answer=answer)
