"""An enabled provider has no enabled endpoint.

Why: Nothing can be sent to the provider, so each of its models fails.

Example:
    kind: Provider
    name: openai
    type: openai
    credentials:
      - name: main
        api_key: env:OPENAI_API_KEY

Fix: Declare or enable an endpoint, or disable the provider.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf import adapters
from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import list_place
from llmconf.project.environment import Resource
from llmconf.schema.kinds import Provider

CODE = "LCE001"
NAME = "no-endpoint"
SEVERITY = "error"
TRAITS = ("guess",)


def check(context: Context) -> Iterator[Problem]:
    """Look for an enabled endpoint of each enabled provider."""
    for account in context.accounts:
        if account.enabled_endpoints:
            continue
        provider, endpoints = account.provider, account.endpoints
        place = list_place(provider, endpoints)
        if endpoints:
            related = tuple(("disabled here", endpoint.place("enabled")) for endpoint in endpoints[:3])
            message = f"provider `{provider.name}` has no enabled endpoint"
            yield Problem(place, message, "enable one, or disable the provider", related)
        else:
            yield Problem(place, f"provider `{provider.name}` has no endpoint", _hint(provider))


def _hint(provider: Resource[Provider]) -> str:
    url = adapters.preset(provider.spec.type).url or "https://..."
    return f"endpoints: [{{name: main, url: {url}}}]"
