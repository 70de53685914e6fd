"""Azure OpenAI: models are called by deployment name, with an API key or an Entra application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field

from llmconf.adapters import _base
from llmconf.adapters._answers import capabilities, mapping, meanings, page, rows, see_answer, word
from llmconf.adapters._base import (
    CalledEndpoint,
    CredentialForm,
    Failure,
    ModelRecord,
    Page,
    Request,
    Response,
    Verdict,
    looking_at_list,
)
from llmconf.adapters._errors import failure
from llmconf.adapters._tokens import access_token, refusal
from llmconf.adapters._urls import bearer, join, part, post
from llmconf.core.json_values import at, day, model_id

CREDENTIAL_FORMS = (
    CredentialForm(frozenset({"api_key"})),
    CredentialForm(frozenset({"tenant_id", "client_id", "client_secret"})),
)
_ENTRA_ERROR = re.compile(r"\bAADSTS([0-9]{4,9})\b")
_EXPIRED_SECRET = "7000222"
_ENTRA: Mapping[str, Verdict] = {
    "53003": "forbidden",  # blocked by conditional access
    "7000112": "forbidden",  # the application is disabled
    "90055": "rate_limited",
}
"""The meanings of Entra errors. Any other error means that tenant, application or secret is wrong. Evidence K."""
_CAPABILITIES = {
    "chat_completion": "chat", "completion": "completion", "embeddings": "embedding", "fine_tune": "fine_tuning"
}  # fmt: skip
_MODES = {"chat_completion": "chat", "embeddings": "embedding", "completion": "completion"}
_LIFECYCLE: Mapping[str, Literal["active", "deprecated", "retired"]] = {
    "generally_available": "active",
    "preview": "active",
    "deprecating": "deprecated",
    "deprecated": "deprecated",
    "retired": "retired",
}
_SMALLEST_CALL = {"messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 16}
"""Reasoning models refuse `max_tokens`, and also a limit of too few tokens."""


class Options(_base.Options):
    """Which of the two surfaces of a resource is called."""

    api_style: Literal["classic", "v1"] = "classic"
    """`classic` names deployment and version in each call; `v1` is the surface below `/openai/v1`."""
    api_version: str | None = Field(
        default=None, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?|v1|preview|latest)$"
    )
    """API version, such as `2024-10-21`. The style `v1` needs none."""
    authority: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+$")
    """Where an Entra application gets its token, such as `https://login.microsoftonline.us` for a national cloud."""


def exchange(site: CalledEndpoint, now: int) -> Request | None:
    """Ask Entra for a token of the application. An API key is sent without an exchange (D)."""
    if "client_secret" not in site.secrets:
        return None
    authority = site.options.authority or site.preset.network["authority"]
    scopes = site.preset.network["scopes"]
    form = {
        "grant_type": "client_credentials",
        "client_id": site.secrets.get("client_id", ""),
        "client_secret": site.secrets["client_secret"],
        "scope": scopes.get(authority) or scopes[site.preset.network["authority"]],
    }
    url = join(authority, f"/{part(site.secrets.get('tenant_id', ''))}/oauth2/v2.0/token")
    return Request(url, "POST", {"content-type": "application/x-www-form-urlencoded"}, urlencode(form).encode())


def read_exchange(site: CalledEndpoint, response: Response) -> str | Failure:
    """Read `{access_token}`. Raises Unreadable."""
    return access_token(response) if response.ok else read_error(site, response)


def probe(site: CalledEndpoint) -> Request:
    """Ask for the models of the resource. This is free. It proves key and resource, but not a deployment (D)."""
    return Request(_url(site, "/models"), headers=_headers(site))


def check(site: CalledEndpoint) -> Request | None:
    """Send the same request as `probe`."""
    return probe(site)


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Ask for the models, all on one page. Only Azure's control plane lists deployments (D)."""
    return probe(site)


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read `{data: [...]}`: models that can be deployed. None is called by its own id. Raises Unreadable."""
    return page(rows(mapping(response), ("data",)), _record)


read_probe, read_check = looking_at_list(read_models)


def read_error(site: CalledEndpoint, response: Response) -> Failure:
    """Read `{error: {code, message}}`, or Entra's `{error, error_description}` with its AADSTS number (D, K)."""
    refused = refusal(response)
    if refused is None:
        return failure(site, response)
    found = failure(site, refused)
    # After the message come numbers for Microsoft's support, which are different each time.
    found = replace(found, detail=found.detail.partition(" Trace ID:")[0])
    number = _ENTRA_ERROR.search(found.detail)
    if number is None or found.verdict == "degraded":
        return found
    verdict, expired = _ENTRA.get(number[1], "unauthorized"), number[1] == _EXPIRED_SECRET
    return replace(found, verdict=verdict, code=f"AADSTS{number[1]}", expired=expired)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Ask a deployment for a few tokens."""
    body = _SMALLEST_CALL | ({"model": model} if _is_v1(site) else {})
    path = "/chat/completions" if _is_v1(site) else f"/deployments/{part(model)}/chat/completions"
    return post(_url(site, path), _headers(site), body)


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for `{choices: [{message: {}}]}` (D). Raises Unreadable."""
    see_answer(response, "choices[].message")


def _is_v1(site: CalledEndpoint) -> bool:
    return site.options.api_style == "v1" or site.url.endswith("/openai/v1")


def _url(site: CalledEndpoint, path: str) -> str:
    """Return a URL of the surface. The base URL may be that of the resource or of the surface itself."""
    root = site.url.removesuffix("/v1").removesuffix("/openai")
    version = site.options.api_version or (None if _is_v1(site) else site.preset.network["api_version"])
    surface = "/openai/v1" if _is_v1(site) else "/openai"
    return join(root, surface + path, {"api-version": version} if version else None)


def _headers(site: CalledEndpoint) -> dict[str, str]:
    if site.token:
        return bearer(site)
    key = site.secrets.get("api_key")
    return {"api-key": key} if key else {}


def _record(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("id"))
    if identifier is None:
        return None
    can = item.get("capabilities")
    mode = next((mode for name, mode in _MODES.items() if at(can, name) is True), None)
    return ModelRecord(
        identifier,
        mode=mode,
        capabilities=capabilities(meanings(can, _CAPABILITIES), mode) if isinstance(can, Mapping) else None,
        status=_LIFECYCLE.get(word(item.get("lifecycle_status"))),
        retires=day(at(item, "deprecation.inference")),
        callable=False,
    )
