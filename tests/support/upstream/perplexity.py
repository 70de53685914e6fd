"""Perplexity: no list of what is called, and an error page of a gateway instead of an error."""

from upstream._bearer import FAILURES, VERDICTS, Book
from upstream.vendor import Answer, Vendor

KEY = "pplx-fake-000000000000000000000"
_PAGE = b"<html><head><title>401 Authorization Required</title></head></html>"
_book = Book(
    KEY,
    {"/v1/async/sonar": lambda _query: {"requests": [], "next_token": None}},
    {**FAILURES, "invalid": Answer(401, _PAGE, {"content-type": "text/html"})},
    chat="/chat/completions",
)
VENDOR = Vendor("perplexity", {"api_key": KEY}, _book.answer, (), VERDICTS)
