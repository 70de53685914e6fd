"""Moonshot: flags of what a model takes, and a balance as a number."""

from upstream._bearer import FAILURES, VERDICTS, Book, error, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "sk-fake-moonshot-00000000000000"


def _balance(available: float) -> dict[str, object]:
    data = {"available_balance": available, "voucher_balance": 46.58893, "cash_balance": 3.00001}
    return {"code": 0, "data": data, "scode": "0x0", "status": True}


_book = Book(
    KEY,
    {
        "/v1/models": listed(
            {
                "id": "kimi-k2.6",
                "created": 1776000000,
                "owned_by": "moonshot",
                "context_length": 262144,
                "supports_image_in": True,
                "supports_video_in": False,
                "supports_reasoning": True,
            },
            {"id": "moonshot-v1-8k", "created": 1706000000, "owned_by": "moonshot", "context_length": 8192},
        ),
        "/v1/users/me/balance": lambda _query: _balance(49.58894),
    },
    {**FAILURES, "invalid": error(401, "Invalid Authentication", None, "invalid_authentication_error")},
    by_state={("/v1/users/me/balance", "no_funds"): _balance(-0.5)},
)
VENDOR = Vendor(
    "moonshot",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord("kimi-k2.6", lacks=("video_input",), capabilities=("reasoning", "vision"), context=262144),
        ModelRecord("moonshot-v1-8k", context=8192),
    ),
    {**VERDICTS, "no_funds": "no_funds"},
    base="/v1",
    quota={"balance": "49.58894 in the account's currency"},
)
