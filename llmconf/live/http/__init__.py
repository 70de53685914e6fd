"""The only HTTP client of the program: bounded in time, size and number, and careful with secrets.

It is built on httpx2, with a transport and sockets of its own. Importing this package takes time, so commands that
need no network do not import it.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from llmconf.adapters import Failure, Request, Response, Unreadable
from llmconf.live.http._exchange import MAX_BODY, AttemptClock, exchange
from llmconf.live.http._failures import explain, too_late
from llmconf.live.http._httpx2 import ERRORS, Call, open_client
from llmconf.live.http._line import CallRoute, EndpointConnection, Reply, Timing, find_headers, find_route
from llmconf.live.http._pauses import pause, retry_after
from llmconf.live.http._proxies import ProxyEnvironment
from llmconf.live.http._sockets import Sockets
from llmconf.live.http._trust import TlsTrust, UnusableCertificate

__all__ = ["MAX_BODY", "EndpointConnection", "HttpClient", "Reply", "Timing"]

_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which another attempt may succeed."""
_TOO_MANY = 429
_BACKOFF = 0.25
_ERRORS = (*ERRORS, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class _AttemptOutcome:
    """The result of one attempt.

    It is `retryable` if another attempt may succeed, and `stale` if the server had closed the reused connection.
    """

    reply: Reply
    retryable: bool = False
    stale: bool = False


class HttpClient:
    """Sends requests: at most `at_once` at a time, and `per_host` to one host and port.

    `patience` is the longest pause, in seconds, that a server may ask for before the next attempt. `backoff` is the
    shortest pause after the first attempt. It doubles after each attempt, up to 4 seconds, and a random part is added.
    So one call of `send` takes at most `retries + 1` times the endpoint's time-out and `retries` pauses, and the wait
    for its turn.
    """

    def __init__(
        self, at_once: int = 50, per_host: int = 8, patience: float = 5.0, backoff: float = _BACKOFF
    ) -> None:
        self._per_host = per_host
        self._patience = patience
        self._backoff = backoff
        self._turn = asyncio.Semaphore(at_once)
        self._turns: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._environment = ProxyEnvironment.read()
        self._trust = TlsTrust()
        self._client = open_client(Sockets(), at_once)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, endpoint: EndpointConnection, request: Request) -> Reply:
        """Send a request and return the result. Nothing that a server does raises an exception.

        A GET is sent again, up to `endpoint.retries` times, after errors of the connection, time-outs and the statuses
        408, 425, 429, 500, 502, 503, 504 and 529, no sooner than Retry-After says. It is not sent again if Retry-After
        asks for more than `patience`, or after a 429 without Retry-After: then the account has often run out of money,
        and each attempt would count.

        Raises RefusedError if the request carries a secret that may not go where it leads, and for headers that
        may not be sent; UsageError for a proxy or certificates of the environment that cannot be used.
        """
        route = find_route(endpoint, request, self._environment)
        headers = find_headers(endpoint, request, route)
        turn = self._turns.setdefault(
            (route.origin.host, route.origin.port), asyncio.Semaphore(self._per_host)
        )
        attempts = 0
        while True:
            attempts += 1
            # First the turn at the host: a request that waits for a slow host must not take the place of another.
            async with turn, self._turn:
                outcome = await self._attempt(endpoint, route, request, headers)
            least = self._least_pause(outcome)
            if attempts > endpoint.retries or request.method != "GET" or least is None:
                return replace(outcome.reply, attempts=attempts) if attempts > 1 else outcome.reply
            await asyncio.sleep(pause(least, self._backoff, attempts))

    async def _attempt(
        self, endpoint: EndpointConnection, route: CallRoute, request: Request, headers: list[tuple[bytes, bytes]]
    ) -> _AttemptOutcome:
        outcome = await self._exchange(endpoint, route, request, headers, fresh=request.method != "GET")
        # A server may close an idle connection at any time, even while it receives a request.
        if outcome.stale:
            outcome = await self._exchange(endpoint, route, request, headers, fresh=True)
        return outcome

    async def _exchange(
        self,
        endpoint: EndpointConnection,
        route: CallRoute,
        request: Request,
        headers: list[tuple[bytes, bytes]],
        fresh: bool,
    ) -> _AttemptOutcome:
        try:
            tls, proxy_tls = self._tls(endpoint, route)
        except UnusableCertificate as error:
            return _AttemptOutcome(Reply(None, Failure("tls_error", str(error))))
        clock = AttemptClock()
        call = Call(route, tls, proxy_tls, clock, fresh)
        response: Response | None = None
        failure: Failure | None = None
        retryable = stale = False
        try:
            async with asyncio.timeout(endpoint.timeout) as limit:
                response = await exchange(self._client, call, request, headers, clock)
            retryable = response.status in _RETRYABLE
        except Unreadable as error:
            failure = Failure("invalid_response", str(error))
        except _ERRORS as error:
            if isinstance(error, TimeoutError) and limit.expired():
                failure, retryable = too_late(clock.phase, endpoint.timeout), True
            else:
                failure, retryable = explain(error, clock.phase)
                stale = call.reused and retryable and clock.status is None
                if route.proxy and clock.phase == "connecting":
                    failure = replace(failure, detail=f"the proxy: {failure.detail}")
        reply = Reply(response, failure, clock.status, clock.timing, 1, clock.certificate_expires)
        return _AttemptOutcome(reply, retryable, stale)

    def _tls(self, endpoint: EndpointConnection, route: CallRoute) -> tuple[ssl.SSLContext, ssl.SSLContext | None]:
        """Return the TLS settings for the host and for a proxy. Raises UnusableCertificate, and UsageError."""
        secure = route.origin.scheme == "https"
        tls = self._trust.context(endpoint if route.own else None) if secure else self._trust.nobody
        secure_proxy = route.proxy is not None and route.proxy.origin.scheme == "https"
        return tls, self._trust.context(None) if secure_proxy else None

    def _least_pause(self, outcome: _AttemptOutcome) -> float | None:
        """Return how many seconds to wait at least before the next attempt, or None if there should be none."""
        if not outcome.retryable:
            return None
        response = outcome.reply.response
        asked = retry_after(response) if response else None
        if asked is not None:
            return asked if asked <= self._patience else None
        return None if response and response.status == _TOO_MANY else 0.0
