"""The Cohere API: chat, embeddings and reranking with a bearer token, models listed by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from llmconf.adapters import _base
from llmconf.adapters._answers import WORDS, capabilities, mapping, meanings, page, rows, see_answer
from llmconf.adapters._base import (
    CalledEndpoint,
    CredentialForm,
    Failure,
    ModelRecord,
    Page,
    Request,
    Response,
    looking_at_list,
    no_exchange,
    nothing_exchanged,
)
from llmconf.adapters._errors import ErrorRule, failure
from llmconf.adapters._paging import next_token
from llmconf.adapters._urls import bearer, join, post
from llmconf.core.json_values import count, model_id

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)
_PAGE_SIZE = 1000
_MODES = {"chat": "chat", "embed": "embedding", "rerank": "rerank", "generate": "completion"}
"""The mode by endpoint. The first endpoint of a model counts. `classify` and the like have no mode (S)."""
_FEATURES = {**WORDS, "json_schema": "structured_output", "strict_tools": "function_calling"}
"""The meanings of the words in `features`. Evidence K: they are free text in the SDK."""
_RULES = (
    ErrorRule("unauthorized", status=(401, 498), message="expired", expired=True),
    # Variants of an invalid token, which the SDK maps to 498 (S).
    ErrorRule("unauthorized", status=(498,)),
    # The client closed the connection, or the server cannot do it yet.
    ErrorRule("degraded", status=(499,)),
)

exchange = no_exchange
read_exchange = nothing_exchanged


class Options(_base.Options):
    """Nothing beyond the URL and the key."""


def probe(site: CalledEndpoint) -> Request:
    """Ask for one model. This is free, and only succeeds with a valid key (D)."""
    return Request(_list_url(site, {"page_size": 1}), headers=bearer(site))


def check(site: CalledEndpoint) -> Request | None:
    """Send the same request as `probe`.

    This does not use `POST /v1/check-api-key`: it is legacy (S), and a POST is not retried if the network fails.
    """
    return probe(site)


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Ask for a page of models. The cursor is the page token (S)."""
    query: dict[str, str | int] = {"page_size": _PAGE_SIZE}
    return Request(_list_url(site, query | ({"page_token": cursor} if cursor else {})), headers=bearer(site))


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read `{models: [{name, ...}], next_page_token}` (S). Raises Unreadable."""
    data = mapping(response)
    return page(rows(data, ("models",)), _record, next_token(data.get("next_page_token")))


read_probe, read_check = looking_at_list(read_models)


def read_error(site: CalledEndpoint, response: Response) -> Failure:
    """Read `{message}` (S)."""
    return failure(site, response, _RULES)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Ask a chat model for one token."""
    body = {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    return post(join(_root(site), "/v2/chat"), bearer(site), body)


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for `{message: {}}` (S). Raises Unreadable."""
    see_answer(response, "message")


def _root(site: CalledEndpoint) -> str:
    return re.sub(r"/v[12]$", "", site.url)


def _list_url(site: CalledEndpoint, query: Mapping[str, str | int]) -> str:
    return join(_root(site), "/v1/models", query)


def _record(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("name"))
    if identifier is None:
        return None
    endpoints, deprecated = item.get("endpoints"), item.get("is_deprecated")
    listed = endpoints if isinstance(endpoints, list) else []
    mode = next((mode for name, mode in _MODES.items() if name in listed), None)
    found = meanings(item.get("features"), _FEATURES) | meanings(listed)
    return ModelRecord(
        identifier,
        mode=mode,
        capabilities=capabilities(found if found or listed else None, mode),
        # The number has a fraction of zero. It is 0 if it has no meaning.
        context=count(item.get("context_length")),
        status=("deprecated" if deprecated else "active") if isinstance(deprecated, bool) else None,
    )
