"""An enabled provider has no enabled credential, and its type needs one.

Why: The vendor refuses calls without a credential.

Example:
    kind: Provider
    name: openai
    type: openai
    endpoints:
      - {name: main, url: https://api.openai.com/v1}

Fix: Declare or enable a credential, or disable the provider.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf import adapters
from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import list_place

CODE = "LCK010"
NAME = "no-credential"
SEVERITY = "error"
TRAITS = ("guess",)


def check(context: Context) -> Iterator[Problem]:
    """Look for an enabled credential of each enabled provider whose type needs one."""
    for account in context.accounts:
        provider, credentials = account.provider, account.credentials
        if account.enabled_credentials:
            continue
        if adapters.preset(provider.spec.type).credential != "required":
            continue
        place = list_place(provider, credentials)
        if credentials:
            related = tuple(("disabled here", each.place("enabled")) for each in credentials[:3])
            message = f"provider `{provider.name}` has no enabled credential"
            yield Problem(place, message, "enable one, or disable the provider", related)
        else:
            message = f"provider `{provider.name}` has no credential"
            hint = f"the type `{provider.spec.type}` needs one: declare it under `credentials`"
            yield Problem(place, message, hint)
