"""A secret is sent to an endpoint of a public host over plain HTTP.

Why: Everyone on the network path can read the secret and use it. Loopback addresses, private addresses and names
without a dot are not reported.

Example:
    kind: Endpoint
    provider: openai
    name: global
    url: http://api.openai.com/v1

Fix: Write `https://`. If the host is in a private network, use its name or address there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import name_place
from llmconf.core.origins import parse_url
from llmconf.core.tokens import is_sealed
from llmconf.project import relations
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Endpoint

CODE = "LCE003"
NAME = "plaintext-http"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Look for secrets that are meant for endpoints without TLS."""
    env = context.env
    for endpoint in context.live_endpoints:
        url = endpoint.spec.url
        if url[:5].lower() != "http:":
            continue
        origin = parse_url(url)
        related = () if origin.is_local else tuple(_secrets(context, env, endpoint))
        if related:
            message = f"a secret is sent to `{origin.host}` without TLS"
            yield Problem(endpoint.place("url"), message, "write `https://`", related[:1])


def _secrets(context: Context, env: Resolved, endpoint: Resource[Endpoint]) -> Iterator[tuple[str, Any]]:
    """Yield the secrets that are sent: the bound ones, or all of the provider's if none is bound."""
    credentials = context.credentials.get(endpoint.identity)
    if not credentials:
        of_provider = env.credentials_of(endpoint.provider or "")
        credentials = [credential for credential in of_provider if credential.spec.enabled]
    for credential in credentials:
        if relations.has_secret(credential):
            yield f"credential `{credential.name}`", name_place(credential)
    provider = relations.owner(env, endpoint)
    for resource in (endpoint, provider):
        for name, value in resource.spec.headers.items() if resource else ():
            if resource and is_sealed(value):
                yield f"the header `{name}`", resource.place("headers", name, on_key=True)
