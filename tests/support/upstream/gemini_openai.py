"""Gemini's compatible surface: Google's own errors, in an array, and a bad key is a bad request."""

from upstream._bearer import Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "AIza-fake-000000000000000000000"


def _error(status: int, message: str, name: str, reason: str | None = None) -> Answer:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return Answer(status, [{"error": {"code": status, "message": message, "status": name, "details": details}}])


_book = Book(
    KEY,
    {"/v1beta/openai/models": listed({"id": "models/gemini-2.5-flash", "owned_by": "google"})},
    {
        "invalid": _error(
            400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", "API_KEY_INVALID"
        ),
        "expired": _error(400, "API key expired. Please renew the API key.", "INVALID_ARGUMENT", "API_KEY_INVALID"),
        "forbidden": _error(403, "Requests from referer are blocked.", "PERMISSION_DENIED"),
        "rate_limited": _error(429, "Resource has been exhausted", "RESOURCE_EXHAUSTED"),
        "overloaded": _error(503, "The model is overloaded.", "UNAVAILABLE"),
    },
    chat="/v1beta/openai/chat/completions",
)
VENDOR = Vendor(
    "gemini_openai",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("gemini-2.5-flash"),),
    {
        "valid": "healthy",
        "invalid": "unauthorized",
        "expired": "unauthorized",
        "forbidden": "forbidden",
        "rate_limited": "rate_limited",
        "overloaded": "degraded",
    },
    base="/v1beta/openai",
)
