"""A LiteLLM proxy: what it serves twice, once with limits and prices; a wrong key without a database is a 400."""

from upstream._bearer import FAILURES, VERDICTS, Book, error, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "sk-fake-litellm-master-00000000"
_GROUP = {
    "model_group": "chat",
    "providers": ["openai"],
    "max_input_tokens": 128000.0,
    "max_output_tokens": 16384.0,
    "input_cost_per_token": 1.5e-07,
    "output_cost_per_token": 6e-07,
    "mode": "chat",
    "supports_vision": True,
    "supports_function_calling": True,
    "supports_web_search": False,
}
_book = Book(
    KEY,
    {
        "/v1/models": listed({"id": "chat", "created": 1677610602, "owned_by": "openai"}),
        "/model_group/info": lambda _query: {
            "data": [_GROUP, {"model_group": "openai/*", "providers": ["openai"], "mode": None}]
        },
    },
    {
        **FAILURES,
        "invalid": error(400, "No connected db.", "400", "no_db_connection"),
        "expired": error(401, "Authentication Error - Expired Key.", "401", "expired_key"),
        "no_funds": error(429, "Budget has been exceeded!", "429", "budget_exceeded"),
    },
)
VENDOR = Vendor(
    "litellm",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord("chat"),
        ModelRecord(
            "chat", lacks=("web_search",),
            mode="chat",
            capabilities=("chat", "function_calling", "vision"),
            context=128000,
            max_output=16384,
            price={"input": "0.15", "output": "0.6"},
        ),
        ModelRecord("openai/*", callable=False),
    ),
    {**VERDICTS, "expired": "unauthorized", "no_funds": "no_funds"},
    base="/v1",
)
