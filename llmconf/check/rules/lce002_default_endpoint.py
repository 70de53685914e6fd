"""A provider has several enabled endpoints, and not exactly one of them is the default.

Why: It is not clear which endpoint serves a model that names none.

Example:
    kind: Provider
    name: openai
    type: openai
    endpoints:
      - {name: global, url: https://api.openai.com/v1}
      - {name: eu, url: https://eu.api.openai.com/v1}

Fix: Give one of them `default: true`.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import list_place, listed

CODE = "LCE002"
NAME = "default-endpoint"
SEVERITY = "error"
TRAITS = ("guess",)


def check(context: Context) -> Iterator[Problem]:
    """Check that each enabled provider with several enabled endpoints has exactly one default."""
    for account in context.accounts:
        provider, enabled = account.provider, account.enabled_endpoints
        if len(enabled) < 2:  # noqa: PLR2004 - a sole endpoint is the default
            continue
        chosen = [endpoint for endpoint in enabled if endpoint.spec.default]
        if not chosen:
            names = listed(endpoint.name for endpoint in enabled)
            message = f"provider `{provider.name}` has no default endpoint"
            yield Problem(list_place(provider, enabled), message, f"give `default: true` to one of {names}")
        for endpoint in chosen[1:]:
            message = f"`{endpoint.name}` is a second default endpoint of provider `{provider.name}`"
            related = ((f"`{chosen[0].name}` is the default already", chosen[0].place("default")),)
            yield Problem(endpoint.place("default"), message, "keep one of them", related)
