"""LM Studio: a native list that knows what is loaded, beside the compatible surface."""

from upstream._bearer import FAILURES, VERDICTS, Book, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "fake-lm-studio-token-0000000000"
_LOADED = [{"id": "qwen3-8b", "config": {"context_length": 8192}}, {"id": "b", "config": {"context_length": 16384}}]
_MODELS = [
    {
        "type": "llm",
        "key": "qwen/qwen3-8b",
        "display_name": "Qwen3 8B",
        "quantization": {"name": "Q4_K_M"},
        "size_bytes": 5030000000,
        "loaded_instances": _LOADED,
        "max_context_length": 40960,
        "capabilities": {"vision": False, "trained_for_tool_use": True},
    },
    {"type": "embedding", "key": "nomic-embed", "loaded_instances": [], "max_context_length": 2048},
]
_book = Book(
    KEY,
    {"/v1/models": listed({"id": "qwen/qwen3-8b"}), "/api/v1/models": lambda _query: {"models": _MODELS}},
    FAILURES,
)
VENDOR = Vendor(
    "lm_studio",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord("qwen/qwen3-8b", lacks=("vision",), mode="chat", capabilities=("chat", "function_calling"), context=8192),
        ModelRecord("nomic-embed", mode="embedding", context=2048),
    ),
    VERDICTS,
    base="/v1",
)
