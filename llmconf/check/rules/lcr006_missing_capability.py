"""A target of a route lacks a capability that the route requires.

Why: Calls that need the capability fail or lose it whenever that target is chosen, which may be only when
the others are down.

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

Fix: Choose another target, or declare the capability on the model, or its `base`, if it has it. Of a model that
only a lock knows, little may be known: `llmconf catalog import` and then `llmconf sync` add what a catalog says;
or write a document with `kind: Model`, its `provider:` and `id:`, and all its `capabilities:`.
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
    """Compare what each enabled route requires with what its targets have."""
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
        return  # a base that leads nowhere, which is reported there
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
    # A lock holds what somebody knows; that a model can do nothing else is said by nobody.
    guessed = last.chain(("capabilities",))[-1][0].is_locked
    if model.spec.capabilities is not None:
        label = "what is known of it" if guessed else "the model's capabilities"
        related.append((label, model.place("capabilities")))
    verb = "is not known to have" if guessed else "lacks"
    message = f"model `{name}` {verb} {listed(lacking)}, which route `{route.name}` requires"
    yield Problem(place, message, _hint(model) if guessed else None, tuple(related))


def _hint(model: Resource[Model]) -> str:
    """Say how it becomes known what a model can do."""
    if model.is_declared:
        return "declare `capabilities` or `base` on the model"
    document = f"`kind: Model` with `provider: {model.provider}` and `id: {model.name}`"
    return f"`llmconf catalog import` and `llmconf sync` add what a catalog knows; or declare {document}"
