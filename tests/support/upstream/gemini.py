"""Google's Gemini API (S, D): `x-goog-api-key`, page tokens, a bad key as a bad request."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from llmconf.adapters._base import ModelRecord
from upstream.vendor import Answer, Seen, State, Vendor

KEY = "fake-gemini-key-0001"
PAGE = 3


def _model(identifier: str, methods: list[str], taken: int, given: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"models/{identifier}", "version": "001", "displayName": identifier, "inputTokenLimit": taken,
        "outputTokenLimit": given, "supportedGenerationMethods": methods, **more,
    }  # fmt: skip


CHAT = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]
MODELS = [
    _model("gemini-9-pro", CHAT, 1048576, 65536, thinking=True, temperature=1, topP=0.95, topK=64, maxTemperature=2),
    _model("gemini-9-live", ["bidiGenerateContent", "countTokens"], 131072, 8192),
    _model("gemma-9-27b-it", ["generateContent", "countTokens"], 131072, 8192),
    _model("gemini-embedding-9", ["embedContent", "countTextTokens", "asyncBatchEmbedContent"], 2048, 1),
    _model("imagen-9", ["predict"], 480, 8192),
    _model("veo-9", ["predictLongRunning"], 480, 8192),
]


def rpc_error(code: int, status: str, message: str, reason: str | None = None) -> Answer:
    """Return an error in the shape of Google's RPC."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }  # fmt: skip
    details = [info] if reason else []
    return Answer(code, {"error": {"code": code, "message": message, "status": status, "details": details}})


ERRORS = {
    "invalid": rpc_error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"),
    "expired": rpc_error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", "API_KEY_INVALID"),
    "no_funds": rpc_error(402, "FAILED_PRECONDITION", "Billing has to be set up.", "BILLING_DISABLED"),
    "forbidden": rpc_error(403, "PERMISSION_DENIED", "The API is not enabled.", "SERVICE_DISABLED"),
    "rate_limited": rpc_error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute."),
    "overloaded": rpc_error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
}
UNKNOWN_CALLER = rpc_error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers. Please use API Key.")


def answer(seen: Seen, state: State) -> Answer:
    url = urlsplit(seen.path)
    if "key=" in url.query or "x-goog-api-key" not in seen.headers:
        return UNKNOWN_CALLER
    if seen.headers["x-goog-api-key"] != KEY:
        return ERRORS["invalid"]
    if state in ERRORS:
        return ERRORS[state]
    if seen.method == "POST" and url.path.endswith(":generateContent"):
        return Answer(body={"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}}]})
    if (seen.method, url.path) != ("GET", "/v1beta/models"):
        return rpc_error(404, "NOT_FOUND", "Requested entity was not found.")
    return token_page("models", MODELS, parse_qs(url.query), PAGE)


def token_page(place: str, models: list[dict[str, Any]], query: dict[str, list[str]], longest: int) -> Answer:
    """Return a page of a list; its token is opaque, and not to be taken for a number."""
    start = int(query.get("pageToken", ["t/0=="])[0].strip("t/="))
    end = start + min(int(query.get("pageSize", ["50"])[0]), longest)
    more = {"nextPageToken": f"t/{end}=="} if end < len(models) else {}
    return Answer(body={place: models[start:end]} | more)


VENDOR = Vendor(
    type="gemini",
    credential={"api_key": KEY},
    answer=answer,
    base="/v1beta",
    models=(
        ModelRecord(
            "gemini-9-pro",
            mode="chat",
            capabilities=("batch", "chat", "prompt_caching", "reasoning"),
            context=1048576,
            max_output=65536,
        ),
        ModelRecord("gemini-9-live", capabilities=("realtime",), context=131072, max_output=8192),
        ModelRecord("gemma-9-27b-it", mode="chat", capabilities=("chat",), context=131072, max_output=8192),
        ModelRecord("gemini-embedding-9", mode="embedding", capabilities=("batch", "embedding"), context=2048),
        ModelRecord("imagen-9", mode="image", capabilities=("image_generation",), context=480, max_output=8192),
        ModelRecord("veo-9", capabilities=(), context=480, max_output=8192),
    ),
    states={
        "valid": "healthy", "invalid": "unauthorized", "expired": "unauthorized", "no_funds": "no_funds",
        "forbidden": "forbidden", "rate_limited": "rate_limited", "overloaded": "degraded",
    },
)  # fmt: skip
