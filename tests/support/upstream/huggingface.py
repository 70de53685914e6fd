"""Hugging Face: a public list in which several providers serve a model, and another host that knows the token."""

from upstream._bearer import FAILURES, Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "hf_fake00000000000000000000000"
_FIRST = {
    "provider": "novita",
    "status": "live",
    "context_length": 131072,
    "pricing": {"input": 0.27, "output": 1},
    "supports_tools": True,
    "supports_structured_output": False,
}
_SECOND = {**_FIRST, "provider": "together", "context_length": 65536, "pricing": {"input": 0.3, "output": 1}}
_ARCHITECTURE = {"input_modalities": ["text", "image"], "output_modalities": ["text"]}
_book = Book(
    KEY,
    {
        "/v1/models": listed(
            {"id": "deepseek-ai/DeepSeek-V3.2", "created": 1759000000, "providers": [_FIRST, _SECOND]},
            {"id": "Qwen/Qwen3-VL", "architecture": _ARCHITECTURE, "providers": [{"provider": "x", "status": "live"}]},
        ),
        "/api/whoami-v2": lambda _query: {"type": "user", "name": "acme", "auth": {"type": "access_token"}},
    },
    {
        **FAILURES,
        "invalid": Answer(401, {"error": "Invalid username or password."}),
        "expired": Answer(401, {"error": 'User Access Token "ci" is expired'}),
        "rate_limited": Answer(429, {"error": "We had to rate limit you"}),
    },
    open=frozenset({"/v1/models"}),
)
VENDOR = Vendor(
    "huggingface",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(
            "deepseek-ai/DeepSeek-V3.2", capabilities=("function_calling",), context=65536, price={"output": "1"}
        ),
        ModelRecord("Qwen/Qwen3-VL", capabilities=("vision",)),
    ),
    {"valid": "healthy", "overloaded": "degraded"},
    base="/v1",
    checks={"valid": "healthy", "invalid": "unauthorized", "expired": "unauthorized", "rate_limited": "rate_limited"},
    public=True,
)
