"""The same sealed token stands in two places.

Why: A token is bound to its resource, field and hosts, so a copy of it cannot be opened. Whatever needs
the copy fails.

Example:
    kind: Credential
    provider: openai
    name: backup
    api_key: ENC(v1;k=...)   # copied from openai/main

Fix: Seal the secret anew in the second place, or remove it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from llmconf.diagnostics import Path, Place
from llmconf.resolved import Resolved, Resource
from llmconf.rules._base import Context, Problem
from llmconf.rules._shared import described
from llmconf.schema.kinds import SECRET_FIELDS

CODE = "LCK006"
NAME = "token-reused"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Remember each token, and report those that are met again elsewhere."""
    first: dict[str, tuple[Resource[Any], Path]] = {}
    reported: set[Place] = set()
    for resource, path, token in _tokens(context.env):
        known, there = first.setdefault(token, (resource, path))
        if known is resource and there == path:
            continue
        place, other = resource.place(*path), known.place(*there)
        if place == other or place in reported:
            continue  # one line that several resources inherit
        reported.add(place)
        message = f"`{path[-1]}` of {described(resource.identity)} is the copy of another token"
        yield Problem(place, message, "seal the secret here anew", (("the same token", other),))


def _tokens(env: Resolved) -> Iterator[tuple[Resource[Any], Path, str]]:
    """Yield the sealed tokens of all resources, with their paths."""
    for credential in env.credentials.values():
        data = credential.data
        for field in SECRET_FIELDS:
            value = data.get(field)
            if value is not None and value.startswith("ENC("):
                yield credential, (field,), value
    resources: Iterator[Resource[Any]] = chain(env.providers.values(), env.endpoints.values())
    for resource in resources:
        for name, value in resource.spec.headers.items():
            if value.startswith("ENC("):
                yield resource, ("headers", name), value
    for endpoint in env.endpoints.values():
        tls = endpoint.spec.tls
        if tls is not None and tls.client_key is not None and tls.client_key.startswith("ENC("):
            yield endpoint, ("tls", "client_key"), tls.client_key
