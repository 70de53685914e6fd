"""The `base` of a model is not a declared model, or is ambiguous, or the bases form a circle.

Why: Price, limits and capabilities come from the base, so they are unknown without it.

Example:
    kind: Model
    provider: azure-eu
    id: chat-prod
    base: gtp-5

Fix: Write the id of a declared model, or `provider/id` if several providers have that id.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import Suggestions, listed
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Model

CODE = "LCM004"
NAME = "unknown-base"
SEVERITY = "error"
TRAITS = ("guess", "about_models")


def check(context: Context) -> Iterator[Problem]:
    """Follow the base of each model that has one."""
    env = context.env
    suggestions, broken = Suggestions(), _broken_models(env)
    followed: dict[str, Resource[Model]] = {}
    for model in env.models.values():
        base = model.spec.base
        if base is None:
            continue
        found = context.model_facts.bases(model)
        if len(found) == 1:
            followed[model.identity] = found[0]
        elif found:
            names = [f"{other.provider}/{other.name}" for other in found]
            message = f"the base `{base}` may mean {listed(names)}"
            yield Problem(model.place("base"), message, f"write one of them: `base: {names[0]}`")
        elif base not in broken:
            removed = env.removed.get(f"model/{base}")
            related = (("removed here", removed),) if removed else ()
            hint = None if removed else _hint(context, base, suggestions)
            yield Problem(model.place("base"), f"the base `{base}` is not a declared model", hint, related)
    yield from _circles(env, followed)


def _broken_models(env: Resolved) -> set[str]:
    """Return the names that a base may use for the models that do not fit their schema."""
    names = [identity.removeprefix("model/") for identity in env.broken if identity.startswith("model/")]
    return {*names, *(name.partition("/")[2] for name in names)}


def _hint(context: Context, base: str, suggestions: Suggestions) -> str | None:
    provider, _, name = base.partition("/")
    ids = [model.name for model in context.env.models_of(provider)]
    prefix = f"{provider}/" if ids else ""
    match = suggestions.closest(name if ids else base, ids or context.model_facts.by_id)
    return f"did you mean `{prefix}{match}`?" if match else None


def _circles(env: Resolved, followed: dict[str, Resource[Model]]) -> Iterator[Problem]:
    """Report each circle of bases once, at the model that closes it."""
    done: set[str] = set()
    for start in followed:
        way: list[str] = []
        identity = start
        while identity in followed and identity not in done:
            done.add(identity)
            way.append(identity)
            identity = followed[identity].identity
        if way and identity in way:
            last = env.models[way[-1]]
            names = [step.removeprefix("model/") for step in (*way[way.index(identity) :], identity)]
            shown = names if len(names) < 8 else [*names[:5], "...", *names[-2:]]  # noqa: PLR2004 - fits a line
            yield Problem(last.place("base"), f"the bases form a circle: `{' -> '.join(shown)}`")
