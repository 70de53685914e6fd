"""A route or team uses a model that is deprecated, retired, or retires soon.

Why: Calls of the model fail from that day on. `policy.retires_within_days` in `llmconf.yaml` sets how many days ahead
this is reported. The default is 90 days.

Example:
    kind: Route
    name: chat
    targets: [{model: openai/gpt-4}]
    ---
    kind: Model
    provider: openai
    id: gpt-4
    lifecycle: {retires: 2026-07-01, replacement: gpt-5}   # and today is 2026-06-01

Fix: Move to the replacement that the provider names, or to another model.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import days_ahead, uses_of_models
from llmconf.project.environment import Resource
from llmconf.schema.kinds import Model
from llmconf.schema.parts import Lifecycle

CODE = "LCM005"
NAME = "retired-model"
SEVERITY = "warning"
TRAITS = ("about_models",)


def check(context: Context) -> Iterator[Problem]:
    """Find the models that retire soon, and the resources that use them."""
    env = context.env
    today = context.today.isoformat()
    soon = days_ahead(context.today, context.project.policy.retires_within_days)
    ending: dict[str, tuple[Resource[Model], str, str]] = {}
    for model in env.models.values():
        lifecycle = model.spec.lifecycle
        state = _state(lifecycle, today, soon) if lifecycle is not None and model.spec.enabled else None
        if state:
            ending[model.identity] = (model, *state)
    if not ending:
        return
    for identity, user, path in uses_of_models(env):
        if identity in ending:
            model, message, key = ending[identity]
            replacement = model.spec.lifecycle.replacement if model.spec.lifecycle else None
            hint = f"the provider names `{replacement}` as its successor" if replacement else None
            related = (("stated here", model.place("lifecycle", key)),)
            said = f"model `{model.provider}/{model.name}` {message}"
            yield Problem(user.place(*path), said, hint, related)


def _state(lifecycle: Lifecycle, today: str, soon: str) -> tuple[str, str] | None:
    """Return how a model ends and the field that says so, or None if the model stays."""
    retires = lifecycle.retires
    if lifecycle.status == "removed":
        return None  # another rule reports a removed model, as an error
    if retires is not None and retires <= today:
        return f"retired on {retires}", "retires"
    if lifecycle.status == "retired":
        return "is retired", "status"
    if retires is not None and retires <= soon:
        return f"retires on {retires}", "retires"
    if lifecycle.status == "deprecated":
        return "is deprecated", "status"
    if lifecycle.deprecated is not None and lifecycle.deprecated <= today:
        return f"is deprecated since {lifecycle.deprecated}", "deprecated"
    return None
