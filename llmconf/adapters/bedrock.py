"""AWS Bedrock: requests signed with AWS keys, or a Bedrock API key as bearer token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from pydantic import Field

from llmconf.adapters import _base
from llmconf.adapters._answers import capabilities, mapping, meanings, page, rows, see_answer, word
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
from llmconf.adapters._errors import ErrorRule, failure
from llmconf.adapters._paging import next_token
from llmconf.adapters._sigv4 import signed
from llmconf.adapters._urls import bearer, join, part, post
from llmconf.core.errors import UndeterminedError
from llmconf.core.json_values import day, model_id
from llmconf.core.unique import Unique

CREDENTIAL_FORMS = (
    CredentialForm(frozenset({"api_key"})),
    CredentialForm(frozenset({"access_key_id", "secret_access_key"}), frozenset({"session_token"})),
)
_HOST = re.compile(
    r"^(https?://)(bedrock)(-runtime)?(-fips)?\.([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)\.(amazonaws\.com(?:\.cn)?|api\.aws)$"
)
"""Hosts that AWS derives from the region. Any other host (a VPC endpoint, a stand-in) serves all of Bedrock itself."""
_VPC_HOST = re.compile(r"^https://[^/]+\.bedrock(?:-runtime)?(?:-fips)?\.([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)\.vpce\.amazonaws\.com$")
"""An endpoint inside of a network. Its name contains the region too (S)."""
_STS_HOST = re.compile(r"^https://sts(?:-fips)?\.(?:([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)\.)?amazonaws\.com(?:\.cn)?$")
_WHOSE_KEYS = b"Action=GetCallerIdentity&Version=2011-06-15"
_XML = re.compile(rb"<(Code|Message)>([^<>]{1,1000})</")
_PER_PAGE = 1000
"""Maximum of items that AWS returns on one page (S)."""
_INPUTS = {"audio": "audio_input", "image": "vision", "speech": "audio_input", "video": "video_input"}
_OUTPUTS = {"embedding": "embedding", "image": "image_generation", "speech": "audio_output"}
_LIFECYCLE: Mapping[str, Literal["active", "deprecated"]] = {"active": "active", "legacy": "deprecated"}
_RULES = (
    # AWS answers 403 to all of these (S for the names, K for the statuses).
    ErrorRule("unauthorized", codes=("ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"), expired=True),
    ErrorRule(
        "unauthorized",
        codes=(
            "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "InvalidAccessKeyId",
            "SignatureDoesNotMatch", "IncompleteSignatureException", "IncompleteSignature", "RequestExpired",
            "MissingAuthenticationTokenException", "MissingAuthenticationToken", "InvalidAccessKeyIdException",
        ),
    ),
    # A wrong Bedrock API key has no code of its own, only a message. Evidence K.
    ErrorRule("unauthorized", status=(401, 403), message="token has expired", expired=True),
    ErrorRule("unauthorized", status=(401, 403), message="make sure your api key is valid"),
    ErrorRule("forbidden", codes=("AccessDeniedException", "AccessDenied", "OptInRequired")),
    ErrorRule(
        "rate_limited", codes=("ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException")
    ),
    ErrorRule("not_found", codes=("ResourceNotFoundException",)),
    ErrorRule("degraded", codes=("InternalServerException", "ServiceUnavailableException", "ModelNotReadyException")),
)  # fmt: skip

exchange = no_exchange
read_exchange = nothing_exchanged

ListName = Literal[
    "foundation_models",
    "inference_profiles",
    "imported_models",
    "custom_models",
    "custom_model_deployments",
    "provisioned_throughputs",
]
"""The lists of Bedrock. Each needs its own IAM permission."""


class Options(_base.Options):
    """What is listed and how AWS keys are checked; the AWS region is the `region` of the endpoint or provider."""

    lists: Unique[ListName] = Field(default=["foundation_models", "inference_profiles"], min_length=1)
    """Lists whose models are locked; a probe asks for the first one. What an account made itself goes by its ARN."""

    sts_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+$")
    """STS, such as `https://sts.eu-central-1.amazonaws.com`, which tells whose keys these are without a permission."""


def probe(site: CalledEndpoint) -> Request:
    """Ask for the first list, usually the foundation models. This is free, but needs the permission to list (S)."""
    return _page(site, site.options.lists[0], size=1)


def check(site: CalledEndpoint) -> Request | None:
    """Ask STS whose AWS keys these are if the options name STS, else send the same request as `probe` (S)."""
    if not site.options.sts_url or not _has_keys(site):
        return probe(site)
    content = {"content-type": "application/x-www-form-urlencoded"}
    request = Request(join(site.options.sts_url, "/"), "POST", content, _WHOSE_KEYS)
    usual = _STS_HOST.match(site.options.sts_url)
    # The host without a region is that of the first region.
    region = usual[1] or "us-east-1" if usual else _region(site)
    return signed(site, request, "sts", region)


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Ask for the pages of one list after the other. A cursor is the name of a list and a page token (S)."""
    name, token = _place(site, cursor)
    return _page(site, name, token)


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read `{modelSummaries: [...], nextToken}` (S). The name of the rows depends on the list. Raises Unreadable."""
    name, _ = _place(site, cursor)
    data, listed = mapping(response), _LISTS[name]
    token = next_token(data.get("nextToken")) if listed.paged else None
    names = site.options.lists
    rest = names[names.index(name) + 1 :]
    following = f"{name} {token}" if token else f"{rest[0]} " if rest else None
    return replace(page(rows(data, (listed.rows,)), listed.read, following), listing=name)


def read_probe(site: CalledEndpoint, response: Response) -> Failure | None:
    """Look for a list of models. Raises Unreadable."""
    read_models(site, response, None)
    return None


def read_check(site: CalledEndpoint, response: Response) -> Check:
    """Look for an identity or a list of models. The answer contains no quota. Raises Unreadable."""
    if not site.options.sts_url or not _has_keys(site):
        read_models(site, response, None)
    elif b"GetCallerIdentityResult" not in response.body:
        raise Unreadable("the answer does not say whose keys these are")
    return Check()


def read_error(site: CalledEndpoint, response: Response) -> Failure:
    """Read `{message}` with the header `x-amzn-errortype` or `__type`, or the XML of STS (S, K)."""
    found = {name.lower().decode(): text.decode(errors="replace") for name, text in _XML.findall(response.body)}
    if response.body.lstrip().startswith(b"<") and found:
        response = replace(response, body=json.dumps(found).encode())
    return failure(site, response, _RULES)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Ask a model for one token."""
    body = {
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "inferenceConfig": {"maxTokens": 1},
    }
    url = join(_usual(site, "-runtime"), f"/model/{part(model)}/converse")
    return _authorized(site, post(url, bearer(site), body))


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for `{output: {message: {}}}` (S). Raises Unreadable."""
    see_answer(response, "output.message")


def _place(site: CalledEndpoint, cursor: str | None) -> tuple[ListName, str]:
    """Return the list of a cursor, and its page token. The token is empty on the first page."""
    if cursor is None:
        return site.options.lists[0], ""
    name, _, token = cursor.partition(" ")
    return cast(ListName, name), token


def _page(site: CalledEndpoint, name: ListName, token: str = "", size: int = _PER_PAGE) -> Request:
    listed = _LISTS[name]
    query: dict[str, str | int] = {"maxResults": size} if listed.paged else {}
    url = join(_control(site), listed.path, query | ({"nextToken": token} if token else {}))
    return _authorized(site, Request(url, headers=bearer(site)))


def _control(site: CalledEndpoint) -> str:
    """Return the URL of the control plane, which lists models. Users configure the URL that runs models."""
    return _usual(site, "")


def _usual(site: CalledEndpoint, plane: str) -> str:
    usual = _HOST.match(site.url)
    if usual is None:
        return site.url
    scheme, name, _, fips, region, domain = usual.groups("")
    return f"{scheme}{name}{plane}{fips}.{region}.{domain}"


def _region(site: CalledEndpoint) -> str:
    """Return the region that a signature names: that of the host, else the configured one."""
    usual, inside = _HOST.match(site.url), _VPC_HOST.match(site.url)
    region = usual[5] if usual else inside[1] if inside and not site.region else site.region
    if not region:
        raise UndeterminedError("AWS keys need a region", "set `region` on the endpoint or its provider")
    return region


def _has_keys(site: CalledEndpoint) -> bool:
    return "secret_access_key" in site.secrets


def _authorized(site: CalledEndpoint, request: Request) -> Request:
    return signed(site, request, "bedrock", _region(site)) if _has_keys(site) else request


def _model(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("modelId"))
    if identifier is None:
        return None
    given, lifecycle = item.get("outputModalities"), item.get("modelLifecycle")
    mode, found = _facts(item)
    types = item.get("inferenceTypesSupported")
    life = lifecycle if isinstance(lifecycle, Mapping) else {}
    return ModelRecord(
        identifier,
        mode=mode,
        capabilities=capabilities(found, mode) if isinstance(given, list) else None,
        status=_LIFECYCLE.get(word(life.get("status"))),
        deprecated=day(life.get("legacyTime")),
        retires=day(life.get("endOfLifeTime")),
        # The other models are called by the id of an inference profile, or of provisioned throughput.
        callable=not isinstance(types, list) or "ON_DEMAND" in types,
    )


def _facts(item: Mapping[str, Any]) -> tuple[str | None, set[str]]:
    """Return mode and capabilities. Rerankers also produce text, but unlike chat models they do not stream it."""
    given, taken = item.get("outputModalities"), item.get("inputModalities")
    streams = item.get("responseStreamingSupported") is True
    found = meanings(given, _OUTPUTS)
    if "embedding" in found:
        return "embedding", found
    if isinstance(given, list) and "TEXT" in given and streams:
        return "chat", found | {"streaming"} | meanings(taken, _INPUTS)
    return ("image" if "image_generation" in found else None), found


def _profile(item: Mapping[str, Any]) -> ModelRecord | None:
    identifier = model_id(item.get("inferenceProfileId"))
    status = word(item.get("status"))
    return ModelRecord(identifier, status="active" if status == "active" else None) if identifier else None


def _own(arn: str, *, callable_when: Collection[str] | None) -> Callable[[Mapping[str, Any]], ModelRecord | None]:
    """Return the reader of models that an account made. Their id is an ARN. They are callable in the given states.

    None means that they are callable in any state.
    """

    def read(item: Mapping[str, Any]) -> ModelRecord | None:
        identifier = model_id(item.get(arn))
        ready = callable_when is None or word(item.get("status")) in callable_when
        return ModelRecord(identifier, callable=ready) if identifier else None

    return read


@dataclass(frozen=True, slots=True)
class _List:
    """One list of Bedrock: its path, the field of its rows, the reader of a row, and whether it has pages (S)."""

    path: str
    rows: str
    read: Callable[[Mapping[str, Any]], ModelRecord | None]
    paged: bool = True


_LISTS: Mapping[ListName, _List] = {
    "foundation_models": _List("/foundation-models", "modelSummaries", _model, paged=False),
    "inference_profiles": _List("/inference-profiles", "inferenceProfileSummaries", _profile),
    "imported_models": _List("/imported-models", "modelSummaries", _own("modelArn", callable_when=None)),
    "custom_models": _List("/custom-models", "modelSummaries", _own("modelArn", callable_when=())),
    "custom_model_deployments": _List(
        "/model-customization/custom-model-deployments", "modelDeploymentSummaries",
        _own("customModelDeploymentArn", callable_when=("active",)),
    ),
    "provisioned_throughputs": _List(
        "/provisioned-model-throughputs", "provisionedModelSummaries",
        _own("provisionedModelArn", callable_when=("inservice", "updating")),
    ),
}  # fmt: skip
