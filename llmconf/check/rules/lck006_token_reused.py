"""The same sealed token stands in two places.

Why: A token is bound to its resource, field and hosts, so a copy of it cannot be opened. A program that needs
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
from typing import Any

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import described
from llmconf.core.diagnostics import Path, Place
from llmconf.core.tokens import is_token_like
from llmconf.project.environment import Resource

CODE = "LCK006"
NAME = "token-reused"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Remember each token, and report it if another place has it too."""
    first: dict[str, tuple[Resource[Any], Path]] = {}
    reported: set[Place] = set()
    for held in context.secrets:
        if not is_token_like(held.value):
            continue
        resource, path = held.resource, held.path
        known, there = first.setdefault(held.value, (resource, path))
        if known is resource and there == path:
            continue
        place, other = resource.place(*path), known.place(*there)
        if place == other or place in reported:
            continue  # one line that several resources inherit
        reported.add(place)
        message = f"`{path[-1]}` of {described(resource.identity)} is a copy of another token"
        yield Problem(place, message, "seal the secret here anew", (("the same token", other),))
