"""Cerebras: a richer list on request, and errors without an envelope."""

from upstream._bearer import FAILURES, VERDICTS, Book, Query, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "csk-fake-0000000000000000000000"
_RICH = {
    "id": "gpt-oss-120b",
    "context_length": 131072,
    "max_output_length": 40960,
    "pricing": {"prompt": "0.00000035", "completion": "0.00000075"},
    "supported_features": ["tools", "json_mode", "structured_outputs", "reasoning", "brand_new"],
}


def _list(query: Query) -> object:
    rich = query.get("format") == "openrouter"
    return listed(_RICH if rich else {"id": "gpt-oss-120b", "owned_by": "OpenAI"})(query)


def _flat(status: int, message: str, code: str | None, kind: str) -> Answer:
    return Answer(status, {"message": message, "type": kind, "param": "api_key", "code": code})


VENDOR = Vendor(
    "cerebras",
    {"api_key": KEY},
    Book(
        KEY,
        {"/v1/models": _list},
        {
            **FAILURES,
            "invalid": _flat(401, "Wrong API Key", "wrong_api_key", "invalid_request_error"),
            "no_funds": _flat(402, "Payment required", None, "payment_required_error"),
        },
    ).answer,
    (
        ModelRecord(
            "gpt-oss-120b",
            capabilities=("function_calling", "json_mode", "reasoning", "structured_output"),
            context=131072,
            max_output=40960,
            price={"input": "0.35", "output": "0.75"},
        ),
    ),
    {**VERDICTS, "no_funds": "no_funds"},
    base="/v1",
)
