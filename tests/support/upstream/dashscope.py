"""DashScope: the native list in numbered pages, below another path than the one that is called."""

from upstream._bearer import FAILURES, VERDICTS, Book, Query, error
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "sk-fake-dashscope-0000000000000"
_MODELS = [
    {
        "model": "qwen3-max",
        "name": "Qwen3-Max",
        "provider": "qwen",
        "capabilities": ["TG", "Reasoning"],
        "features": ["function-calling", "structured-outputs", "web-search"],
        "published_time": "2025-09-23",
        "model_info": {"context_window": 262144, "max_input_tokens": 258048, "max_output_tokens": 65536},
        "prices": [{"range_name": "0-32K", "prices": [{"type": "input_token", "price": "0.006"}]}],
    },
    {"model": "qwen-vl-max", "capabilities": ["VU"], "features": [], "model_info": {"max_input_tokens": 129024}},
    {"model": "wan2.5", "capabilities": ["IG"]},
]


def _page(query: Query) -> object:
    number = int(query.get("page_no", "1"))
    models = _MODELS[(number - 1) * 2 : number * 2]
    output = {"total": len(_MODELS), "page_no": number, "page_size": 2, "models": models}
    return {"request_id": "r-1", "success": True, "output": output}


_book = Book(
    KEY,
    {"/api/v1/models": _page},
    {
        **FAILURES,
        "invalid": Answer(401, {"code": "InvalidApiKey", "message": "Invalid API-key provided.", "request_id": "r-1"}),
        "no_funds": Answer(400, {"code": "Arrearage", "message": "Access denied, your account is in arrears."}),
        "forbidden": error(403, "Model access denied.", "access_denied"),
    },
    chat="/compatible-mode/v1/chat/completions",
)
VENDOR = Vendor(
    "dashscope",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(
            "qwen3-max",
            mode="chat",
            capabilities=("chat", "function_calling", "reasoning", "structured_output", "web_search"),
            context=262144,
            max_output=65536,
        ),
        ModelRecord("qwen-vl-max", mode="chat", capabilities=("chat", "vision"), context=129024),
        ModelRecord("wan2.5", mode="image", capabilities=("image_generation",)),
    ),
    {**VERDICTS, "no_funds": "no_funds", "forbidden": "forbidden"},
    base="/compatible-mode/v1",
)
