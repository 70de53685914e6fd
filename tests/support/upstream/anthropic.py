"""Anthropic, as its SDK (S) knows it: `x-api-key`, lists by `after_id`, retired models only on demand."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from llmconf.adapters._base import ModelRecord
from upstream.vendor import Answer, Seen, State, Vendor

KEY = "fake-anthropic-key-0001"
VERSION = "2023-06-01"
LONGEST_PAGE = 2
"""The real one takes 1000; a short one makes pages."""


def _model(identifier: str, lifecycle: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "type": "model", "id": identifier, "display_name": identifier, "created_at": "2026-02-05T00:00:00Z",
        "lifecycle": lifecycle, "line": None, "max_input_tokens": 200000, "max_tokens": 64000,
        "deprecated_at": None, "retires_at": None, "capabilities": None, **more,
    }  # fmt: skip


def _supported(*names: str, **more: Any) -> dict[str, Any]:
    every = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    return {name: {"supported": name in names} for name in every} | more


MODELS = [
    _model(
        "claude-opus-9",
        max_input_tokens=1000000,
        max_tokens=128000,
        capabilities=_supported(
            "batch", "citations", "image_input", "pdf_input", "structured_outputs",
            thinking={"supported": True, "types": {"adaptive": {"supported": True}}},
            effort={"supported": True, "high": {"supported": True}},
            server_tools={"supported": True, "web_search": {"supported": True}, "code_execution": {"supported": False}},
        ),
    ),
    _model("claude-haiku-9", capabilities=_supported("code_execution", thinking={"supported": False})),
    _model(
        "claude-haiku-8",
        "deprecated",
        deprecated_at="2026-06-01T00:00:00Z",
        retires_at="2027-01-15T12:00:00Z",
        created_at="1970-01-01T00:00:00Z",
    ),
    _model("claude-2", "retired", deprecated_at="2025-01-21T00:00:00Z", retires_at="2025-07-21T00:00:00Z",
           max_input_tokens=None, max_tokens=None),
]  # fmt: skip


def _error(status: int, kind: str, message: str) -> Answer:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return Answer(status, body, {"request-id": "req_1"})


ERRORS: dict[str, Answer] = {
    "invalid": _error(401, "authentication_error", "invalid x-api-key"),
    "expired": _error(401, "authentication_error", "this API key has expired"),
    "no_funds": _error(402, "billing_error", "Your credit balance is too low to access the API"),
    "forbidden": _error(403, "permission_error", "Your API key may not use this resource"),
    "rate_limited": _error(429, "rate_limit_error", "This request would exceed your rate limit"),
    "overloaded": _error(529, "overloaded_error", "Overloaded"),
}


def answer(seen: Seen, state: State) -> Answer:
    if seen.headers.get("x-api-key") != KEY:
        return ERRORS["invalid"]
    if state in ERRORS:
        return ERRORS[state]
    if seen.headers.get("anthropic-version") != VERSION:
        return _error(400, "invalid_request_error", "anthropic-version: header is required")
    url = urlsplit(seen.path)
    if seen.method == "POST" and url.path == "/v1/messages":
        content = [{"type": "text", "text": "Hi"}]
        return Answer(body={"id": "msg_1", "type": "message", "role": "assistant", "content": content})
    if (seen.method, url.path) != ("GET", "/v1/models"):
        return _error(404, "not_found_error", "Not found")
    return _page(parse_qs(url.query))


def _page(query: dict[str, list[str]]) -> Answer:
    stages = query.get("lifecycle[]", ["active", "deprecated"])
    listed = [model for model in MODELS if model["lifecycle"] in stages]
    after = query.get("after_id", [None])[0]
    start = next((index + 1 for index, model in enumerate(listed) if model["id"] == after), 0)
    size = min(int(query.get("limit", ["20"])[0]), LONGEST_PAGE)
    found = listed[start : start + size]
    ids = [model["id"] for model in found] or [None]
    more = start + size < len(listed)
    return Answer(body={"data": found, "has_more": more, "first_id": ids[0], "last_id": ids[-1]})


VENDOR = Vendor(
    type="anthropic",
    credential={"api_key": KEY},
    answer=answer,
    models=(
        ModelRecord(
            "claude-opus-9", lacks=("code_execution",),
            mode="chat",
            capabilities=(
                "batch", "chat", "citations", "pdf_input", "reasoning", "structured_output", "vision", "web_search"
            ),
            context=1000000,
            max_output=128000,
            status="active",
        ),
        ModelRecord("claude-haiku-9", lacks=("batch", "citations", "pdf_input", "reasoning", "structured_output", "vision"), mode="chat", capabilities=("chat",), context=200000, max_output=64000, status="active"),
        ModelRecord(
            "claude-haiku-8",
            mode="chat",
            context=200000,
            max_output=64000,
            status="deprecated",
            deprecated="2026-06-01",
            retires="2027-01-15",
        ),
        ModelRecord("claude-2", mode="chat", status="retired", deprecated="2025-01-21", retires="2025-07-21"),
    ),
    states={
        "valid": "healthy", "invalid": "unauthorized", "expired": "unauthorized", "no_funds": "no_funds",
        "forbidden": "forbidden", "rate_limited": "rate_limited", "overloaded": "degraded",
    },
)  # fmt: skip
