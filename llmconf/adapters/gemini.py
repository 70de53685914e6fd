"""The Gemini API of Google AI: an API key in `x-goog-api-key`, never in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmconf.adapters import _base
from llmconf.adapters._answers import capabilities, meanings, see_answer
from llmconf.adapters._base import (
    CalledEndpoint,
    CredentialForm,
    ModelRecord,
    Page,
    Request,
    Response,
    looking_at_list,
    no_exchange,
    nothing_exchanged,
)
from llmconf.adapters._google import SMALLEST_CALL, page_query, read_page, read_rpc_error
from llmconf.adapters._urls import join, part, post
from llmconf.core.json_values import count, model_id

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)
_PREFIX = "models/"
_METHODS = {
    "asyncbatchembedcontent": "batch",
    "batchgeneratecontent": "batch",
    "bidigeneratecontent": "realtime",
    "createcachedcontent": "prompt_caching",
    "embedcontent": "embedding",
    "generatecontent": "chat",
    "streamgeneratecontent": "streaming",
}
"""The capability by method (D). `predict` serves images, `predictLongRunning` videos."""
_MODES = {"generateContent": "chat", "embedContent": "embedding", "predict": "image"}
"""The mode by method. The first method of a model counts."""

exchange = no_exchange
read_exchange = nothing_exchanged
read_error = read_rpc_error


class Options(_base.Options):
    """Nothing beyond the URL and the key."""


def probe(site: CalledEndpoint) -> Request:
    """Ask for one model. This is free, and only succeeds with a valid key (D)."""
    return Request(join(site.url, "/models", page_query(None, 1)), headers=_headers(site))


def check(site: CalledEndpoint) -> Request | None:
    """Send the same request as `probe`."""
    return probe(site)


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Ask for a page of models. The cursor is the page token (S)."""
    return Request(join(site.url, "/models", page_query(cursor)), headers=_headers(site))


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read `{models: [{name: "models/<id>"}], nextPageToken}` (S). Raises Unreadable."""
    return read_page(response, "models", _record, cursor)


read_probe, read_check = looking_at_list(read_models)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Ask a model for one token."""
    # A tuned model is called by a name of its own, `tunedModels/<id>`.
    name = "/".join(part(step) for step in (model if "/" in model else _PREFIX + model).split("/"))
    return post(join(site.url, f"/{name}:generateContent"), _headers(site), SMALLEST_CALL)


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for `{candidates: [{}]}` (S). Raises Unreadable."""
    see_answer(response, "candidates")


def _headers(site: CalledEndpoint) -> dict[str, str]:
    key = site.secrets.get("api_key")
    return {"x-goog-api-key": key} if key else {}


def _record(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("name"), _PREFIX)
    if identifier is None:
        return None
    methods = item.get("supportedGenerationMethods")
    mode = next((mode for name, mode in _MODES.items() if isinstance(methods, list) and name in methods), None)
    found = meanings(methods, _METHODS) | ({"reasoning"} if item.get("thinking") is True else set())
    return ModelRecord(
        identifier,
        mode=mode,
        capabilities=capabilities(found, mode) if isinstance(methods, list) else None,
        context=count(item.get("inputTokenLimit")),
        # An embedding has no tokens; the API says 1.
        max_output=count(item.get("outputTokenLimit")) if mode != "embedding" else None,
    )
