"""vLLM: an error that is a text, and the context that the server was started with."""

from upstream._bearer import FAILURES, VERDICTS, Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "fake-vllm-key-00000000000000000"
_CARD = {"id": "meta-llama/Llama-3.3-70B-Instruct", "created": 1754000000, "owned_by": "vllm", "parent": None}
_book = Book(
    KEY,
    {"/v1/models": listed({**_CARD, "root": "/models/llama", "max_model_len": 32768, "permission": [{"id": "p-1"}]})},
    {**FAILURES, "invalid": Answer(401, {"error": "Unauthorized"})},
)
VENDOR = Vendor(
    "vllm",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("meta-llama/Llama-3.3-70B-Instruct", context=32768),),
    VERDICTS,
    base="/v1",
)
