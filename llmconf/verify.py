"""The verify stage: does each credential still work, as far as its vendor tells for free?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from llmconf.access import Accesses
from llmconf.adapters import Failure, Unreadable
from llmconf.calls import Answer, Caller
from llmconf.errors import LlmconfError
from llmconf.http import Network
from llmconf.resolved import Resolved, Resource
from llmconf.schema.kinds import Credential

Validity = Literal["valid", "invalid", "expired", "no_funds", "forbidden", "rate_limited", "undetermined"]

_FROM_VERDICT: dict[str, Validity] = {
    "unauthorized": "invalid",
    "no_funds": "no_funds",
    "forbidden": "forbidden",
    "rate_limited": "rate_limited",
}
"""What a failed check says of the credential; any other failure is about the endpoint and says nothing of it."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of one credential. `quota` holds balance and limits as text with its unit, by name."""

    identity: str
    endpoint: str | None
    validity: Validity
    status: int | None = None
    detail: str = ""
    code: str | None = None
    quota: Mapping[str, str] = field(default_factory=dict)
    expires: str | None = None


def credentials_to_verify(env: Resolved, wanted: Iterable[str] = ()) -> list[Resource[Credential]]:
    """Return the live credentials of an environment: all, or those that `wanted` names.

    `wanted` are identities of credentials or providers. Raises KeyError with the first one that does not exist.
    """
    live = [credential for credential in env.credentials.values() if env.is_live(credential)]
    names = set(wanted)
    for name in sorted(names):
        if name not in env.credentials and name not in env.providers:
            raise KeyError(name)
    if not names:
        return live
    return [c for c in live if c.identity in names or f"provider/{c.provider}" in names]


def verify(
    accesses: Accesses,
    credentials: Sequence[Resource[Credential]],
    *,
    network: Callable[[], Network],
    done: Callable[[Verification], None] = lambda _: None,
) -> list[Verification]:
    """Check credentials at once and return what was found, in their order; `done` is told of each as it ends."""

    async def run() -> list[Verification]:
        async with network() as open_network:
            return await asyncio.gather(*(one(open_network, credential) for credential in credentials))

    async def one(open_network: Network, credential: Resource[Credential]) -> Verification:
        verification = await _verify(accesses, credential, open_network)
        done(verification)
        return verification

    return asyncio.run(run())


async def _verify(accesses: Accesses, credential: Resource[Credential], network: Network) -> Verification:
    endpoint = accesses.endpoint_of(credential)
    if endpoint is None:
        detail = "no enabled endpoint is among its hosts"
        return Verification(credential.identity, None, "undetermined", detail=detail)

    def undetermined(detail: str) -> Verification:
        return Verification(credential.identity, endpoint.identity, "undetermined", detail=detail)

    try:
        access = accesses.open(endpoint, credential)
        caller = Caller(access, network)
        answer = await caller.call(access.adapter.check)
        if answer is None:
            return undetermined("the vendor has no free request that tells")
        if answer.response is None:
            return _failed(credential, endpoint.identity, answer, answer.failure)
        check = access.adapter.read_check(access.site, answer.response)
    except LlmconfError as error:
        return undetermined(f"{error.message} ({error.hint})" if error.hint else error.message)
    except Unreadable as error:
        return undetermined(caller.fit(str(error)))
    quota = {caller.fit(name): caller.fit(value) for name, value in check.quota.items()}
    if check.failure is not None:
        found = check.failure
        shown = Failure(found.verdict, caller.fit(found.detail), found.code, found.expired)
        return _failed(credential, endpoint.identity, answer, shown, quota)
    expires = caller.fit(check.expires) if check.expires else None
    return Verification(
        credential.identity, endpoint.identity, "valid", answer.status, quota=quota, expires=expires
    )


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
