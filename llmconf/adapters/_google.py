"""Shared parts of Gemini and Vertex AI: lists by page token, and errors in the shape of Google's RPC."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from llmconf.adapters._answers import mapping, page, rows
from llmconf.adapters._base import CalledEndpoint, Failure, ModelRecord, Page, Response
from llmconf.adapters._errors import ErrorRule, failure, said
from llmconf.adapters._paging import next_token

PAGE_SIZE = 1000
_NAME = re.compile(r"^[A-Z][A-Z_]{2,63}$")
_RULES = (
    # An invalid key is a bad request here (D). An expired key has the same reason, but another message (K).
    ErrorRule("unauthorized", codes=("API_KEY_INVALID", "API_KEY_EXPIRED"), message="expired", expired=True),
    ErrorRule("unauthorized", codes=("API_KEY_EXPIRED",), expired=True),
    ErrorRule("unauthorized", codes=("API_KEY_INVALID", "UNAUTHENTICATED")),
    # A call without any key is a lack of permission for this API. Evidence K.
    ErrorRule("unauthorized", status=(403,), message="unregistered callers"),
    ErrorRule("no_funds", codes=("BILLING_DISABLED",)),
    ErrorRule("forbidden", codes=("PERMISSION_DENIED", "SERVICE_DISABLED", "CONSUMER_SUSPENDED")),
    ErrorRule("rate_limited", codes=("RESOURCE_EXHAUSTED",)),
    ErrorRule("degraded", codes=("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED")),
)

SMALLEST_CALL = {
    "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    "generationConfig": {"maxOutputTokens": 1},
}
"""The body of the smallest call of a model. The model itself is in the path."""


def read_rpc_error(site: CalledEndpoint, response: Response) -> Failure:
    """Read `{error: {code, message, status, details: [{reason}]}}` (D). The reason is more exact than the code."""
    found = failure(site, response, _RULES)
    names = [code for code in said(response).codes if _NAME.match(code) and code not in site.secrets.values()]
    return replace(found, code=names[-1]) if names else found


def page_query(cursor: str | None, size: int = PAGE_SIZE) -> dict[str, Any]:
    """Return the query for the first page of a list, or for the page of a page token."""
    return {"pageSize": size} | ({"pageToken": cursor} if cursor else {})


def read_page(
    response: Response, place: str, read: Callable[[Mapping[str, Any]], ModelRecord | None], cursor: str | None
) -> Page:
    """Read `{<place>: [...], nextPageToken}` (S). Raises Unreadable."""
    data = mapping(response)
    # Google omits an empty list from an answer, so the last page may have no list. The first page must have one.
    items = rows(data, (place,)) if data or cursor is None else []
    return page(items, read, next_token(data.get("nextPageToken")))
