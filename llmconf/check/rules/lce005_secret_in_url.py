"""A URL holds user information or a query, where secrets hide.

Why: URLs end up in logs, error messages and proxies; a password or key in one is no secret for long. It is
not encrypted here either.

Example:
    kind: Endpoint
    provider: gateway
    name: main
    url: https://user:password@llm.example.com/v1

Fix: Put the secret into a credential or a header, and leave scheme, host, port and path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llmconf.check.rules._base import Context, Problem
from llmconf.core.origins import url_secrets
from llmconf.project.environment import Resource

CODE = "LCE005"
NAME = "secret-in-url"
SEVERITY = "error"
TRAITS = ("shows_secret",)


def check(context: Context) -> Iterator[Problem]:
    """Look into the URLs of endpoints and proxies; messages never repeat one."""
    env = context.env
    for provider in env.providers.values():
        if provider.spec.proxy is not None:
            yield from _look(provider, "proxy", provider.spec.proxy)
    for endpoint in env.endpoints.values():
        if "@" in endpoint.spec.url or "?" in endpoint.spec.url:
            yield from _look(endpoint, "url", endpoint.spec.url)
        if endpoint.spec.proxy is not None:
            yield from _look(endpoint, "proxy", endpoint.spec.proxy)


def _look(resource: Resource[Any], key: str, url: str) -> Iterator[Problem]:
    part = url_secrets(url)
    if part:
        message = f"`{key}` holds {'a query' if part == 'query' else part}, where secrets do not belong"
        yield Problem(resource.place(key), message, "move it to a credential or to `headers`")
