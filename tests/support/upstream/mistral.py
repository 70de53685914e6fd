"""Mistral: capabilities as flags, aliases, and the day on which a deprecated model is gone."""

from upstream._bearer import FAILURES, VERDICTS, Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "fake-mistral-key-00000000000000"
_FLAGS = {"completion_chat": True, "function_calling": True, "vision": True, "completion_fim": False, "ocr": False}
_book = Book(
    KEY,
    {
        "/v1/models": listed(
            {
                "id": "mistral-large-2512",
                "created": 1764000000,
                "owned_by": "mistralai",
                "capabilities": {**_FLAGS, "audio": True, "reasoning": False},
                "max_context_length": 262144,
                "aliases": ["mistral-large-latest"],
                "deprecation": None,
                "deprecation_replacement_model": None,
                "type": "base",
            },
            {
                "id": "codestral-2405",
                "capabilities": {"completion_chat": False, "completion_fim": True},
                "max_context_length": 32768,
                "aliases": [],
                "deprecation": "2027-03-31T12:00:00Z",
                "deprecation_replacement_model": "codestral-latest",
                "type": "base",
            },
            {"id": "mistral-embed", "capabilities": {"completion_chat": False}, "max_context_length": 8192},
        )
    },
    {
        **FAILURES,
        "invalid": Answer(401, {"detail": "Unauthorized"}),
        "no_funds": Answer(
            402, {"object": "error", "message": "No credits left", "type": "payment_required", "code": "1402"}
        ),
        "rate_limited": Answer(429, {"message": "Requests rate limit exceeded"}),
    },
)
VENDOR = Vendor(
    "mistral",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(
            "mistral-large-2512", lacks=("fill_in_middle", "ocr", "reasoning"),
            mode="chat",
            capabilities=("audio_input", "chat", "function_calling", "vision"),
            context=262144,
            aliases=("mistral-large-latest",),
        ),
        ModelRecord(
            "codestral-2405", lacks=("chat",),
            capabilities=("fill_in_middle",),
            context=32768,
            status="deprecated",
            retires="2027-03-31",
            replacement="codestral-latest",
        ),
        ModelRecord("mistral-embed", lacks=("chat",), context=8192),
    ),
    {**VERDICTS, "no_funds": "no_funds"},
    base="/v1",
)
