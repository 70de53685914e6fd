"""What the tests of the HTTP client share: an endpoint, a call of it, an authority that is trusted."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import pytest
from upstream.vendor import Answer, Seen, State

from llmconf.adapters import Request
from llmconf.core.origins import Origin, parse_url
from llmconf.live.http import EndpointConnection, HttpClient, Reply

SECRET = "sk-fake-" + "x" * 24
KEY = {"Authorization": f"Bearer {SECRET}"}
MODELS = {"data": [{"id": "fake-1"}]}


def models(_seen: Seen, _state: State) -> Answer:
    return Answer(200, MODELS)


def endpoint(url: str, **changes: Any) -> EndpointConnection:
    """Return how the endpoint at a URL is reached, with a secret that is bound to it."""
    origin = parse_url(url)
    origin = Origin(origin.scheme, origin.host, origin.port)
    settings: dict[str, Any] = {"bound": (origin,), "has_secrets": True, "timeout": 5.0, **changes}
    return EndpointConnection(origin, **settings)


def send(connection: EndpointConnection, request: Request, **settings: Any) -> Reply:
    (reply,) = send_all((connection, request), **settings)
    return reply


def send_all(*requests: tuple[EndpointConnection, Request], **settings: Any) -> list[Reply]:
    async def run() -> list[Reply]:
        async with HttpClient(**settings) as network:
            return await asyncio.gather(*(network.send(*request) for request in requests))

    return asyncio.run(run())


def get(url: str, headers: dict[str, str] = KEY, **changes: Any) -> Reply:
    """Send a GET with the key to a URL that it is bound to."""
    return send(endpoint(url, **changes), Request(url, headers=headers), backoff=0.01)


def failed(reply: Reply) -> tuple[str, str]:
    assert reply.response is None
    assert reply.failure is not None
    assert SECRET not in repr(reply) + reply.failure.detail
    return reply.failure.verdict, reply.failure.detail


def own_address(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name resolve to these addresses of this machine."""
    original = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if str(host).replace(".", "").isdigit() or ":" in str(host):
            return original(host, port, *args, **kwargs)
        return [found for address in addresses for found in original(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - the folder of this process
