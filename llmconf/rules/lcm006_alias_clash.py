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

from llmconf.diagnostics import Place
from llmconf.resolved import Resource
from llmconf.rules._base import Context, Problem
from llmconf.rules._shared import name_place
from llmconf.schema.kinds import Model

CODE = "LCM006"
NAME = "alias-clash"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Give each alias to the first model that has it, and report the next one."""
    env = context.env
    first: dict[tuple[str | None, str], tuple[Resource[Model], Place]] = {}
    for model in env.models.values():
        if not model.spec.aliases or not model.spec.enabled:
            continue
        for index, alias in enumerate(model.spec.aliases):
            place = model.place("aliases", index)
            other = env.models.get(f"model/{model.provider}/{alias}")
            if other is not None and other is not model and other.spec.enabled:
                message = f"the alias `{alias}` is the id of another model"
                yield Problem(place, message, None, (("that model", name_place(other)),))
                continue
            known, there = first.setdefault((model.provider, alias), (model, place))
            if known is not model:
                message = f"model `{known.name}` has the alias `{alias}` too"
                yield Problem(place, message, None, (("the other alias", there),))
