"""Baidu Qianfan: a wrong key is forbidden, not unauthorized."""

from upstream._bearer import FAILURES, VERDICTS, Book, error, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "bce-v3/ALTAK-fake/0000000000000"
_book = Book(
    KEY,
    {
        "/v2/models": listed(
            {"id": "ernie-5.0", "created": 1754000000, "owned_by": "baidu", "type": "chat"},
            {"id": "irag-1.0", "created": 1754000000, "owned_by": "baidu", "type": "text2image"},
        )
    },
    {**FAILURES, "invalid": error(403, "Invalid API key", "invalid_iam_token", "invalid_request_error")},
    chat="/v2/chat/completions",
)
VENDOR = Vendor(
    "qianfan",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("ernie-5.0", mode="chat"), ModelRecord("irag-1.0", mode="image")),
    VERDICTS,
    base="/v2",
)
