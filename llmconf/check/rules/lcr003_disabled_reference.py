"""Something in use leads to a resource that is disabled, or that belongs to a disabled provider.

Why: What is disabled is left out of bundles, so the reference would lead to nothing, and nobody notices
until a call fails.

Example:
    kind: Route
    name: chat
    targets:
      - model: openai/gpt-4
    ---
    kind: Model
    provider: openai
    id: gpt-4
    enabled: false

Fix: Enable it again, refer to another one, or disable what refers to it as well. A model that its provider lists
and that cannot be called under its id is called under that of a deployment or an inference profile.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import described
from llmconf.core.diagnostics import Path, Place
from llmconf.project.environment import Resolved, Resource

CODE = "LCR003"
NAME = "disabled-reference"
SEVERITY = "error"
TRAITS = ("about_models",)

_NOT_CALLABLE = "is listed by its provider, and cannot be called under this id"


def check(context: Context) -> Iterator[Problem]:
    """Look at all references of what is enabled, and report those to what is not."""
    env = context.env
    disabled = _disabled(env)
    if not disabled:
        return
    references = chain(_of_providers(context), _of_routes(env), _of_teams(env))
    for resource, path, identity in references:
        if identity in disabled:
            reason, place = disabled[identity]
            hint = _instead(env, identity) if place is None else None
            related = (("disabled here", place),) if place is not None else ()
            yield Problem(resource.place(*path), f"{described(identity)} {reason}", hint, related)


def _disabled(env: Resolved) -> dict[str, tuple[str, Place | None]]:
    """Return what is not in use, by identity: why, and the place that says so.

    No place where that is what a lock says: nobody edits it there.
    """
    found: dict[str, tuple[str, Place | None]] = {}
    off = {provider.name for provider in env.providers.values() if not provider.spec.enabled}
    for resource in env:
        if not resource.spec.enabled:
            chain = resource.chain(("enabled",))
            found[resource.identity] = (
                (_NOT_CALLABLE, None) if chain[-1][0].is_locked else ("is disabled", resource.place("enabled"))
            )
        elif resource.provider in off:
            owner = env.providers[f"provider/{resource.provider}"]
            found[resource.identity] = (
                f"is out of use: provider `{owner.name}` is disabled",
                owner.place("enabled"),
            )
    return found


def _instead(env: Resolved, identity: str) -> str:
    """Say what to refer to instead of a model that is not called by its id."""
    provider, _, name = identity.removeprefix("model/").partition("/")
    # An inference profile has the id of its model behind a region.
    serving = (model for model in env.models_of(provider) if env.is_live(model) and model.name.endswith(f".{name}"))
    found = next(serving, None)
    if found is not None:
        return f"`{provider}/{found.name}` serves it"
    return "refer to what serves it, such as a deployment, or declare it with `enabled: true` if that is wrong"


def _of_providers(context: Context) -> Iterator[tuple[Resource[Any], Path, str]]:
    for endpoint in context.live_endpoints:
        if endpoint.spec.credential is not None:
            yield endpoint, ("credential",), f"credential/{endpoint.provider}/{endpoint.spec.credential}"
    for model in (model for model in context.env.models.values() if context.env.is_live(model)):
        for index, name in enumerate(model.spec.endpoints or ()):
            yield model, ("endpoints", index), f"endpoint/{model.provider}/{name}"


def _of_routes(env: Resolved) -> Iterator[tuple[Resource[Any], Path, str]]:
    for route in env.routes.values():
        if not route.spec.enabled:
            continue
        for index, target in enumerate(route.spec.targets):
            yield route, ("targets", index, "model"), f"model/{target.model}"
            if target.endpoint is not None:
                provider = target.model.partition("/")[0]
                yield route, ("targets", index, "endpoint"), f"endpoint/{provider}/{target.endpoint}"
        for index, name in enumerate(route.spec.fallbacks or ()):
            yield route, ("fallbacks", index), f"route/{name}"


def _of_teams(env: Resolved) -> Iterator[tuple[Resource[Any], Path, str]]:
    for team in env.teams.values():
        if not team.spec.enabled:
            continue
        for index, use in enumerate(team.spec.uses):
            yield team, ("uses", index), use
        for index, name in enumerate(team.spec.credentials or ()):
            yield team, ("credentials", index), f"credential/{name}"
