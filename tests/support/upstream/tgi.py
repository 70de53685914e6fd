"""Text Generation Inference: one model, whose limits are told beside the list."""

from upstream._bearer import FAILURES, VERDICTS, Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "fake-tgi-key-000000000000000000"
_MODEL = "HuggingFaceH4/zephyr-7b-beta"
_book = Book(
    KEY,
    {
        "/v1/models": listed({"id": _MODEL, "created": 0, "owned_by": _MODEL}),
        "/info": lambda _query: {"model_id": _MODEL, "max_input_tokens": 4095, "max_total_tokens": 4096},
    },
    {
        **FAILURES,
        "invalid": Answer(401),
        "overloaded": Answer(503, {"error": "unhealthy", "error_type": "healthcheck"}),
    },
)
VENDOR = Vendor(
    "tgi",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord(_MODEL), ModelRecord(_MODEL, context=4096)),
    VERDICTS,
    base="/v1",
)
