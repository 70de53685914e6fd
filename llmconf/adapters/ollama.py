"""Ollama's own API below `/api`, which lists models with their details; a key only in its cloud."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from llmconf.adapters import _base
from llmconf.adapters._base import (
    Check,
    CredentialForm,
    Failure,
    ModelRecord,
    Page,
    Request,
    Response,
    Site,
    Unreadable,
    no_exchange,
    nothing_exchanged,
)
from llmconf.adapters._errors import failure
from llmconf.adapters._json import WORDS, capabilities, count, mapping, meanings, model_id, page, rows
from llmconf.adapters._urls import bearer, join, post

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)
_WORDS = {**WORDS, "audio": "audio_input", "image": "image_generation"}
"""What the words in `capabilities` mean (S); `completion` is any model that writes text, by chat too."""
_RUNTIME_CONTEXT = re.compile(r"^num_ctx\s+(\d{1,9})\s*$", re.MULTILINE)

exchange = no_exchange
read_exchange = nothing_exchanged


class Options(_base.Options):
    """Nothing beyond the URL: what a model is run with goes into its `parameters`."""


def probe(site: Site) -> Request:
    """Ask for the models (S)."""
    return Request(_url(site, "/api/tags"), headers=bearer(site))


def check(site: Site) -> Request | None:
    """Return None: a server of one's own ignores a key, and the list of the cloud is public (K).

    Nothing else that is free is documented to need one.
    """
    return None


def read_check(site: Site, response: Response) -> Check:
    """Raise Unreadable: there is no check."""
    raise Unreadable("this protocol has no check of a key")


def models(site: Site, cursor: str | None) -> Request | None:
    """Ask for the models, then for the details of one after the other.

    The cursor is a JSON list of the ids whose details are still to be asked for (S).
    """
    if cursor is None:
        return probe(site)
    return post(_url(site, "/api/show"), bearer(site), {"model": _left(cursor)[0]})


def read_models(site: Site, response: Response, cursor: str | None) -> Page:
    """Read `{models: [{model}]}` of the list, or the details of the model that was asked for. Raises Unreadable."""
    if cursor is None:
        found = page(rows(mapping(response), ("models",)), _listed)
        ids = list(dict.fromkeys(record.id for record in found.models))
        return Page(found.models, _cursor(ids), found.skipped)
    left = _left(cursor)
    return Page((_details(left[0], mapping(response)),), _cursor(left[1:]))


def read_probe(site: Site, response: Response) -> Failure | None:
    """Look for a list of models. Raises Unreadable."""
    read_models(site, response, None)
    return None


def read_error(site: Site, response: Response) -> Failure:
    """Read `{error: "..."}` (S)."""
    return failure(site, response)


def completion(site: Site, model: str) -> Request:
    """Ask a model for one token."""
    message = {"role": "user", "content": "Hi"}
    body = {"model": model, "messages": [message], "stream": False, "options": {"num_predict": 1}}
    return post(_url(site, "/api/chat"), bearer(site), body)


def _url(site: Site, path: str) -> str:
    # Clients of the compatible surface write /v1, and some /api.
    return join(site.url.removesuffix("/v1").removesuffix("/api"), path)


def _left(cursor: str) -> list[str]:
    found: list[str] = json.loads(cursor)
    return found


def _cursor(ids: list[str]) -> str | None:
    return json.dumps(ids) if ids else None


def _listed(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("model")) or model_id(item.get("name"))
    return ModelRecord(identifier) if identifier else None


def _details(identifier: str, data: Mapping[str, Any]) -> ModelRecord:
    said = data.get("capabilities")
    words = said if isinstance(said, list) else []
    mode = "chat" if "completion" in words else "embedding" if "embedding" in words else None
    mode = "image" if mode is None and "image" in words else mode
    return ModelRecord(
        identifier,
        mode=mode,
        capabilities=capabilities(meanings(words, _WORDS), mode) if isinstance(said, list) else None,
        context=_context(data),
    )


def _context(data: Mapping[str, Any]) -> int | None:
    """Return the context that a model is run with, else the one that it was trained for."""
    parameters, info = data.get("parameters"), data.get("model_info")
    if isinstance(parameters, str) and (runtime := _RUNTIME_CONTEXT.search(parameters)):
        return count(runtime[1])
    named = info if isinstance(info, Mapping) else {}
    # Models that see have a context of that part as well, under a longer name.
    return count(named.get(f"{named.get('general.architecture')}.context_length"))
