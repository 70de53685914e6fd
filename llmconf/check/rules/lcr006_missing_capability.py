"""A target of a route lacks a capability that the route requires.

Why: If this target is chosen, calls that need the capability fail or lose it. This may happen only when the other
targets are down.

Example:
    kind: Route
    name: chat
    requires: [vision]
    targets: [{model: openai/gpt-5-nano}]
    ---
    kind: Model
    provider: openai
    id: gpt-5-nano
    capabilities: [chat]

Fix: Choose another target. If the model has the capability, declare it on the model or its `base`. For a model that
only a lock has, run `llmconf catalog import` and then `llmconf sync` to add the facts of a catalog, or write a
document with `kind: Model`, its `provider:` and `id:`, and all its `capabilities:`.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import listed
from llmconf.project.environment import Resource
from llmconf.schema.kinds import Model, Route

CODE = "LCR006"
NAME = "missing-capability"
SEVERITY = "error"
TRAITS = ("about_models",)


def check(context: Context) -> Iterator[Problem]:
    """Compare the capabilities that each enabled route requires with those of its targets."""
    env = context.env
    for route in env.routes.values():
        if not route.spec.enabled or not route.spec.requires:
            continue
        for index, target in enumerate(route.spec.targets):
            model = env.models.get(f"model/{target.model}")
            if model is not None:
                yield from _compare(context, route, index, model)


def _compare(
    context: Context, route: Resource[Route], index: int, model: Resource[Model]
) -> Iterator[Problem]:
    facts = context.model_facts
    last = facts.sources(model).get("capabilities") or facts.root(model)
    capabilities = last.spec.capabilities
    if capabilities is None and last.spec.base is not None:
        return  # another rule reports a base that leads nowhere
    required = route.spec.requires or []
    lacking = [capability for capability in required if capability not in (capabilities or ())]
    if not lacking:
        return
    place = route.place("targets", index, "model")
    name = f"{model.provider}/{model.name}"
    related = [("required here", route.place("requires"))]
    if capabilities is None:
        wanted = f"route `{route.name}` requires {listed(required)}"
        silent = "declares no capabilities" if model.is_declared else "is not known to have any capabilities"
        yield Problem(place, f"model `{name}` {silent}, and {wanted}", _hint(model), tuple(related))
        return
    # A lock lists known capabilities. It does not say that the model has no others.
    guessed = last.chain(("capabilities",))[-1][0].is_locked
    if model.spec.capabilities is not None:
        label = "its known capabilities" if guessed else "the model's capabilities"
        related.append((label, model.place("capabilities")))
    verb = "is not known to have" if guessed else "lacks"
    message = f"model `{name}` {verb} {listed(lacking)}, which route `{route.name}` requires"
    yield Problem(place, message, _hint(model) if guessed else None, tuple(related))


def _hint(model: Resource[Model]) -> str:
    """Return the hint that says how to state a model's capabilities."""
    if model.is_declared:
        return "declare `capabilities` or `base` on the model"
    document = f"`kind: Model` with `provider: {model.provider}` and `id: {model.name}`"
    return f"run `llmconf catalog import` and `llmconf sync` to add the facts of a catalog, or declare {document}"
