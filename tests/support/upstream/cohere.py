"""Cohere (S, D): a bearer token, models by name, page tokens, errors with a message only."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from llmconf.adapters._base import ModelRecord
from upstream.vendor import Answer, Seen, State, Vendor

KEY = "fake-cohere-key-0001"
PAGE = 2


def _model(name: str, endpoints: list[str], context: float, features: list[str] | None, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "is_deprecated": False, "endpoints": endpoints, "finetuned": False, "context_length": context,
        "tokenizer_url": None, "default_endpoints": [], "features": features, **more,
    }  # fmt: skip


MODELS = [
    _model("command-z", ["chat"], 256000.0, ["tools", "strict_tools", "json_mode", "json_schema", "logprobs"]),
    _model("embed-v9.0", ["embed"], 128000.0, None),
    _model("rerank-v9.0", ["rerank"], 4096.0, None),
    _model("command-old", ["generate", "chat", "summarize"], 4096.5, None, is_deprecated=True),
    _model("classifier", ["classify"], 0.0, None),
]


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"id": "fake-request", "message": message})


ERRORS = {
    "invalid": _error(401, "invalid api token"),
    "expired": _error(498, "token expired"),
    "no_funds": _error(402, "Please add or update your payment method"),
    "forbidden": _error(403, "this key may not be used here"),
    "rate_limited": _error(429, "You are using a Trial key, which is limited to 40 API calls / minute."),
    "overloaded": _error(503, "the server is overloaded"),
}


def answer(seen: Seen, state: State) -> Answer:
    if seen.headers.get("authorization") != f"Bearer {KEY}":
        return ERRORS["invalid"]
    if state in ERRORS:
        return ERRORS[state]
    url = urlsplit(seen.path)
    if (seen.method, url.path) == ("POST", "/v2/chat"):
        return Answer(body={"id": "1", "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]}})
    if (seen.method, url.path) != ("GET", "/v1/models"):
        return _error(404, "not found")
    query = parse_qs(url.query)
    start = int(query.get("page_token", ["c0"])[0].removeprefix("c"))
    end = start + min(int(query.get("page_size", ["20"])[0]), PAGE)
    following = f"c{end}" if end < len(MODELS) else None
    return Answer(body={"models": MODELS[start:end], "next_page_token": following})


VENDOR = Vendor(
    type="cohere",
    credential={"api_key": KEY},
    answer=answer,
    models=(
        ModelRecord(
            "command-z",
            mode="chat",
            capabilities=("chat", "function_calling", "json_mode", "structured_output"),
            context=256000,
            status="active",
        ),
        ModelRecord("embed-v9.0", mode="embedding", capabilities=("embedding",), context=128000, status="active"),
        ModelRecord("rerank-v9.0", mode="rerank", capabilities=("rerank",), context=4096, status="active"),
        ModelRecord("command-old", mode="chat", capabilities=("chat",), status="deprecated"),
        ModelRecord("classifier", capabilities=(), status="active"),
    ),
    states={
        "valid": "healthy", "invalid": "unauthorized", "expired": "unauthorized", "no_funds": "no_funds",
        "forbidden": "forbidden", "rate_limited": "rate_limited", "overloaded": "degraded",
    },
)  # fmt: skip
