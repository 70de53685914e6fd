"""Cloudflare Workers AI: an account in the path, a list beside the surface, numbered pages, a list of errors."""

from upstream._bearer import VERDICTS, Book, Query, error
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "fake-cloudflare-token-000000000"
_ACCOUNT = "/client/v4/accounts/0123456789abcdef/ai"
_MODELS = [
    {
        "id": "workers-ai/@cf/meta/llama-4-scout",
        "name": "Llama 4 Scout",
        "context_length": 131000,
        "max_output_length": 8192,
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
        "supported_features": ["tools", "json_mode"],
        "pricing": {"prompt": "0.00000027", "completion": "0.00000085"},
    },
    {"id": "@cf/baai/bge-m3", "context_length": 60000, "pricing": {"prompt": "0.000000012", "completion": "0"}},
    {"id": "@cf/openai/whisper"},
]


def _page(query: Query) -> object:
    if query.get("format") != "openrouter":
        return error(400, "another format")
    number = int(query.get("page", "1"))
    info = {"page": number, "per_page": 2, "total_pages": 2, "total_count": len(_MODELS), "count": 2}
    return {"success": True, "errors": [], "result_info": info, "data": _MODELS[(number - 1) * 2 : number * 2]}


def _failed(status: int, code: int, message: str) -> Answer:
    body = {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
    return Answer(status, body)


_book = Book(
    KEY,
    {f"{_ACCOUNT}/models/search": _page},
    {
        "invalid": _failed(400, 10000, "Authentication error"),
        "forbidden": _failed(403, 9109, "Unauthorized to access requested resource"),
        "rate_limited": _failed(429, 10429, "Too many requests"),
        "overloaded": _failed(503, 7010, "Service unavailable"),
    },
    chat=f"{_ACCOUNT}/v1/chat/completions",
)
VENDOR = Vendor(
    "cloudflare",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(
            "@cf/meta/llama-4-scout",
            capabilities=("function_calling", "json_mode", "vision"),
            context=131000,
            max_output=8192,
            price={"input": "0.27", "output": "0.85"},
        ),
        ModelRecord("@cf/baai/bge-m3", context=60000, price={"input": "0.012", "output": "0"}),
        ModelRecord("@cf/openai/whisper"),
    ),
    {**VERDICTS, "forbidden": "forbidden"},
    base=f"{_ACCOUNT}/v1",
)
