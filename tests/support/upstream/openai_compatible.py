"""Any server that does as OpenAI does, and nothing else."""

from upstream._bearer import VERDICTS, Book, listed
from upstream.vendor import ModelRecord, Vendor

KEY = "fake-server-key-000000000000000"
_book = Book(KEY, {"/v1/models": listed({"id": "house-model", "created": 1754000000, "owned_by": "acme"})})
VENDOR = Vendor(
    "openai_compatible", {"api_key": KEY}, _book.answer, (ModelRecord("house-model"),), VERDICTS, base="/v1"
)
