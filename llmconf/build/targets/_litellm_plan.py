"""Plans the names that LiteLLM offers, and the deployments of each name with their order and shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from math import lcm

from llmconf.build.targets._base import Note
from llmconf.build.targets._litellm_call import LitellmCall
from llmconf.project.environment import Resolved, Resource
from llmconf.project.model_facts import ModelFacts
from llmconf.project.relations import (
    DefaultEndpoints,
    cost,
    credentials_by_endpoint,
    default_endpoints,
    endpoints_of_model,
    owner,
)
from llmconf.schema.kinds import Credential, Endpoint, Model, Route, Target


@dataclass(frozen=True, slots=True)
class Turn:
    """A call with its order and weight. Lower orders come first. Calls of the same order share by weight."""

    call: LitellmCall
    order: int | None
    weight: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A name that clients can call: a route, or a model as `provider/id`."""

    name: str
    route: Resource[Route] | None
    turns: tuple[Turn, ...]


@dataclass(slots=True)
class Plan:
    """All groups of an environment, with the routes' names first."""

    env: Resolved
    credentials: dict[str, list[Resource[Credential]]]
    facts: ModelFacts
    defaults: DefaultEndpoints
    groups: list[Group] = field(default_factory=list)

    def root_of(self, model: Resource[Model]) -> str | None:
        """Return the id of the last model in the chain of bases of a model, or None if it has no base."""
        if model.spec.base is None:
            return None
        root = self.facts.root(model)
        return root.spec.base.rpartition("/")[2] if root.spec.base else root.spec.id

    def calls(self, model: Resource[Model], endpoint: str | None) -> list[LitellmCall]:
        """Return the calls of a model: at the named endpoint, or at all endpoints that serve it."""
        provider = owner(self.env, model)
        if provider is None or not self.env.is_live(model):
            return []
        endpoints: Sequence[Resource[Endpoint]] = endpoints_of_model(self.env, model, self.defaults)
        if endpoint is not None:
            named = self.env.endpoints.get(f"endpoint/{model.provider}/{endpoint}")
            endpoints = [named] if named and named.spec.enabled else []
        facts = self.facts.of(model)
        return [LitellmCall(model, at, provider, self._credential(at), facts) for at in endpoints]

    def _credential(self, endpoint: Resource[Endpoint]) -> Resource[Credential] | None:
        """Return the credential of an endpoint. Returns None if several fit, because none is guessed."""
        found = self.credentials.get(endpoint.identity, [])
        return found[0] if len(found) == 1 else None


def make_plan(env: Resolved, models: str, notes: list[Note]) -> Plan:
    """Plan the routes and, as the option `models` says, single models."""
    plan = Plan(env, credentials_by_endpoint(env), ModelFacts(env), default_endpoints(env))
    names = set()
    for route in env.routes.values():
        if not route.spec.enabled:
            continue
        turns = _route_turns(plan, route, notes)
        if turns:
            plan.groups.append(Group(route.name, route, turns))
            names.update({route.name, *(route.spec.aliases or ())})
        else:
            message = f"route `{route.name}` has no live target and is left out"
            notes.append(Note(route.place("targets"), message))
    for model in _single_models(env, models):
        name = f"{model.provider}/{model.spec.id}"
        turns = _share([(1, plan.calls(model, None), None)])
        if turns and name not in names:
            plan.groups.append(Group(name, None, turns))
    return plan


def _single_models(env: Resolved, which: str) -> Iterable[Resource[Model]]:
    """Return the models that are offered under their own name, in the order of the project."""
    teams = [team for team in env.teams.values() if team.spec.enabled]
    if which == "none":
        return []
    live = [model for model in env.models.values() if env.is_live(model)]
    if which == "all" or not env.teams:
        return live
    used = {use for team in teams for use in team.spec.uses}
    return [model for model in live if model.identity in used or f"provider/{model.provider}" in used]


def _route_turns(plan: Plan, route: Resource[Route], notes: list[Note]) -> tuple[Turn, ...]:
    targets: list[tuple[Target, list[LitellmCall]]] = []
    for target in route.spec.targets:
        model = plan.env.models.get(f"model/{target.model}")
        calls = plan.calls(model, target.endpoint) if model else []
        if calls:
            targets.append((target, calls))
    if route.spec.strategy == "weighted":
        return _share([(1 if t.weight is None else t.weight, calls, None) for t, calls in targets])
    if route.spec.strategy == "round_robin":
        return _share([(1, calls, None) for _, calls in targets])
    if route.spec.strategy == "lowest_cost":
        return _share(_by_cost(route, targets, notes))
    # One target alone needs no order.
    ordered = len(targets) > 1
    return _share([(1, calls, place if ordered else None) for place, (_, calls) in enumerate(targets, 1)])


def _by_cost(
    route: Resource[Route], targets: list[tuple[Target, list[LitellmCall]]], notes: list[Note]
) -> list[tuple[int, list[LitellmCall], int | None]]:
    """Order targets by price. Equal prices get the same order. Unknown prices come last, in the given order."""
    costs = [cost(calls[0].facts.price) for _, calls in targets]
    unknown = [target.model for (target, _), cost in zip(targets, costs, strict=True) if cost is None]
    if unknown and len(targets) > 1:
        listed = ", ".join(f"`{name}`" for name in unknown)
        notes.append(Note(route.place("strategy"), f"last, because their price is unknown: {listed}"))
    known = sorted({cost for cost in costs if cost is not None})
    found: list[tuple[int, list[LitellmCall], int | None]] = []
    last = len(known)
    for (_, calls), amount in zip(targets, costs, strict=True):
        if amount is None:
            last += 1
        order = last if amount is None else known.index(amount) + 1
        found.append((1, calls, order if len(targets) > 1 else None))
    return sorted(found, key=lambda item: item[2] or 0)


def _share(targets: list[tuple[int, list[LitellmCall], int | None]]) -> tuple[Turn, ...]:
    """Split each target's share among its endpoints, in whole numbers. A single call needs no weight."""
    shares: list[tuple[LitellmCall, int | None, Fraction]] = []
    for weight, calls, order in targets:
        weights = [1 if call.endpoint.spec.weight is None else call.endpoint.spec.weight for call in calls]
        total = sum(weights)
        if total == 0:
            weights, total = [1] * len(calls), len(calls)
        for call, own in zip(calls, weights, strict=True):
            shares.append((call, order, Fraction(weight * own, total)))
    scale = reduce(lcm, (share.denominator for *_, share in shares), 1)
    orders = [order for _, order, _ in shares]
    return tuple(
        Turn(call, order, int(share * scale) if orders.count(order) > 1 else None)
        for call, order, share in shares
    )
