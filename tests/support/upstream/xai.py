"""xAI: a list for each kind of model, prices as whole numbers, a request that describes the key."""

from upstream._bearer import FAILURES, VERDICTS, Book, listed
from upstream.vendor import Answer, ModelRecord, Vendor

KEY = "xai-fake-00000000000000000000000"
_DESCRIPTION = {
    "redacted_api_key": "xai-...0000",
    "user_id": "u-1",
    "name": "CI",
    "team_id": "t-1",
    "acls": ["api-key:model:*", "api-key:endpoint:*"],
    "api_key_blocked": False,
    "api_key_disabled": False,
    "team_blocked": False,
}
_GROK = {"id": "grok-4.3", "created": 1743724800, "owned_by": "xai", "aliases": ["grok-latest", "grok-4.3"]}
_DETAILS = {
    "input_modalities": ["text", "image"],
    "output_modalities": ["text"],
    "prompt_text_token_price": 12500,
    "cached_prompt_text_token_price": 3125,
    "completion_text_token_price": 25000,
}
_book = Book(
    KEY,
    {
        "/v1/models": listed({**_GROK, "context_length": 256000}, {"id": "grok-image"}),
        "/v1/language-models": lambda _query: {"models": [{**_GROK, **_DETAILS}]},
        "/v1/embedding-models": lambda _query: {"models": []},
        "/v1/image-generation-models": lambda _query: {"models": [{"id": "grok-image", "image_price": 20}]},
        "/v1/api-key": lambda _query: _DESCRIPTION,
    },
    {
        **FAILURES,
        "invalid": Answer(
            400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***00."}
        ),
        "no_funds": Answer(403, {"code": "permission-denied", "error": "Your team has used all available credits."}),
    },
    by_state={("/v1/api-key", "forbidden"): {**_DESCRIPTION, "team_blocked": True}},
)
VENDOR = Vendor(
    "xai",
    {"api_key": KEY},
    _book.answer,
    (
        ModelRecord("grok-4.3", context=256000, aliases=("grok-latest",)),
        ModelRecord("grok-image"),
        ModelRecord(
            "grok-4.3",
            mode="chat",
            capabilities=("chat", "vision"),
            price={"input": "1.25", "output": "2.5", "cache_read": "0.3125"},
            aliases=("grok-latest",),
        ),
        ModelRecord("grok-image", mode="image"),
    ),
    {**VERDICTS, "no_funds": "no_funds", "forbidden": "forbidden"},
    base="/v1",
)
