"""A route or team uses a model that its provider no longer lists.

Why: Calls of the model fail, or will soon. If a model disappears from the provider's list, a sync keeps it in the lock
as `removed` for as long as anything uses it.

Example:
    kind: Route
    name: chat
    targets: [{model: openai/gpt-4}]
    ---
    kind: Model
    provider: openai
    id: gpt-4
    lifecycle: {status: removed, replacement: gpt-5}

Fix: Move to another model. If the provider still serves the model without listing it, write a document that sets
`lifecycle: {status: active}` on the model.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import uses_of_models

CODE = "LCM007"
NAME = "removed-model"
SEVERITY = "error"
TRAITS = ("about_models",)


def check(context: Context) -> Iterator[Problem]:
    """Look at the models that are in use."""
    for identity, user, path in uses_of_models(context.env):
        model = context.env.models.get(identity)
        lifecycle = model.spec.lifecycle if model else None
        if model is None or not model.spec.enabled or lifecycle is None or lifecycle.status != "removed":
            continue
        replacement = lifecycle.replacement
        hint = f"the provider names `{replacement}` as its successor" if replacement else "use another model"
        related = (("stated here", model.place("lifecycle", "status")),)
        message = f"model `{model.provider}/{model.name}` is no longer listed by its provider"
        yield Problem(user.place(*path), message, hint, related)
