"""A price is so low or so high that its unit must be another one.

Why: Prices are in USD per million tokens. Other lists state them per token or per thousand. A price copied from such
a list is wrong by a factor of a thousand or a million.

Example:
    kind: Model
    provider: openai
    id: gpt-5
    price: {input: "0.00000125"}

Fix: Convert the price to USD per million tokens: multiply a price per token by 1,000,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from llmconf.check.rules._base import HIGHEST_PRICE, LOWEST_PRICE, Context, Problem

CODE = "LCM003"
NAME = "price-unit"
SEVERITY = "warning"

_MILLION = 1_000_000


def check(context: Context) -> Iterator[Problem]:
    """Look for prices that no vendor asks for a million tokens."""
    for model, path, text in context.odd_prices:
        if model.chain(path)[-1][0].is_locked:
            continue  # a price that a provider or a catalog states
        amount = Decimal(text)
        if 0 < amount < LOWEST_PRICE:
            message = f"`{text}` USD per million tokens is too low for a price of `{path[-1]}`"
            yield Problem(model.place(*path), message, f'if it is per token, write "{_plain(amount)}"')
        elif amount > HIGHEST_PRICE:
            message = f"`{text}` USD per million tokens is too high for a price of `{path[-1]}`"
            yield Problem(model.place(*path), message, "prices are in USD per million tokens")


def _plain(amount: Decimal) -> str:
    """Write a price per token as a price per million tokens, without an exponent or trailing zeros."""
    text = f"{amount * _MILLION:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
