"""Two secrets would be given to programs in the same environment variable.

Why: Bundles and gateways refer to a secret by a variable named after provider, credential and field, where
`-` and `.` become `_`, or by the name in `env:NAME`. Of two secrets with the same name only one arrives.

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
from itertools import chain
from typing import Any

from llmconf import wiring
from llmconf.diagnostics import Path
from llmconf.fields import is_sealed
from llmconf.resolved import Resolved, Resource
from llmconf.rules._base import Context, Problem
from llmconf.rules._shared import described, live
from llmconf.schema.kinds import SECRET_FIELDS

CODE = "LCK014"
NAME = "variable-collision"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Give each variable to the first secret that has it, and report the next one that differs."""
    first: dict[str, tuple[str, Resource[Any], Path]] = {}
    for variable, value, resource, path in _variables(context.env):
        known, other, there = first.setdefault(variable, (value, resource, path))
        if known != value:
            message = f"the variable `{variable}` is that of {described(other.identity)} too"
            related = ((f"`{there[-1]}` of {described(other.identity)}", other.place(*there, on_key=True)),)
            yield Problem(resource.place(*path, on_key=True), message, "rename one of them", related)


def _variables(env: Resolved) -> Iterator[tuple[str, str, Resource[Any], Path]]:
    """Yield variable, value and place of each secret in use."""
    for credential in live(env, env.credentials.values()):
        for field in SECRET_FIELDS:
            value = credential.data.get(field)
            if value is not None and (found := wiring.secret_variable(credential, field)):
                yield found.name, value, credential, (field,)
    senders: Iterator[Resource[Any]] = chain(
        live(env, env.providers.values()), live(env, env.endpoints.values())
    )
    for resource in senders:
        for header, value in resource.spec.headers.items():
            if is_sealed(value) and (found := wiring.header_variable(resource, header)):
                yield found.name, value, resource, ("headers", header)
