"""The Anthropic API: the key in `x-api-key`, the API version in a header, paths below `/v1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from llmconf.adapters import _base
from llmconf.adapters._answers import capabilities, denials, mapping, meanings, page, rows, see_answer, word
from llmconf.adapters._base import (
    CalledEndpoint,
    CredentialForm,
    Failure,
    ModelRecord,
    Page,
    Request,
    Response,
    Unreadable,
    looking_at_list,
    no_exchange,
    nothing_exchanged,
)
from llmconf.adapters._errors import ErrorRule, failure
from llmconf.adapters._paging import next_token
from llmconf.adapters._urls import join, post
from llmconf.core.json_values import at, count, day, model_id

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)
_PAGE_SIZE = 1000
# Retired models are only listed on request, and a route may still name one.
_WHOLE_LIST = [("limit", str(_PAGE_SIZE)), *(("lifecycle[]", name) for name in ("active", "deprecated", "retired"))]
_RULES = (
    ErrorRule("no_funds", codes=("billing_error",)),
    # The older form of the same error. Evidence D. Only the message distinguishes it from a bad request.
    ErrorRule("no_funds", status=(400,), message="credit balance is too low"),
    ErrorRule("unauthorized", codes=("authentication_error",), message="expired", expired=True),
    ErrorRule("unauthorized", codes=("authentication_error",)),
    ErrorRule("forbidden", codes=("permission_error",)),
    ErrorRule("rate_limited", codes=("rate_limit_error",)),
    ErrorRule("degraded", codes=("overloaded_error", "timeout_error", "api_error")),
)
_LIFECYCLE: Mapping[str, Literal["active", "deprecated", "retired"]] = {
    "active": "active", "deprecated": "deprecated", "retired": "retired"
}  # fmt: skip

exchange = no_exchange
read_exchange = nothing_exchanged


class Options(_base.Options):
    """Nothing beyond the URL and the key: beta features are chosen with `headers`."""


def probe(site: CalledEndpoint) -> Request:
    """Ask for one model. This is free, and only succeeds with a valid key (S)."""
    return Request(_url(site, "/v1/models", [("limit", "1")]), headers=_headers(site))


def check(site: CalledEndpoint) -> Request | None:
    """Send the same request as `probe`. It does not prove that there are funds: only a call of a model does."""
    return probe(site)


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Ask for a page of all models, also retired ones. The cursor is the last id of the previous page (S)."""
    query = [*_WHOLE_LIST, *([("after_id", cursor)] if cursor else [])]
    return Request(_url(site, "/v1/models", query), headers=_headers(site))


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read `{data: [...], has_more, last_id}` (S). Raises Unreadable."""
    data = mapping(response)
    following = next_token(data.get("last_id")) if data.get("has_more") is True else None
    if following is None and data.get("has_more") is True:
        raise Unreadable("the list continues, but the id to continue from is missing")
    return page(rows(data, ("data",)), _record, following)


read_probe, read_check = looking_at_list(read_models)


def read_error(site: CalledEndpoint, response: Response) -> Failure:
    """Read `{type: "error", error: {type, message}}` (S)."""
    return failure(site, response, _RULES)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Ask a model for one token."""
    body = {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    return post(_url(site, "/v1/messages"), _headers(site), body)


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for `{content: [{}]}` (S). The list is empty if a model has ended at once (K). Raises Unreadable."""
    see_answer(response, "content", may_be_empty=True)


def _url(site: CalledEndpoint, path: str, query: list[tuple[str, str]] | None = None) -> str:
    # The SDK's base URL has no version, but many users write one.
    return join(site.url.removesuffix("/v1"), path) + (f"?{urlencode(query)}" if query else "")


def _headers(site: CalledEndpoint) -> dict[str, str]:
    key = site.secrets.get("api_key")
    headers = {"anthropic-version": str(site.preset.network["api_version"])}
    return headers | ({"x-api-key": key} if key else {})


def _record(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("id"))
    if identifier is None:
        return None
    return ModelRecord(
        identifier,
        mode="chat",
        capabilities=_capabilities(item.get("capabilities")),
        lacks=_lacks(item.get("capabilities")),
        context=count(item.get("max_input_tokens")),
        max_output=count(item.get("max_tokens")),
        status=_LIFECYCLE.get(word(item.get("lifecycle"))),
        deprecated=day(item.get("deprecated_at")),
        retires=day(item.get("retires_at")),
    )


def _capabilities(said: Any) -> tuple[str, ...] | None:
    """Read `{name: {supported}}`. The capabilities of server tools are one level deeper."""
    if not isinstance(said, Mapping):
        return None
    tools = at(said, "server_tools")
    return capabilities(meanings(_known(said)) | (meanings(tools) if isinstance(tools, Mapping) else set()), "chat")


def _lacks(said: Any) -> tuple[str, ...]:
    if not isinstance(said, Mapping):
        return ()
    return tuple(sorted((denials(_known(said)) | denials(at(said, "server_tools"))) - set(_capabilities(said) or ())))


def _known(said: Mapping[str, Any]) -> dict[str, Any]:
    # `code_execution` at the top has another meaning: other tools may be called from code.
    return {name: value for name, value in said.items() if name != "code_execution"}
