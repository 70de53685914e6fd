"""A model that is declared by hand is not in the provider's lock.

Why: The provider does not list the model. Its id may be misspelled or no longer exist, and then calls of it fail. A
model with a `base` has a name of your own, such as an Azure deployment, and is not checked.

Example:
    kind: Provider
    name: openai
    type: openai
    models:
      - id: gtp-5   # and lock/openai.lock.yaml lists gpt-5

Fix: Correct the id, or remove the model. If the list is older than the model, run `llmconf sync`. If the provider
serves the model without listing it, exclude its id from the lock with `sync: {exclude: [...]}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import Suggestions, name_place
from llmconf.lock.format import selects
from llmconf.project.environment import Lock

CODE = "LCM008"
NAME = "unlisted-model"
SEVERITY = "warning"
TRAITS = ("guess", "about_models")


def check(context: Context) -> Iterator[Problem]:
    """Look up each declared model in the lock of its provider."""
    env = context.env
    suggestions = Suggestions()
    aliases: dict[str, set[str]] = {}
    for model in context.declared_models:
        lock = env.locks.get(model.provider or "")
        if lock is None or model.name in lock.models or model.spec.base is not None or not env.is_live(model):
            continue
        if not selects(model.name, lock.source.include, lock.source.exclude):
            continue
        if lock.provider not in aliases:
            aliases[lock.provider] = _aliases(lock)
        if model.name in aliases[lock.provider]:
            continue
        match = suggestions.closest(model.name, lock.models)
        message = f"provider `{lock.provider}` does not list a model `{model.name}`"
        hint = f"did you mean `{match}`?" if match else "if the list is too old, run `llmconf sync`"
        yield Problem(name_place(model), message, hint)


def _aliases(lock: Lock) -> set[str]:
    return {alias for model in lock.models.values() for alias in model.aliases or ()}
