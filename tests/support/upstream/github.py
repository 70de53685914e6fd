"""GitHub Models: the catalog is beside the surface that is called, a bare array; requests name a version of the API.

The real one takes a version for granted where none is named. This one does not, as it may once that is out of date.
"""

from upstream._bearer import FAILURES, VERDICTS, Book
from upstream.vendor import Answer, ModelRecord, Seen, State, Vendor

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


def answer(seen: Seen, state: State) -> Answer:
    if seen.headers.get("x-github-api-version") != "2022-11-28":
        return Answer(400, {"message": "this version of the API is not supported", "documentation_url": _DOCS})
    return _book.answer(seen, state)


VENDOR = Vendor(
    "github",
    {"api_key": KEY},
    answer,
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
