"""The only HTTP client of the program: bounded in time, size and number, and careful with secrets.

It is built on httpcore, the engine of httpx. A client of httpx would bring what must not happen here (redirects,
cookies, netrc, a second reading of URLs) and twice the work per request. Importing it takes time: commands that
need no network do not import this package.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import httpcore

from llmconf.adapters._base import Failure, Request, Response, Unreadable
from llmconf.core.origins import Origin
from llmconf.live.http._exchange import MAX_BODY, Clock, Connection, exchange
from llmconf.live.http._failures import explain, too_late
from llmconf.live.http._line import Line, Reply, Route, Timing, find_headers, find_route
from llmconf.live.http._pauses import pause, retry_after
from llmconf.live.http._proxies import Environment, Proxy
from llmconf.live.http._sockets import Sockets
from llmconf.live.http._trust import Trust, Unusable

__all__ = ["MAX_BODY", "Line", "Network", "Reply", "Timing"]

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which another attempt may be answered."""
_TOO_MANY = 429
_BACKOFF = 0.25
_KEPT = 2.0
"""Seconds for which an idle connection is used again: less than any server waits before it closes one."""
_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    OSError,
    ValueError,
)
_Key = tuple[Origin, Proxy | None, int]

# At the level DEBUG httpcore logs the headers of answers, and a server may repeat a key in them.
logging.getLogger("httpcore").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one attempt: `passing` where another one makes sense, `stale` where the connection was too old."""

    reply: Reply
    passing: bool = False
    stale: bool = False


class Network:
    """Sends requests: at most `at_once` at a time, and `per_host` to one host and port.

    `patience` is how many seconds a server may ask to wait before the next attempt; `backoff` is the shortest first
    pause, doubled each time up to 4 seconds, and each is made longer by chance. So one call of `send` takes at most
    `retries + 1` times the line's time-out and `retries` pauses, beside the wait for its turn.
    """

    def __init__(
        self, at_once: int = 50, per_host: int = 8, patience: float = 5.0, backoff: float = _BACKOFF
    ) -> None:
        self._at_once = at_once
        self._per_host = per_host
        self._patience = patience
        self._backoff = backoff
        self._turn = asyncio.Semaphore(at_once)
        self._turns: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._idle: list[tuple[_Key, Connection]] = []
        self._environment = Environment.read()
        self._trust = Trust()
        self._sockets = Sockets()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        idle, self._idle = self._idle, []
        for _, connection in idle:
            await connection.aclose()

    async def send(self, line: Line, request: Request) -> Reply:
        """Send a request and return what came of it; nothing that a server does raises.

        A GET is sent again, up to `line.retries` times, after errors of the connection, time-outs and the statuses
        408, 425, 429, 500, 502, 503, 504 and 529, no sooner than Retry-After says. It is not sent again where that
        asks for more than `patience`, or after a 429 that does not say when: then it is often the money that is
        used up, and each attempt would count.

        Raises RefusedError where the request carries a secret that may not go where it leads, and for headers that
        may not be sent; UsageError for a proxy or certificates of the environment that cannot be used.
        """
        route = find_route(line, request, self._environment)
        headers = find_headers(line, request, route)
        turn = self._turns.setdefault(
            (route.origin.host, route.origin.port), asyncio.Semaphore(self._per_host)
        )
        attempts = 0
        while True:
            attempts += 1
            # The host first: whoever waits for a slow host must not take a place from the others.
            async with turn, self._turn:
                outcome = await self._attempt(line, route, request, headers)
            asked = self._asked(outcome)
            if attempts > line.retries or request.method != "GET" or asked is None:
                return replace(outcome.reply, attempts=attempts)
            await asyncio.sleep(pause(asked, self._backoff, attempts))

    async def _attempt(
        self, line: Line, route: Route, request: Request, headers: list[tuple[bytes, bytes]]
    ) -> _Outcome:
        outcome = await self._exchange(line, route, request, headers, fresh=request.method != "GET")
        # A server may close an idle connection at any time, also when a request is on its way.
        if outcome.stale:
            outcome = await self._exchange(line, route, request, headers, fresh=True)
        return outcome

    async def _exchange(
        self, line: Line, route: Route, request: Request, headers: list[tuple[bytes, bytes]], fresh: bool
    ) -> _Outcome:
        try:
            key, connection, kept = self._take(line, route, fresh)
        except Unusable as error:
            return _Outcome(Reply(None, Failure("tls_error", str(error))))
        clock = Clock()
        response: Response | None = None
        failure: Failure | None = None
        passing = stale = False
        try:
            async with asyncio.timeout(line.timeout) as limit:
                response = await exchange(connection, route, request, headers, clock)
            passing = response.status in _PASSING
        except Unreadable as error:
            failure = Failure("invalid_response", str(error))
        except _ERRORS as error:
            if isinstance(error, TimeoutError) and limit.expired():
                failure, passing = too_late(clock.phase, line.timeout), True
            else:
                failure, passing = explain(error, clock.phase)
                stale = kept and passing and clock.status is None
                if route.proxy and clock.phase == "connecting":
                    failure = replace(failure, detail=f"the proxy: {failure.detail}")
        finally:
            # What was broken off may be in any state: only a connection whose answer was read is used again.
            await self._give_back(key, connection, response is not None)
        reply = Reply(response, failure, clock.status, clock.timing, 1, clock.certificate_expires)
        return _Outcome(reply, passing, stale)

    def _take(self, line: Line, route: Route, fresh: bool) -> tuple[_Key, Connection, bool]:
        """Return a connection for this attempt alone, and whether it was used before.

        There is no pool, which would look through all its connections for each request. Raises Unusable, and
        UsageError.
        """
        secure = route.origin.scheme == "https"
        context = self._trust.context(line if route.own else None) if secure else self._trust.nobody
        key = (replace(route.origin, path=""), route.proxy, id(context))
        for index, (other, connection) in enumerate(self._idle):
            if other == key and not fresh and _is_alive(connection):
                del self._idle[index]
                return key, connection, True
        return key, self._open(route, context), False

    def _open(self, route: Route, context: ssl.SSLContext) -> Connection:
        if route.proxy is None:
            host = route.origin.host.encode("ascii")
            origin = httpcore.Origin(route.origin.scheme.encode("ascii"), host, route.origin.port)
            return httpcore.AsyncHTTPConnection(
                origin, context, keepalive_expiry=_KEPT, network_backend=self._sockets
            )
        proxy = route.proxy.origin
        return httpcore.AsyncHTTPProxy(
            httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
            proxy_auth=route.proxy.login,
            ssl_context=context,
            proxy_ssl_context=self._trust.context(None) if proxy.scheme == "https" else None,
            keepalive_expiry=_KEPT,
            network_backend=self._sockets,
        )

    async def _give_back(self, key: _Key, connection: Connection, whole: bool) -> None:
        if not whole or not _is_alive(connection):
            await connection.aclose()
            return
        self._idle.append((key, connection))
        if len(self._idle) > self._at_once:
            await self._idle.pop(0)[1].aclose()

    def _asked(self, outcome: _Outcome) -> float | None:
        """Return how many seconds to wait at least before the next attempt; None where there should be none."""
        if not outcome.passing:
            return None
        response = outcome.reply.response
        asked = retry_after(response) if response else None
        if asked is not None:
            return asked if asked <= self._patience else None
        return None if response and response.status == _TOO_MANY else 0.0


def _is_alive(connection: Connection) -> bool:
    """Tell whether an idle connection can be used again; the one to a proxy looks for itself."""
    if not isinstance(connection, httpcore.AsyncHTTPConnection):
        return True
    return connection.is_available() and not connection.has_expired()
