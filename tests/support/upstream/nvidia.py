"""NVIDIA NIM, hosted: a list that everybody may read, so that no free request proves a key."""

from upstream._bearer import Book, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "nvapi-fake-00000000000000000000"
_book = Book(
    KEY,
    {"/v1/models": listed({"id": "meta/llama-3.3-70b-instruct", "created": 735790403, "owned_by": "meta"})},
    open=frozenset({"/v1/models"}),
)
VENDOR = Vendor(
    "nvidia",
    {"api_key": KEY},
    _book.answer,
    (ModelRecord("meta/llama-3.3-70b-instruct"),),
    {"valid": "healthy", "overloaded": "degraded"},
    base="/v1",
    checks={},
    public=True,
)
