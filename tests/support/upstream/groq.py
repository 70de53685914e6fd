"""Groq: limits in the list, and models that are listed but no longer active."""

from upstream._bearer import FAILURES, VERDICTS, Book, error, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "gsk_fake_groq_00000000000000000"
_LLAMA = {"id": "llama-3.3-70b-versatile", "created": 1733447754, "owned_by": "Meta", "public_apps": None}
_book = Book(
    KEY,
    {
        "/openai/v1/models": listed(
            {**_LLAMA, "active": True, "context_window": 131072, "max_completion_tokens": 32768},
            {"id": "gemma2-9b-it", "active": False, "context_window": 8192, "max_completion_tokens": 8192},
            {"id": "whisper-large-v3", "active": True, "context_window": 448, "max_completion_tokens": 448},
        )
    },
    {
        **FAILURES,
        "invalid": error(401, "Invalid API Key", "invalid_api_key", "invalid_request_error"),
        "forbidden": error(403, "Access denied. Please check your network settings.", None, "permissions_error"),
    },
    chat="/openai/v1/chat/completions",
)
VENDOR = Vendor(
    "groq",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord("llama-3.3-70b-versatile", context=131072, max_output=32768, status="active"),
        ModelRecord("gemma2-9b-it", context=8192, max_output=8192, status="retired"),
        ModelRecord("whisper-large-v3", context=448, max_output=448, status="active"),
    ),
    {**VERDICTS, "forbidden": "forbidden"},
    base="/openai/v1",
)
