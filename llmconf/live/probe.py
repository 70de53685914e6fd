"""The probe stage: does each endpoint answer, and does it answer this credential?

A probe costs nothing, because it only makes free requests. Only `completion` makes calls that a vendor bills.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from llmconf.adapters import CalledEndpoint, Failure, Request, Unreadable, Verdict
from llmconf.core.origins import parse_url
from llmconf.live.authorize import Access, Authorizer
from llmconf.live.client import Answer, Caller, aside
from llmconf.live.fan_out import gather, named
from llmconf.live.http import HttpClient, Timing
from llmconf.project import relations
from llmconf.project.environment import Resolved, Resource
from llmconf.project.model_facts import ModelFacts
from llmconf.schema.kinds import Endpoint, Model
from llmconf.schema.parts import Lifecycle

Outcome = Verdict | Literal["undetermined"]
"""A verdict, or the value for no verdict: a key could not be opened, or may not be sent."""


_Rank: TypeAlias = tuple[bool, bool, Decimal, str]


@dataclass(frozen=True, slots=True)
class Health:
    """The result of one probe. Times are in seconds. `detail` and `code` are the server's, without any secret."""

    identity: str
    url: str
    credential: str | None
    verdict: Outcome
    status: int | None = None
    detail: str = ""
    code: str | None = None
    timing: Timing = field(default_factory=Timing)
    attempts: int = 0
    certificate_expires: date | None = None
    model: str | None = None


def endpoints_to_probe(env: Resolved, wanted: Collection[str] = ()) -> list[Resource[Endpoint]]:
    """Return the live endpoints of an environment: all, or those that `wanted` names.

    `wanted` are identities of endpoints or providers. Raises KeyError with the first one that does not exist.
    """
    return named(env, env.endpoints, wanted)


def models_to_call(
    env: Resolved, endpoints: Iterable[Resource[Endpoint]], today: date
) -> dict[str, Resource[Model]]:
    """Return the model to call at each endpoint, by its identity.

    This is the cheapest of the models that are known to chat. If there are none, it is the cheapest of the models
    without a known mode. A model that is removed or deprecated is not called. Its status says so, or a day that is
    `today` or earlier.
    """
    defaults, facts = relations.default_endpoints(env), ModelFacts(env)
    wanted = {endpoint.identity for endpoint in endpoints}
    found: dict[str, tuple[_Rank, Resource[Model]]] = {}
    for model in env.models.values():
        rank = _rank(env, model, facts, today.isoformat())
        if rank is None:
            continue
        for endpoint in relations.endpoints_of_model(env, model, defaults):
            known = found.get(endpoint.identity)
            if endpoint.identity in wanted and (known is None or rank < known[0]):
                found[endpoint.identity] = (rank, model)
    return {identity: model for identity, (_, model) in found.items()}


def _rank(
    env: Resolved, model: Resource[Model], known: ModelFacts, today: str
) -> _Rank | None:
    """Return a sort key: the better a model suits a call, the smaller its key. None if it must not be called."""
    if not env.is_live(model) or _ends(model.spec.lifecycle, today):
        return None
    facts = known.of(model)
    chats = facts.mode == "chat" or (facts.mode is None and "chat" in (facts.capabilities or ()))
    if not chats and facts.mode is not None:
        return None
    cost = relations.cost(facts.price)
    return not chats, cost is None, cost or Decimal(0), model.name


def _ends(lifecycle: Lifecycle | None, today: str) -> bool:
    """Tell whether a model is deprecated or gone: its status says so, or one of its days has come."""
    if lifecycle is None:
        return False
    days = (lifecycle.deprecated, lifecycle.retires)
    return lifecycle.status not in (None, "active") or any(day is not None and day <= today for day in days)


def probe(
    accesses: Authorizer,
    endpoints: Sequence[Resource[Endpoint]],
    *,
    network: Callable[[], HttpClient],
    models: dict[str, Resource[Model]] | None = None,
    done: Callable[[Health], None] = lambda _: None,
    defect: Callable[[Exception], None] = lambda _: None,
) -> list[Health]:
    """Probe endpoints at once and return the results in their order. `done` is called with each result as it ends.

    With `models`, one of them is called at each endpoint, which costs money.
    """

    async def work(endpoint: Resource[Endpoint], opened: HttpClient) -> Health:
        return await _probe(accesses, endpoint, opened, models)

    def failed(endpoint: Resource[Endpoint], reason: str) -> Health:
        credential = accesses.sole_credential(endpoint)
        name = credential.identity if credential else None
        return replace(_blank(endpoint), credential=name, detail=reason)

    return gather(endpoints, work, failed, network=network, done=done, defect=defect)


def _blank(endpoint: Resource[Endpoint]) -> Health:
    return Health(endpoint.identity, _shown(endpoint.spec.url), None, "undetermined")


async def _probe(
    accesses: Authorizer,
    endpoint: Resource[Endpoint],
    network: HttpClient,
    models: dict[str, Resource[Model]] | None,
) -> Health:
    health = _blank(endpoint)
    model = models.get(endpoint.identity) if models is not None else None
    if models is not None and model is None:
        return replace(health, detail="no model that chats is known here")
    credential = accesses.credential_of(endpoint)
    access = accesses.open(endpoint, credential)
    health = replace(health, credential=credential.identity if credential else None)
    caller = Caller(access, network)
    answer = await caller.call(_request(access, model))
    if answer is None:
        return replace(health, detail="this endpoint has no free request")
    failure = answer.failure or await aside(answer.response, _look, access, caller, answer, model)
    reply = answer.reply
    return replace(
        health,
        verdict=failure.verdict if failure else "healthy",
        status=answer.status,
        detail=failure.detail if failure else _caveat(access, model),
        code=failure.code if failure else None,
        timing=answer.timing,
        attempts=reply.attempts if reply else 0,
        certificate_expires=reply.certificate_expires if reply else None,
        model=model.name if model else None,
    )


def _caveat(access: Access, model: Resource[Model] | None) -> str:
    """Return a warning if the endpoint answers the same without a key, or an empty text."""
    if model is not None or not access.connection.has_secrets or not access.site.preset.network.get("public"):
        return ""
    # Some vendors have a public list; for some of them, the probe checks the key instead.
    asks_list = access.adapter.probe(access.site) == access.adapter.models(access.site, None)
    return "this list needs no key: the key was not checked" if asks_list else ""


def _shown(url: str) -> str:
    """Return a URL without the parts that could contain a secret."""
    origin = str(parse_url(url))
    return origin if "://" in origin else f"https://{origin}"


def _request(access: Access, model: Resource[Model] | None) -> Callable[[CalledEndpoint], Request | None]:
    if model is None:
        return access.adapter.probe
    return lambda site: access.adapter.completion(site, model.name)


def _look(access: Access, caller: Caller, answer: Answer, model: Resource[Model] | None) -> Failure | None:
    """Check the content of a successful answer: another kind of server may have answered."""
    if answer.response is None:
        return None
    try:
        if model is not None:
            access.adapter.read_completion(access.site, answer.response, model.name)
            return None
        found = access.adapter.read_probe(access.site, answer.response)
    except Unreadable as error:
        return Failure("invalid_response", caller.fit(str(error)))
    return Failure(found.verdict, caller.fit(found.detail), found.code, found.expired) if found else None
