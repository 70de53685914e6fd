"""Two secrets would be passed to programs in the same environment variable.

Why: Bundles and gateways refer to a secret by an environment variable. Its name is made of provider, credential and
field, with `_` for `-` and `.`, or it is the name in `env:NAME`. If two secrets have the same variable, a program
gets only one of them.

Example:
    kind: Credential
    provider: azure-eu
    name: main
    api_key: ENC(v1;k=...)
    ---
    kind: Credential
    provider: azure_eu
    name: main
    api_key: ENC(v1;k=...)

Fix: Rename one of the credentials or providers.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import described
from llmconf.project import secret_values

CODE = "LCK014"
NAME = "variable-collision"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Remember the first secret of each variable, and report the next one if it differs."""
    first: dict[str, secret_values.SecretValue] = {}
    for held in context.secrets:
        if not context.env.is_live(held.resource):
            continue
        variable = held.variable.name
        known = first.setdefault(variable, held)
        if known.value != held.value:
            other = described(known.resource.identity)
            related = ((f"`{known.path[-1]}` of {other}", known.resource.place(*known.path, on_key=True)),)
            place = held.resource.place(*held.path, on_key=True)
            yield Problem(place, f"{other} has the variable `{variable}` too", "rename one of them", related)
