"""An alias of a model is another model's id or alias in the same provider.

Why: The same name would stand for two models, and which one is called depends on the order in the file.

Example:
    kind: Provider
    name: openai
    type: openai
    models:
      - id: gpt-5
      - id: gpt-5-mini
        aliases: [gpt-5]

Fix: Remove the alias from one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import name_place
from llmconf.core.diagnostics import Place
from llmconf.project.environment import Resource
from llmconf.schema.kinds import Model

CODE = "LCM006"
NAME = "alias-clash"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Give each alias to the first model that has it, and report the next one.

    Locked models come first and are not reported, because the user cannot fix what a provider lists.
    """
    env = context.env
    first: dict[tuple[str | None, str], tuple[Resource[Model], Place]] = {}
    aliased = [model for model in env.models.values() if model.spec.aliases and model.spec.enabled]
    locked = {model.identity for model in aliased if model.chain(("aliases",))[-1][0].is_locked}
    for model in sorted(aliased, key=lambda model: model.identity not in locked):
        for index, alias in enumerate(model.spec.aliases or ()):
            place = model.place("aliases", index)
            if model.identity in locked:
                first.setdefault((model.provider, alias), (model, place))
                continue
            other = env.models.get(f"model/{model.provider}/{alias}")
            if other is not None and other is not model and other.spec.enabled:
                message = f"the alias `{alias}` is the id of another model"
                yield Problem(place, message, None, (("that model", name_place(other)),))
                continue
            known, there = first.setdefault((model.provider, alias), (model, place))
            if known is not model:
                message = f"model `{known.name}` has the alias `{alias}` too"
                yield Problem(place, message, None, (("the other alias", there),))
