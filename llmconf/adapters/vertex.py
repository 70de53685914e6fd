"""Google Vertex AI: models of a project at a location, with a service account or an express-mode key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from llmconf.adapters import _base
from llmconf.adapters._answers import see_answer
from llmconf.adapters._base import (
    CalledEndpoint,
    CredentialForm,
    Failure,
    ModelRecord,
    Page,
    Request,
    Response,
    looking_at_list,
)
from llmconf.adapters._errors import ErrorRule, failure
from llmconf.adapters._google import SMALLEST_CALL, page_query, read_page, read_rpc_error
from llmconf.adapters._tokens import access_token, refusal
from llmconf.adapters._urls import bearer, join, part, post
from llmconf.core.errors import RefusedError, UndeterminedError
from llmconf.core.json_values import model_id
from llmconf.core.origins import parse_url

CREDENTIAL_FORMS = (
    CredentialForm(frozenset({"service_account"})),
    CredentialForm(frozenset({"api_key"})),
)
_PREFIX = "publishers/google/models/"
_LIFETIME = 3600
"""Seconds for which a signed assertion is valid. This is the maximum that Google accepts."""
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SMALLEST_CLAUDE_CALL = {
    "anthropic_version": "vertex-2023-10-16",
    "max_tokens": 1,
    "messages": [{"role": "user", "content": "Hi"}],
}
_TOKEN_RULES = (
    # From a token endpoint, all of these mean that the account or its key is unknown or was deleted. Evidence K.
    ErrorRule("unauthorized", codes=("invalid_grant", "invalid_client", "unauthorized_client")),
    ErrorRule("degraded", codes=("internal_failure",)),
)


class Options(_base.Options):
    """Where the models run and who pays."""

    project: str | None = Field(default=None, min_length=1)
    """Google Cloud project id. Without it, that of the service account."""
    location: str | None = Field(default=None, min_length=1)
    """Location, such as `europe-west4` or `global`. Without it, the `region` of the endpoint."""


def exchange(site: CalledEndpoint, now: int) -> Request | None:
    """Sign an assertion with the key of the service account. The token endpoint exchanges it for a token.

    Raises RefusedError if the key file is invalid or names a host that is not Google's. Raises UndeterminedError
    without the packages of the extra `vertex`.
    """
    if "service_account" not in site.secrets:
        return None
    account = _account(site)
    url = _token_url(site, account)
    claims = {
        "iss": account["client_email"],
        "scope": site.preset.network["scope"],
        "aud": url,
        "iat": now,
        "exp": now + _LIFETIME,
    }
    body = urlencode({"grant_type": _GRANT, "assertion": _signed(account, claims)})
    return Request(url, "POST", {"content-type": "application/x-www-form-urlencoded"}, body.encode())


def read_exchange(site: CalledEndpoint, response: Response) -> str | Failure:
    """Read `{access_token}`. Raises Unreadable."""
    return access_token(response) if response.ok else read_error(site, response)


def probe(site: CalledEndpoint) -> Request:
    """Ask for one model of Google. This is free, but needs a token or a key (S)."""
    return Request(_list_url(site, page_query(None, 1)), headers=_headers(site))


def check(site: CalledEndpoint) -> Request | None:
    """Send the same request as `probe`. A service account was already checked when it got its token."""
    return probe(site)


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Ask for a page of the models of Google. The cursor is the page token. Partner models are not listed (S)."""
    return Request(_list_url(site, page_query(cursor)), headers=_headers(site))


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read `{publisherModels: [{name: "publishers/google/models/<id>"}], nextPageToken}` (S). Raises Unreadable.

    The list has no limits, prices or capabilities.
    """
    return read_page(response, "publisherModels", _record, cursor)


read_probe, read_check = looking_at_list(read_models)


def read_error(site: CalledEndpoint, response: Response) -> Failure:
    """Read an error of the API, `{error: {code, message, status}}`, or of the token endpoint (D, K)."""
    refused = refusal(response)
    return failure(site, refused, _TOKEN_RULES) if refused else read_rpc_error(site, response)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Ask a model of Google or Anthropic for one token, in the project if there is one."""
    project = site.options.project or (_account(site).get("project_id") if "service_account" in site.secrets else None)
    location = site.options.location or site.region
    place = f"/projects/{part(project)}/locations/{part(location)}" if project and location else ""
    claude = _is_claude(model)
    call = f"anthropic/models/{part(model)}:rawPredict" if claude else f"google/models/{part(model)}:generateContent"
    url = join(_root(site), f"/v1{place}/publishers/{call}")
    return post(url, _headers(site), _SMALLEST_CLAUDE_CALL if claude else SMALLEST_CALL)


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for the message in the protocol of Anthropic or Gemini, depending on the model. Raises Unreadable."""
    claude = _is_claude(model)
    see_answer(response, "content" if claude else "candidates", may_be_empty=claude)


def _is_claude(model: str) -> bool:
    """Tell whether a model is Anthropic's, because partner models keep their own protocol. Evidence K."""
    return model.startswith("claude-")


def _record(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("name"), _PREFIX)
    return ModelRecord(identifier) if identifier else None


def _root(site: CalledEndpoint) -> str:
    return site.url.removesuffix("/v1").removesuffix("/v1beta1")


def _list_url(site: CalledEndpoint, query: dict[str, Any]) -> str:
    return join(_root(site), "/v1beta1/publishers/google/models", query)


def _headers(site: CalledEndpoint) -> dict[str, str]:
    if site.token:
        return bearer(site)
    key = site.secrets.get("api_key")
    return {"x-goog-api-key": key} if key else {}


def _account(site: CalledEndpoint) -> dict[str, str]:
    """Return the key file. No error quotes it, because all of it comes from a secret."""
    try:
        account = json.loads(site.secrets["service_account"])
    except (ValueError, RecursionError):
        account = None
    needed = ("client_email", "private_key")
    if not isinstance(account, dict) or not all(isinstance(account.get(name), str) for name in needed):
        message = "the service account is not a key file, which is JSON with `client_email` and `private_key`"
        raise RefusedError(message, "create a key of the service account, and seal the whole key file")
    return {name: value for name, value in account.items() if isinstance(value, str)}


def _token_url(site: CalledEndpoint, account: Mapping[str, str]) -> str:
    """Return the URL of the token endpoint: a host of Google, or this machine for a stand-in."""
    url = account.get("token_uri") or str(site.preset.network["token_url"])
    try:
        origin = parse_url(url)
    except ValueError:
        origin = None
    if origin is None or not (origin.is_loopback or _is_google(origin.scheme, origin.host)):
        raise RefusedError("the key file names a token endpoint whose host is not Google's")
    return url


def _is_google(scheme: str, host: str) -> bool:
    return scheme == "https" and (host == "accounts.google.com" or host.endswith(".googleapis.com"))


def _signed(account: Mapping[str, str], claims: Mapping[str, Any]) -> str:
    try:
        from google.auth import crypt, jwt
    except ImportError:
        message = "a service account needs a package that is not installed"
        raise UndeterminedError(message, "install llmconf with the extra `vertex`: llmconf[vertex]") from None
    try:
        signer = crypt.RSASigner.from_service_account_info(account)
        return str(jwt.encode(signer, claims).decode())
    except Exception:  # its message could quote the key, and a traceback would show it
        raise RefusedError("the private key of the service account is not a valid key") from None
