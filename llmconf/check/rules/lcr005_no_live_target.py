"""A route is enabled, and none of its targets can be called.

Why: Every call of the route fails. A target can be called if its model, its provider and an endpoint of that
provider are enabled.

Example:
    kind: Route
    name: chat
    targets: []

Fix: Add a target that is in use, enable an existing one, or disable the route.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Endpoint, Model, Target

CODE = "LCR005"
NAME = "no-live-target"
SEVERITY = "error"
TRAITS = ("guess", "about_models")


def check(context: Context) -> Iterator[Problem]:
    """Look for a live target in each enabled route."""
    env = context.env
    for route in env.routes.values():
        if not route.spec.enabled:
            continue
        targets = route.spec.targets
        if not targets:
            yield Problem(route.place("targets"), f"route `{route.name}` has no target")
        elif _all_dead(env, targets):
            message = f"route `{route.name}` has no target that can be called"
            yield Problem(route.place("targets", on_key=True), message, "enable one, or disable the route")


def _all_dead(env: Resolved, targets: list[Target]) -> bool:
    """Tell whether none of the targets that exist can be called, and one exists."""
    dead = False
    for target in targets:
        state = _state(env, target)
        if state in ("live", "unsure"):
            return False
        dead = dead or state == "dead"
    return dead


def _state(env: Resolved, target: Target) -> str:
    """Tell whether a target is `live`, `dead`, `unknown`, or `unsure` if something broken is involved."""
    model = env.models.get(f"model/{target.model}")
    provider = target.model.partition("/")[0]
    if f"provider/{provider}" in env.broken or f"model/{target.model}" in env.broken:
        return "unsure"
    if model is None:
        return "unknown"
    if f"provider/{provider}" not in env.providers:
        return "unknown"
    alive = env.is_live(model) and any(endpoint.spec.enabled for endpoint in _endpoints(env, model, target))
    return "live" if alive else "dead"


def _endpoints(env: Resolved, model: Resource[Model], target: Target) -> list[Resource[Endpoint]]:
    """Return the endpoints that may serve a target. Another rule reports names that lead nowhere."""
    provider = model.provider or ""
    names = [target.endpoint] if target.endpoint is not None else model.spec.endpoints
    if names is None:
        return env.endpoints_of(provider)
    found = [env.endpoints.get(f"endpoint/{provider}/{name}") for name in names]
    return [endpoint for endpoint in found if endpoint] or env.endpoints_of(provider)
