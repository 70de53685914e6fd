"""A URL has user information or a query, which often hold a secret.

Why: URLs appear in logs, error messages and proxies. A password or key in a URL does not stay secret. llmconf does
not encrypt it either.

Example:
    kind: Endpoint
    provider: gateway
    name: main
    url: https://user:password@llm.example.com/v1

Fix: Put the secret into a credential or a header. Keep only scheme, host, port and path in the URL.
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
    """Check the URLs of endpoints and proxies. A message never repeats a URL."""
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
