"""OpenRouter: a public list with prices per token, and a request that describes the key."""

from upstream._bearer import FAILURES, VERDICTS, Book, Query
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "sk-or-v1-fake-00000000000000000"
_MODELS = [
    {
        "id": "openai/gpt-5",
        "canonical_slug": "openai/gpt-5-2025-08-07",
        "name": "OpenAI: GPT-5",
        "created": 1754587413,
        "context_length": 400000,
        "architecture": {"input_modalities": ["text", "image", "file"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.00000125", "completion": "0.00001", "input_cache_read": "0.000000125", "request": "0"},
        "top_provider": {"context_length": 400000, "max_completion_tokens": 128000, "is_moderated": True},
        "supported_parameters": ["tools", "tool_choice", "structured_outputs", "reasoning", "seed"],
        "expiration_date": None,
    },
    {
        "id": "acme/old:free",
        "context_length": 8192,
        "pricing": {"prompt": "0", "completion": "0"},
        "top_provider": {"context_length": 4096, "max_completion_tokens": None},
        "supported_parameters": [],
        "expiration_date": "2027-01-31",
    },
    {"id": "openrouter/auto", "context_length": 2000000, "pricing": {"prompt": "-1", "completion": "-1"}},
]


def _page(query: Query) -> object:
    start = int(query.get("offset", "0"))
    return {"data": _MODELS[start : start + 2], "total_count": len(_MODELS), "links": {"next": None}}


def _key(remaining: float) -> dict[str, object]:
    limits = {"limit": 10, "limit_remaining": remaining, "limit_reset": "monthly", "usage": 2.5}
    return {"data": {"label": "ci", **limits, "is_free_tier": False, "expires_at": "2027-12-31T23:59:59Z"}}


def _error(status: int, message: str, **metadata: str) -> Answer:
    return Answer(status, {"error": {"code": status, "message": message, "metadata": metadata}})


_book = Book(
    KEY,
    {"/api/v1/models": _page, "/api/v1/key": lambda _query: _key(7.5)},
    {
        **FAILURES,
        "invalid": _error(401, "User not found."),
        "rate_limited": _error(429, "Rate limit exceeded"),
        "overloaded": _error(502, "Provider returned error"),
    },
    open=frozenset({"/api/v1/models"}),
    by_state={("/api/v1/key", "no_funds"): _key(0)},
    chat="/api/v1/chat/completions",
)
VENDOR = Vendor(
    "openrouter",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(
            "openai/gpt-5",
            capabilities=("function_calling", "pdf_input", "reasoning", "structured_output", "vision"),
            context=400000,
            max_output=128000,
            price={"input": "1.25", "output": "10", "cache_read": "0.125"},
        ),
        ModelRecord(
            "acme/old:free",
            context=4096,
            price={"input": "0", "output": "0"},
            status="deprecated",
            retires="2027-01-31",
        ),
        ModelRecord("openrouter/auto", context=2000000),
    ),
    {**VERDICTS, "no_funds": "no_funds"},
    base="/api/v1",
    public=True,
    quota={"limit": "10 USD", "remaining": "7.5 USD", "used": "2.5 USD", "free tier": "no"},
)
