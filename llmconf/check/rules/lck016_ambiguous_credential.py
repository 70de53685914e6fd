"""An endpoint names no credential, and more than one credential of its provider is bound to its host.

Why: It is not clear which credential a call uses, and whose budget pays for it.

Example:
    kind: Provider
    name: openai
    type: openai
    endpoints:
      - {name: main, url: https://api.openai.com/v1}
    credentials:
      - {name: first, api_key: "env:FIRST_KEY"}
      - {name: second, api_key: "env:SECOND_KEY"}

Fix: Name one credential with `credential` on the endpoint, or give the others to teams.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import listed, name_place

CODE = "LCK016"
NAME = "ambiguous-credential"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Count the credentials of each live endpoint."""
    for endpoint in context.live_endpoints:
        found = context.credentials[endpoint.identity]
        if len(found) > 1:
            yield Problem(
                name_place(endpoint),
                f"endpoint `{endpoint.name}` may be called with {listed(each.name for each in found)}",
                f"name one of them: `credential: {found[0].name}`",
                tuple((f"credential `{each.name}`", name_place(each)) for each in found[:3]),
            )
