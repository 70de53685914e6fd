"""SGLang: as vLLM, from another program."""

from upstream._bearer import FAILURES, VERDICTS, Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "fake-sglang-key-000000000000000"
_book = Book(
    KEY,
    {"/v1/models": listed({"id": "qwen3-32b", "created": 1754000000, "owned_by": "sglang", "max_model_len": 40960})},
    {**FAILURES, "invalid": Answer(401, {"error": "Unauthorized"})},
)
VENDOR = Vendor(
    "sglang", {"api_key": KEY}, _book.answer, (ModelRecord("qwen3-32b", context=40960),), VERDICTS, base="/v1"
)
