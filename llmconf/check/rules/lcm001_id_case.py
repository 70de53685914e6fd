"""Two model ids of one provider differ only in upper and lower case.

Why: One of the ids is probably a mistake. Calls of that one fail.

Example:
    kind: Provider
    name: openai
    type: openai
    models:
      - id: gpt-5
      - id: GPT-5

Fix: Keep the id that the vendor uses, and remove the other.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import name_place
from llmconf.project.environment import Resource
from llmconf.schema.kinds import Model

CODE = "LCM001"
NAME = "id-case"
SEVERITY = "warning"


def check(context: Context) -> Iterator[Problem]:
    """Compare the ids of each provider without their case."""
    first: dict[tuple[str | None, str], Resource[Model]] = {}
    for model in context.declared_models:
        known = first.setdefault((model.provider, model.name.casefold()), model)
        if known is not model:
            message = f"`{model.name}` differs from `{known.name}` only in case"
            yield Problem(name_place(model), message, None, (("the other id", name_place(known)),))
