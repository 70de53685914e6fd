"""A route or team names a moving alias, which the provider points to another model from time to time.

Why: The same configuration then calls another model, with other answers and another price, and no commit shows it.
Tags such as `:latest` on your own servers are not reported, because you move them yourself.

Example:
    kind: Route
    name: chat
    targets: [{model: mistral/mistral-large-latest}]
    ---
    kind: Model
    provider: mistral
    id: mistral-large-latest

Fix: Name the dated id that the alias stands for. If you want the newest model, suppress this finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import uses_of_models
from llmconf.project.environment import Lock, Resolved

CODE = "LCM009"
NAME = "moving-alias"
SEVERITY = "info"
TRAITS = ("about_models",)

_MOVING = re.compile(r"(?:^|[/@~-])latest$")


def check(context: Context) -> Iterator[Problem]:
    """Look at the ids of the models that are in use."""
    env = context.env
    stands_for = cache(lambda provider: _dated_ids(env, provider))
    for identity, user, path in uses_of_models(env):
        model = env.models.get(identity)
        if model is None or model.spec.base is not None:
            continue  # the user's own name, which follows its `base`
        dated = stands_for(model.provider or "").get(model.name)
        if dated is not None or _MOVING.search(model.name):
            message = f"`{model.provider}/{model.name}` is an alias that the provider moves to other models"
            hint = f"it stands for `{dated}` now: pin that" if dated else "pin a dated id"
            yield Problem(user.place(*path), message, hint)


def _dated_ids(env: Resolved, provider: str) -> dict[str, str]:
    """Return the model that each alias in the lock of a provider stands for."""
    lock: Lock | None = env.locks.get(provider)
    models = lock.models.values() if lock else ()
    return {alias: model.id for model in models for alias in model.aliases or ()}
