"""Azure OpenAI, classic (D): `api-key` and a version in each URL; the list holds models, and calls name deployments."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from llmconf.adapters._base import ModelRecord
from upstream.vendor import Answer, Seen, State, Vendor

KEY = "fake-azure-key-0001"
VERSION = "2024-10-21"
MODELS: list[dict[str, Any]] = [
    {
        "id": "gpt-9-2026-02-01", "object": "model", "status": "succeeded", "created_at": 1770000000,
        "lifecycle_status": "generally-available", "deprecation": {"inference": 1830297600},
        "capabilities": {
            "fine_tune": True, "inference": True, "completion": False, "chat_completion": True, "embeddings": False
        },
    },
    {
        "id": "embed-9", "object": "model", "status": "succeeded", "created_at": 1770000000,
        "lifecycle_status": "deprecated", "deprecation": {"inference": 1798761600, "fine_tune": 1798761600},
        "capabilities": {
            "fine_tune": False, "inference": True, "completion": False, "chat_completion": False, "embeddings": True
        },
    },
    {"id": "sora-9", "object": "model", "lifecycle_status": "preview", "capabilities": {"inference": True}},
]  # fmt: skip

DEPLOYMENTS = ["chat-prod", MODELS[0]["id"]]
"""What can be called: names of one's own, one of which is that of its model, as is common."""


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    """Return an error in Azure's shape."""
    return Answer(status, {"error": {"code": code, "message": message}}, headers or {})


ERRORS = {
    "invalid": error(
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key.",
    ),
    "forbidden": error(403, "403", "Public access is disabled. Please configure private endpoint."),
    "rate_limited": error(429, "429", "Requests have exceeded the call rate limit.", {"retry-after": "59"}),
    "overloaded": error(503, "InternalServerError", "The service is temporarily unable to process your request."),
}


def answer(seen: Seen, state: State) -> Answer:
    if seen.headers.get("api-key") != KEY:
        return ERRORS["invalid"]
    return listing(seen, state)


def listing(seen: Seen, state: State) -> Answer:
    """Answer a caller who is known."""
    if state in ERRORS:
        return ERRORS[state]
    url = urlsplit(seen.path)
    if parse_qs(url.query).get("api-version") != [VERSION]:
        return error(404, "404", "Resource not found")
    if (seen.method, url.path) == ("GET", "/openai/models"):
        return Answer(body={"data": MODELS, "object": "list"})
    if seen.method == "POST" and url.path in [f"/openai/deployments/{name}/chat/completions" for name in DEPLOYMENTS]:
        return Answer(body={"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]})
    return error(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")


VENDOR = Vendor(
    type="azure_openai",
    credential={"api_key": KEY},
    answer=answer,
    models=(
        ModelRecord(
            "gpt-9-2026-02-01",
            mode="chat",
            capabilities=("chat", "fine_tuning"),
            status="active",
            retires="2028-01-01",
            callable=False,
        ),
        ModelRecord(
            "embed-9",
            mode="embedding",
            capabilities=("embedding",),
            status="deprecated",
            retires="2027-01-01",
            callable=False,
        ),
        ModelRecord("sora-9", capabilities=(), status="active", callable=False),
    ),
    states={
        "valid": "healthy", "invalid": "unauthorized", "forbidden": "forbidden", "rate_limited": "rate_limited",
        "overloaded": "degraded",
    },
)  # fmt: skip
