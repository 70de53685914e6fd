"""Ollama's own API below `/api`, which lists models with their details; a key only in its cloud.

A context is only returned if calls really get it. A self-hosted server runs a model with the context in the model's
parameters, else with the context that is set for the server, else with 4,096 tokens or more by the memory of its
graphics card (D): mostly far less than the model was trained for. The server only tells its choice while the model
is loaded, and a list must not depend on that moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llmconf.adapters import _base
from llmconf.adapters._answers import WORDS, capabilities, mapping, meanings, page, rows, see_answer
from llmconf.adapters._base import (
    CalledEndpoint,
    Check,
    CredentialForm,
    Failure,
    ModelRecord,
    Page,
    Request,
    Response,
    Unreadable,
    no_exchange,
    nothing_exchanged,
)
from llmconf.adapters._errors import failure
from llmconf.adapters._urls import bearer, join, post
from llmconf.core.json_values import count, model_id

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)
_WORDS = {**WORDS, "audio": "audio_input", "image": "image_generation"}
"""The meanings of the words in `capabilities` (S). Any model that writes text has `completion`, also by chat."""
_MOST = 1500
_RUNTIME_CONTEXT = re.compile(r"^num_ctx\s+(\d{1,9})\s*$", re.MULTILINE)

exchange = no_exchange
read_exchange = nothing_exchanged


class Options(_base.Options):
    """Nothing beyond the URL: what a model is run with goes into its `parameters`."""


def probe(site: CalledEndpoint) -> Request:
    """Ask for the models (S)."""
    return Request(_url(site, "/api/tags"), headers=bearer(site))


def check(site: CalledEndpoint) -> Request | None:
    """Return None: a self-hosted server ignores a key, and the list of the cloud is public (K).

    No other free request is documented to need a key.
    """
    return None


def read_check(site: CalledEndpoint, response: Response) -> Check:
    """Raise Unreadable: there is no check."""
    raise Unreadable("this protocol has no check of a key")


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Ask for the models, then for the details of one after the other.

    The cursor is a JSON list of the ids whose details were not requested yet (S).
    """
    if cursor is None:
        return probe(site)
    return post(_url(site, "/api/show"), bearer(site), {"model": _left(cursor)[0]})


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read `{models: [{model}]}` of the list, or the details of the requested model. Raises Unreadable."""
    if cursor is None:
        found = page(rows(mapping(response), ("models",)), _listed)
        ids = list(dict.fromkeys(record.id for record in found.models))
        if len(ids) > _MOST:
            raise Unreadable(f"more than {_MOST:,} models, and each needs a request of its own")
        return replace(found, next=json.dumps(ids) if ids else None)
    name, *rest = _left(cursor)
    record = _details(name, mapping(response), runs_whole=bool(site.preset.network.get("runs_whole")))
    return Page((record,), json.dumps(rest) if rest else None, listing="details")


def read_probe(site: CalledEndpoint, response: Response) -> Failure | None:
    """Look for a list of models. Raises Unreadable."""
    read_models(site, response, None)
    return None


def read_error(site: CalledEndpoint, response: Response) -> Failure:
    """Read `{error: "..."}` (S)."""
    return failure(site, response)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Ask a model for one token."""
    message = {"role": "user", "content": "Hi"}
    body = {"model": model, "messages": [message], "stream": False, "options": {"num_predict": 1}}
    return post(_url(site, "/api/chat"), bearer(site), body)


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for `{message: {}}` (S). Raises Unreadable."""
    see_answer(response, "message")


def _url(site: CalledEndpoint, path: str) -> str:
    # Users of the compatible surface write /v1, and some write /api.
    return join(site.url.removesuffix("/v1").removesuffix("/api"), path)


def _left(cursor: str) -> list[str]:
    found: list[str] = json.loads(cursor)
    return found


def _listed(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("model")) or model_id(item.get("name"))
    return ModelRecord(identifier) if identifier else None


def _details(identifier: str, data: Mapping[str, Any], *, runs_whole: bool) -> ModelRecord:
    said = data.get("capabilities")
    words = said if isinstance(said, list) else []
    mode = "chat" if "completion" in words else "embedding" if "embedding" in words else None
    mode = "image" if mode is None and "image" in words else mode
    return ModelRecord(
        identifier,
        mode=mode,
        capabilities=capabilities(meanings(words, _WORDS), mode) if isinstance(said, list) else None,
        # A cloud model: a self-hosted server forwards its calls to the cloud. Evidence K.
        context=_context(data, runs_whole=runs_whole or bool(data.get("remote_host"))),
    )


def _context(data: Mapping[str, Any], *, runs_whole: bool) -> int | None:
    """Return the context in a model's parameters, else the whole trained context if the model runs with it."""
    parameters, info = data.get("parameters"), data.get("model_info")
    if isinstance(parameters, str) and (runtime := _RUNTIME_CONTEXT.search(parameters)):
        return count(runtime[1])
    if not runs_whole:
        return None
    named = info if isinstance(info, Mapping) else {}
    # Vision models also have a context for the vision part, under a longer name.
    return count(named.get(f"{named.get('general.architecture')}.context_length"))
