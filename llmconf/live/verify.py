"""The verify stage: checks with free requests whether each credential still works."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Literal

from llmconf.adapters import Failure, Unreadable
from llmconf.core.origins import parse_host
from llmconf.live.authorize import Access, Authorizer
from llmconf.live.client import Answer, Caller
from llmconf.live.fan_out import gather, named
from llmconf.live.http import HttpClient
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Credential

Validity = Literal["valid", "invalid", "expired", "no_funds", "forbidden", "rate_limited", "undetermined"]

_FROM_VERDICT: dict[str, Validity] = {
    "unauthorized": "invalid",
    "no_funds": "no_funds",
    "forbidden": "forbidden",
    "rate_limited": "rate_limited",
}
"""The validity of a credential by the verdict of a failed check. Any other failure is about the endpoint only."""
_MADE_UP = ("api_key", "secret_access_key")
"""The fields for which a wrong value can be made up. Other credentials are exchanged for a token first."""
_ANYBODY = "the server answers the same without a key"
_ANY_KEY = "the server answers the same with a made-up key"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result for one credential. `quota` holds balance and limits by name, as text with the unit.

    `expires` is the day that the vendor names, else the day that the credential declares.
    """

    identity: str
    endpoint: str | None
    validity: Validity
    status: int | None = None
    detail: str = ""
    code: str | None = None
    quota: Mapping[str, str] = field(default_factory=dict)
    expires: str | None = None


def credentials_to_verify(env: Resolved, wanted: Collection[str] = ()) -> list[Resource[Credential]]:
    """Return the live credentials of an environment: all, or those that `wanted` names.

    `wanted` are identities of credentials or providers. Raises KeyError with the first one that does not exist.
    """
    return named(env, env.credentials, wanted)


def verify(
    accesses: Authorizer,
    credentials: Sequence[Resource[Credential]],
    *,
    network: Callable[[], HttpClient],
    done: Callable[[Verification], None] = lambda _: None,
    defect: Callable[[Exception], None] = lambda _: None,
) -> list[Verification]:
    """Check credentials at once and return the results in their order. `done` is called with each as it ends."""

    async def work(credential: Resource[Credential], opened: HttpClient) -> Verification:
        return await _verify(accesses, credential, opened)

    def failed(credential: Resource[Credential], reason: str) -> Verification:
        return Verification(credential.identity, None, "undetermined", detail=reason)

    return gather(credentials, work, failed, network=network, done=done, defect=defect)


async def _verify(accesses: Authorizer, credential: Resource[Credential], network: HttpClient) -> Verification:
    endpoint = accesses.endpoint_of(credential)
    if endpoint is None:
        detail = "no enabled endpoint is among its hosts"
        return Verification(credential.identity, None, "undetermined", detail=detail)

    access = accesses.open(endpoint, credential)
    caller = Caller(access, network)
    answer = await caller.call(access.adapter.check)
    if answer is None:
        detail = "the vendor has no free request that checks a key"
        return Verification(credential.identity, endpoint.identity, "undetermined", detail=detail)
    if answer.response is None:
        return _failed(credential, endpoint.identity, answer, answer.failure)
    try:
        check = access.adapter.read_check(access.site, answer.response)
    except Unreadable as error:
        unread = Failure("invalid_response", caller.fit(str(error)))
        return _failed(credential, endpoint.identity, answer, unread)
    doubt = None if _is_at_home(access) else await _doubt(access, network)
    # A request without the key may fail by chance. That does not cast doubt on a failure with the key.
    if doubt is not None and (check.failure is None or doubt in (_ANYBODY, _ANY_KEY)):
        return Verification(credential.identity, endpoint.identity, "undetermined", answer.status, doubt)
    quota = {caller.fit(name): caller.fit(value) for name, value in check.quota.items()}
    if check.failure is not None:
        found = check.failure
        shown = Failure(found.verdict, caller.fit(found.detail), found.code, found.expired)
        return _failed(credential, endpoint.identity, answer, shown, quota)
    told, declared = caller.fit(check.expires) if check.expires else None, credential.spec.expires
    differ = told and declared and told != declared
    return Verification(
        credential.identity, endpoint.identity, "valid", answer.status, quota=quota, expires=told or declared,
        detail=f"declared to expire on {declared}, but the vendor names another day" if differ else "",
    )  # fmt: skip


def _is_at_home(access: Access) -> bool:
    """Tell whether a request goes to a known host of the vendor, because such a host always asks for a key."""
    hosts = map(parse_host, access.site.preset.hosts)
    return any(host.covers(access.connection.origin) for host in hosts)


async def _doubt(access: Access, network: HttpClient) -> str | None:
    """Return why an answer to a request with the credential proves nothing about it, or None if it does.

    The same request is sent without the credential. Only a refusal shows that the server asks for a key: any other
    failure may have nothing to do with the key. Some servers fail without a key, as LiteLLM does with status 500;
    they get a second request with a made-up key.
    """
    connection = replace(access.connection, has_secrets=False)
    nobody = replace(access, site=replace(access.site, secrets={}), connection=connection)
    taken, said = await _control(nobody, network)
    if taken is not None:
        return _ANYBODY if taken else None
    field = next((name for name in _MADE_UP if name in access.site.secrets), None)
    if field is not None:
        made_up = {**access.site.secrets, field: f"sk-{token_hex(24)}"}
        taken, _ = await _control(replace(access, site=replace(access.site, secrets=made_up)), network)
        if taken is not None:
            return _ANY_KEY if taken else None
    return f"without the key {said}, so the key is neither confirmed nor refused"


async def _control(access: Access, network: HttpClient) -> tuple[bool | None, str]:
    """Send the request that checks a credential. Return True for a success, False for a refusal, else None.

    The text describes the other results. It contains no text of the server.
    """
    answer = await Caller(access, network).call(access.adapter.check)
    if answer is None:
        return None, "no request is possible"
    failure = answer.failure
    if answer.response is not None:
        try:
            failure = access.adapter.read_check(access.site, answer.response).failure
        except Unreadable:
            failure = Failure("invalid_response")
    if failure is not None and failure.verdict in ("unauthorized", "forbidden"):
        return False, ""
    if failure is None or (answer.response is not None and failure.verdict != "invalid_response"):
        return True, ""
    said = f"it answers {answer.status}" if answer.status else "there is no answer"
    return None, f"{said} ({failure.verdict.replace('_', ' ')})"


def _failed(
    credential: Resource[Credential],
    endpoint: str,
    answer: Answer,
    failure: Failure | None,
    quota: Mapping[str, str] | None = None,
) -> Verification:
    failure = failure or Failure("unreachable")
    validity = "expired" if failure.expired else _FROM_VERDICT.get(failure.verdict, "undetermined")
    detail = failure.detail or ("" if validity != "undetermined" else failure.verdict.replace("_", " "))
    return Verification(
        credential.identity, endpoint, validity, answer.status, detail, failure.code, quota or {}
    )
