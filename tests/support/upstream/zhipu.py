"""Zhipu: codes of its own as texts, and 429 for an account in arrears."""

from upstream._bearer import Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "fakeid0000000000.fakesecret00000"


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})


_book = Book(
    KEY,
    {"/api/paas/v4/models": listed({"id": "glm-5", "created": 1754000000, "owned_by": "z-ai"})},
    {
        "invalid": _error(401, "1000", "Authentication failed"),
        "no_funds": _error(429, "1113", "Insufficient balance or no resource package. Please recharge."),
        "forbidden": _error(400, "1220", "You have no permission to access this API"),
        "rate_limited": _error(429, "1302", "High concurrency usage of this API"),
        "overloaded": _error(500, "500", "Internal error"),
    },
    chat="/api/paas/v4/chat/completions",
)
VENDOR = Vendor(
    "zhipu",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("glm-5"),),
    {
        "valid": "healthy",
        "invalid": "unauthorized",
        "no_funds": "no_funds",
        "forbidden": "forbidden",
        "rate_limited": "rate_limited",
        "overloaded": "degraded",
    },
    base="/api/paas/v4",
)
