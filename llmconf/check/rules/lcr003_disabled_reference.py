"""An enabled resource refers to a disabled resource, or to a resource of a disabled provider.

Why: Bundles leave out disabled resources, so the reference would lead to nothing. Nobody notices this until a call
fails.

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

Fix: Enable the resource, refer to another one, or disable the resource that refers to it too. If a provider lists a
model that cannot be called by its id, refer to a deployment or an inference profile of the model.
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

_NOT_CALLABLE = "is listed by its provider, but cannot be called by this id"


def check(context: Context) -> Iterator[Problem]:
    """Check all references of enabled resources, and report those to disabled ones."""
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
    """Return the reason and its place for each resource that is not in use, by identity.

    There is no place if a lock is the reason, because nobody edits a lock.
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
                f"is not in use: provider `{owner.name}` is disabled",
                owner.place("enabled"),
            )
    return found


def _instead(env: Resolved, identity: str) -> str:
    """Suggest a resource for a model that cannot be called by its id."""
    provider, _, name = identity.removeprefix("model/").partition("/")
    # An inference profile has the id of its model behind a region.
    serving = (model for model in env.models_of(provider) if env.is_live(model) and model.name.endswith(f".{name}"))
    found = next(serving, None)
    if found is not None:
        return f"`{provider}/{found.name}` serves it"
    return "refer to a deployment of it, or declare it with `enabled: true` if it can be called by this id"


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
