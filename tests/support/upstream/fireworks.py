"""Fireworks: a catalog in pages beside the surface that is called, with a day on which a model is gone."""

from upstream._bearer import FAILURES, VERDICTS, Book, Query, error, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "fw_fake_00000000000000000000000"
_PREFIX = "accounts/fireworks/models/"
_MODELS = [
    {
        "name": f"{_PREFIX}deepseek-v3p1",
        "displayName": "DeepSeek V3.1",
        "createTime": "2025-08-21T01:02:03.123456Z",
        "contextLength": 163840,
        "supportsImageInput": False,
        "supportsTools": True,
        "supportsServerless": True,
        "deprecationDate": None,
    },
    {
        "name": f"{_PREFIX}llama-v3p1-8b-instruct",
        "contextLength": 131072,
        "supportsServerless": True,
        "deprecationDate": {"year": 2027, "month": 1, "day": 9},
    },
    {"name": f"{_PREFIX}qwen2-vl", "contextLength": 32768, "supportsImageInput": True, "supportsServerless": False},
]
_TOKENS = {"": 0, "opaque token+/=2": 2}


def _catalog(query: Query) -> object:
    start = _TOKENS.get(query.get("pageToken", ""))
    if start is None:
        return Answer(400, {"code": 3, "message": "invalid page token"})
    following = "opaque token+/=2" if start == 0 else ""
    return {"models": _MODELS[start : start + 2], "nextPageToken": following, "totalSize": len(_MODELS)}


_book = Book(
    KEY,
    {"/v1/accounts/fireworks/models": _catalog, "/inference/v1/models": listed({"id": f"{_PREFIX}deepseek-v3p1"})},
    {
        **FAILURES,
        "invalid": error(401, "The API key you provided is invalid.", "UNAUTHORIZED", "error"),
        "no_funds": error(412, "Account acme is suspended, possibly due to failure to pay", None, "error"),
    },
    chat="/inference/v1/chat/completions",
)
VENDOR = Vendor(
    "fireworks",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(f"{_PREFIX}deepseek-v3p1", lacks=("vision",), capabilities=("function_calling",), context=163840),
        ModelRecord(f"{_PREFIX}llama-v3p1-8b-instruct", context=131072, status="deprecated", retires="2027-01-09"),
        ModelRecord(f"{_PREFIX}qwen2-vl", capabilities=("vision",), context=32768, callable=False),
    ),
    {**VERDICTS, "no_funds": "no_funds"},
    base="/inference/v1",
)
