"""Databricks: endpoints of a workspace by name, and errors with a code of their own."""

from upstream._bearer import FAILURES, VERDICTS, Book
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "dapi-fake-000000000000000000000"
_CHAT = {"name": "databricks-llama-4", "task": "llm/v1/chat", "creator": "System", "state": {"ready": "READY"}}
_book = Book(
    KEY,
    {
        "/api/2.0/serving-endpoints": lambda _query: {
            "endpoints": [_CHAT, {"name": "bge", "task": "llm/v1/embeddings"}, {"name": "churn"}]
        }
    },
    {
        **FAILURES,
        "invalid": Answer(401, {"error_code": 401, "message": "Credential was not sent or was of an unsupported type"}),
        "forbidden": Answer(403, {"error_code": "PERMISSION_DENIED", "message": "User has no workspace permission"}),
        "rate_limited": Answer(429, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Exceeded the limit"}),
    },
    chat="/serving-endpoints/chat/completions",
)
VENDOR = Vendor(
    "databricks",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("databricks-llama-4", mode="chat"), ModelRecord("bge", mode="embedding"), ModelRecord("churn")),
    {**VERDICTS, "forbidden": "forbidden"},
    base="/serving-endpoints",
)
