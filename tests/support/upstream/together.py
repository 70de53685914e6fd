"""Together AI: a bare array with prices per million tokens, and 402 for an empty account."""

from upstream._bearer import FAILURES, VERDICTS, Book, error
from upstream.vendor import ModelRecord, Vendor

KEY = "fake-together-key-0000000000000"
_PRICES = {"hourly": 0, "base": 0, "finetune": 0}
_MODELS = [
    {
        "id": "Qwen/Qwen3-235B-A22B",
        "object": "model",
        "created": 0,
        "type": "chat",
        "display_name": "Qwen3",
        "organization": "Qwen",
        "context_length": 262144,
        "pricing": {**_PRICES, "input": 0.2, "output": 0.6, "cached_input": 0.05},
    },
    {
        "id": "BAAI/bge-base-en-v1.5",
        "type": "embedding",
        "context_length": 512,
        "pricing": {"input": 0.008, "output": 0},
    },
    {"id": "acme/base", "type": "language", "context_length": 4096},
]
_book = Book(
    KEY,
    {"/v1/models": lambda _query: _MODELS},
    {
        **FAILURES,
        "invalid": error(401, "Invalid API key provided", "invalid_api_key", "invalid_request_error"),
        "no_funds": error(402, "Your account has reached its monthly cap", None, "credit_limit"),
    },
)
VENDOR = Vendor(
    "together",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(
            "Qwen/Qwen3-235B-A22B",
            mode="chat",
            context=262144,
            price={"input": "0.2", "output": "0.6", "cache_read": "0.05"},
        ),
        ModelRecord("BAAI/bge-base-en-v1.5", mode="embedding", context=512, price={"input": "0.008", "output": "0"}),
        ModelRecord("acme/base", mode="completion", context=4096),
    ),
    {**VERDICTS, "no_funds": "no_funds"},
    base="/v1",
)
