"""GitHub Models: the catalog is beside the surface that is called, a bare array."""

from upstream._bearer import FAILURES, VERDICTS, Book
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "github_pat_fake_000000000000000"
_DOCS = "https://docs.github.com/rest"
_MODEL = {
    "id": "openai/gpt-4.1",
    "name": "OpenAI GPT-4.1",
    "publisher": "OpenAI",
    "registry": "azure-openai",
    "version": "1",
    "capabilities": ["streaming", "tool-calling"],
    "limits": {"max_input_tokens": 1048576, "max_output_tokens": 32768},
    "rate_limit_tier": "high",
    "supported_input_modalities": ["text", "image"],
    "supported_output_modalities": ["text"],
    "tags": ["multipurpose"],
}
_book = Book(
    KEY,
    {"/catalog/models": lambda _query: [_MODEL]},
    {
        **FAILURES,
        "invalid": Answer(401, {"message": "Bad credentials", "documentation_url": _DOCS, "status": "401"}),
        "forbidden": Answer(403, {"error": {"code": "no_access", "message": "No access to model"}}),
    },
    chat="/inference/chat/completions",
)
VENDOR = Vendor(
    "github",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord(
            "openai/gpt-4.1",
            capabilities=("function_calling", "streaming", "vision"),
            context=1048576,
            max_output=32768,
        ),
    ),
    {**VERDICTS, "forbidden": "forbidden"},
    base="/inference",
)
