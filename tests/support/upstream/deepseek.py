"""DeepSeek: no version in its paths, and a balance that tells an empty account for free."""

from upstream._bearer import FAILURES, VERDICTS, Book, error, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "sk-fake-deepseek-00000000000000"


def _balance(available: bool, total: str) -> dict[str, object]:
    info = {"currency": "CNY", "total_balance": total, "granted_balance": "10.00", "topped_up_balance": "100.00"}
    dollars = {"currency": "USD", "total_balance": "0.00", "granted_balance": "0.00", "topped_up_balance": "0.00"}
    return {"is_available": available, "balance_infos": [info, dollars]}


_book = Book(
    KEY,
    {
        "/models": listed(
            {"id": "deepseek-chat", "owned_by": "deepseek"},
            {
                "id": "deepseek-reasoner",
                "owned_by": "deepseek",
                "context_window": 131072,
                "max_output_tokens": 65536,
                "input_modalities": ["text"],
                "output_modalities": ["text"],
            },
        ),
        "/user/balance": lambda _query: _balance(True, "110.00"),
    },
    {**FAILURES, "invalid": error(401, "Authentication Fails", "invalid_request_error", "authentication_error")},
    by_state={("/user/balance", "no_funds"): _balance(False, "0.00")},
    chat="/chat/completions",
)
VENDOR = Vendor(
    "deepseek",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("deepseek-chat"), ModelRecord("deepseek-reasoner", context=131072, max_output=65536)),
    {**VERDICTS, "no_funds": "no_funds"},
    quota={"balance": "110.00 CNY, 0.00 USD"},
)
