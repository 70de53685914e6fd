"""llama.cpp with one model (D): a list for everybody, properties for those with the key, and 503 while it loads.

Its list tells with what the model was trained; with what it runs stands in the properties, and is less.
"""

from upstream._bearer import Book, error, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "fake-llama-key-0000000000000000"
_MODEL = {
    "id": "qwen3-8b-q4.gguf",
    "created": 1754000000,
    "owned_by": "llamacpp",
    "meta": {"vocab_type": 2, "n_ctx_train": 40960, "n_params": 8190735360},
    "architecture": {"input_modalities": ["text", "image"]},
}
_book = Book(
    KEY,
    {
        "/v1/models": listed(_MODEL),
        "/props": lambda _query: {"default_generation_settings": {"n_ctx": 8192}, "total_slots": 1, "model_path": "/m"},
    },
    {
        "invalid": error(401, "Invalid API Key", 401, "authentication_error"),
        "overloaded": error(503, "Loading model", 503, "unavailable_error"),
    },
    open=frozenset({"/v1/models"}),
)
VENDOR = Vendor(
    "llama_cpp",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("qwen3-8b-q4.gguf", capabilities=("vision",)), ModelRecord("qwen3-8b-q4.gguf", context=8192)),
    {"valid": "healthy", "invalid": "unauthorized", "overloaded": "degraded"},
    base="/v1",
    public=True,
)
