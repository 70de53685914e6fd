"""The only module that knows httpx2 and its engine httpcore2: their names, their errors, and what they must not do.

httpx2 would keep cookies, parse `Location`, decode bodies without a bound, log URLs, and read proxies and
certificates from the environment. Not all of this can be switched off, so httpx2 gets nothing that it could act on:
every request has the same URL, which leads nowhere, and the headers of an answer go past it. A `Call` says where a
request really goes.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import httpcore2
import httpx2
from httpcore2 import AsyncNetworkBackend as NetworkBackend
from httpcore2 import AsyncNetworkStream as NetworkStream
from httpcore2 import ProxyError, WriteError
from httpx2 import AsyncClient
from httpx2 import Response as Answer

from llmconf.live.http._line import CallRoute
from llmconf.live.http._proxies import Proxy

__all__ = [
    "ERRORS", "Answer", "AsyncClient", "Call", "NetworkBackend", "NetworkStream", "ProxyError", "WriteError",
    "closed_without_answer", "connection_of", "headers_of", "is_not_http", "open_client", "send", "system_trust",
]  # fmt: skip

ERRORS = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError)
"""What the library raises because of a server or a proxy. OSError and ValueError pass through it unchanged."""

_KEEPALIVE = 2.0
"""Seconds for which an idle connection may be reused. Servers wait longer than that before they close one."""
_NOWHERE = httpx2.URL("http://llmconf.invalid")
_Connection = httpcore2.AsyncHTTPConnection | httpcore2.AsyncHTTPProxy
_Key = tuple[str, str, int, Proxy | None, int]
"""What two calls have in common if one connection can serve both."""

# httpx2 logs each request at INFO. httpcore2 logs headers of answers at DEBUG, and a server may repeat a key in them.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(slots=True)
class Call:
    """Where one attempt goes, and how. The transport sets `reused` if it takes a connection that was idle.

    `tls` is for the host, and `proxy_tls` for a proxy that speaks TLS. `trace` is called with each event of the
    connection. If `fresh` is set, a new connection is opened.
    """

    route: CallRoute
    tls: ssl.SSLContext
    proxy_tls: ssl.SSLContext | None
    trace: Callable[[str, dict[str, Any]], Awaitable[None]]
    fresh: bool
    reused: bool = False


def open_client(sockets: NetworkBackend, most_idle: int) -> AsyncClient:
    """Return a client that connects through `sockets` and keeps at most `most_idle` idle connections."""
    transport = _Transport(sockets, most_idle)
    return AsyncClient(transport=transport, trust_env=False, follow_redirects=False, timeout=None)


async def send(
    client: AsyncClient, method: str, headers: list[tuple[bytes, bytes]], body: bytes | None, call: Call
) -> Answer:
    """Send a request and return its answer, of which only the headers have been read. The caller closes it."""
    stream = httpx2.ByteStream(body or b"")
    request = httpx2.Request(method, _NOWHERE, headers=headers, stream=stream, extensions={"call": call})
    return await client.send(request, stream=True)


def headers_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer as they were sent."""
    found: list[tuple[bytes, bytes]] = answer.extensions["headers"]
    return found


def connection_of(answer: Answer) -> NetworkStream:
    """Return the connection on which an answer arrives."""
    found: NetworkStream = answer.extensions["network_stream"]
    return found


def system_trust() -> ssl.SSLContext:
    """Return TLS settings that trust what the system trusts, without a look at the environment.

    On macOS and Windows the system itself checks each certificate, through truststore.
    """
    return httpx2.create_ssl_context(trust_env=False)


def is_not_http(error: Exception) -> bool:
    """Return whether an error means that an answer breaks the rules of HTTP."""
    # A connection through a proxy raises the error without its cause, but the context is still there.
    return isinstance(error, httpcore2.RemoteProtocolError) and bool(error.__cause__ or error.__context__)


def closed_without_answer(error: Exception) -> bool:
    """Return whether an error means that the connection was closed where an answer should begin."""
    return isinstance(error, httpcore2.RemoteProtocolError) and not is_not_http(error)


class _Transport(httpx2.AsyncBaseTransport):
    """Sends each request on a connection that serves no other request, and keeps the connection for later ones.

    The pool of the library would look through all connections for each request, and has one set of TLS settings.
    """

    def __init__(self, sockets: NetworkBackend, most_idle: int) -> None:
        self._sockets = sockets
        self._most_idle = most_idle
        self._idle: list[tuple[_Key, _Connection]] = []

    async def handle_async_request(self, request: httpx2.Request) -> Answer:
        """Send a request to where its call leads."""
        call: Call = request.extensions["call"]
        origin = call.route.origin
        url = httpcore2.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=call.route.target)
        sent = httpcore2.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=cast(httpx2.AsyncByteStream, request.stream),
            extensions={"trace": call.trace},
        )
        key = origin.scheme, origin.host, origin.port, call.route.proxy, id(call.tls)
        connection = self._take(key, call)
        try:
            answer = await connection.handle_async_request(sent)
        except BaseException:
            await connection.aclose()
            raise
        body = _Body(answer, partial(self._give_back, key, connection))
        return Answer(answer.status, stream=body, extensions={**answer.extensions, "headers": answer.headers})

    async def aclose(self) -> None:
        """Close the idle connections."""
        idle, self._idle = self._idle, []
        for _, connection in idle:
            await connection.aclose()

    def _take(self, key: _Key, call: Call) -> _Connection:
        for index, (other, connection) in enumerate(self._idle):
            if other == key and not call.fresh and _is_alive(connection):
                del self._idle[index]
                call.reused = True
                return connection
        return self._open(call)

    def _open(self, call: Call) -> _Connection:
        origin, proxy = call.route.origin, call.route.proxy
        if proxy is None:
            place = httpcore2.Origin(origin.scheme.encode("ascii"), origin.host.encode("ascii"), origin.port)
            return httpcore2.AsyncHTTPConnection(
                place, call.tls, keepalive_expiry=_KEEPALIVE, network_backend=self._sockets
            )
        return httpcore2.AsyncHTTPProxy(
            httpcore2.URL(scheme=proxy.origin.scheme, host=proxy.origin.host, port=proxy.origin.port, target="/"),
            proxy_auth=proxy.login,
            ssl_context=call.tls,
            proxy_ssl_context=call.proxy_tls,
            keepalive_expiry=_KEEPALIVE,
            network_backend=self._sockets,
        )

    async def _give_back(self, key: _Key, connection: _Connection) -> None:
        """Keep a connection if its answer was read to the end. Otherwise it cannot be reused, and is closed."""
        if not _is_alive(connection):
            await connection.aclose()
            return
        self._idle.append((key, connection))
        if len(self._idle) > self._most_idle:
            await self._idle.pop(0)[1].aclose()


class _Body(httpx2.AsyncByteStream):
    """The body of an answer as it was sent. `done` is called when the answer is closed."""

    def __init__(self, answer: httpcore2.Response, done: Callable[[], Awaitable[None]]) -> None:
        self._answer = answer
        self._done = done

    def __aiter__(self) -> AsyncIterator[bytes]:
        return cast(AsyncIterable[bytes], self._answer.stream).__aiter__()

    async def aclose(self) -> None:
        try:
            await self._answer.aclose()
        finally:
            await self._done()


def _is_alive(connection: _Connection) -> bool:
    """Return whether a connection is idle and can be reused."""
    if isinstance(connection, httpcore2.AsyncHTTPProxy):
        return any(inner.is_available() and not inner.has_expired() for inner in connection.connections)
    return connection.is_available() and not connection.has_expired()
