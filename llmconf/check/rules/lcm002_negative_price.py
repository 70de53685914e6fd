"""A price is below zero.

Why: Nobody pays you for calls. Routes that choose the cheapest target would always choose this one, and
budgets would never be used up.

Example:
    kind: Model
    provider: openai
    id: gpt-5
    price: {input: "-1.25"}

Fix: Write the price that the provider states, in USD per million tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from llmconf.check.rules._base import Context, Problem

CODE = "LCM002"
NAME = "negative-price"
SEVERITY = "error"
STAGES = ("project.locks",)


def check(context: Context) -> Iterator[Problem]:
    """Look for negative prices among the unusual ones."""
    for model, path, text in context.odd_prices:
        if text.startswith("-") and Decimal(text) < 0:
            message = f"the price `{path[-1]}` of model `{model.provider}/{model.name}` is negative"
            yield Problem(model.place(*path), message)
