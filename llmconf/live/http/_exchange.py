"""One request and its answer: the times it takes, and an answer that is bounded and read in full."""

from __future__ import annotations

import asyncio
import ssl
import time
import zlib
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin

import httpcore

from llmconf.adapters._base import Request, Response, Unreadable
from llmconf.core.origins import parse_url
from llmconf.live.http._failures import Phase
from llmconf.live.http._line import Route, Timing, shown

Connection = httpcore.AsyncHTTPConnection | httpcore.AsyncHTTPProxy
MAX_BODY = 8 * 1024 * 1024
"""Bytes of an answer, decompressed or not."""

_GZIP = 16 + zlib.MAX_WBITS
_MOST_MEMBERS = 1000
"""Members of a compressed answer that are read: each costs time, also one that holds nothing."""
_TURN, _SMALLEST = 64, 16
"""Parts of an answer after which it is the turn of others, and bytes that they have on average at least."""
_REDIRECTS = range(300, 400)
_NOT_MODIFIED = 304


class Clock:
    """Takes the times of one attempt, from the events that the client reports while it is under way."""

    def __init__(self) -> None:
        self._start = self._mark = time.perf_counter()
        self._connect: float | None = None
        self._tls: float | None = None
        self._first_byte: float | None = None
        self.phase: Phase = "connecting"
        self.status: int | None = None
        self.certificate_expires: date | None = None
        """The last day of the server's certificate, in UTC, where it was accepted."""

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of httpcore: `<part>.<name>.<started, complete or failed>`."""
        match event.partition(".")[2]:
            case "connect_tcp.started":
                self._begin("connecting")
            case "connect_tcp.complete":
                self._connect = self._elapsed()
            case "start_tls.started":
                # Behind a proxy there was an answer already, that of the proxy.
                self._first_byte = self.certificate_expires = None
                self._begin("handshake")
            case "start_tls.complete":
                self._tls = self._elapsed()
                self.look_at(info["return_value"])
            case "send_request_headers.started":
                self._begin("waiting")
            case "receive_response_headers.complete":
                self._first_byte = self._elapsed()
                self.phase = "reading"

    def look_at(self, stream: httpcore.AsyncNetworkStream) -> None:
        """Read the certificate of a TLS connection, at once: OpenSSL forgets it when the connection breaks."""
        certificate = stream.get_extra_info("ssl_object").getpeercert()
        if certificate and "notAfter" in certificate:
            seconds = ssl.cert_time_to_seconds(certificate["notAfter"])
            self.certificate_expires = datetime.fromtimestamp(seconds, UTC).date()

    @property
    def timing(self) -> Timing:
        """The times until now."""
        return Timing(self._connect, self._tls, self._first_byte, time.perf_counter() - self._start)

    def _begin(self, phase: Phase) -> None:
        self.phase = phase
        self._mark = time.perf_counter()

    def _elapsed(self) -> float:
        return time.perf_counter() - self._mark


async def exchange(
    connection: Connection,
    route: Route,
    request: Request,
    headers: list[tuple[bytes, bytes]],
    clock: Clock,
) -> Response:
    """Send a request and read its answer.

    No redirect is followed. Raises Unreadable for an answer that is refused, and what the client raises.
    """
    origin = route.origin
    url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=route.target)
    sent = httpcore.Request(
        request.method, url, headers=headers, content=request.body, extensions={"trace": clock}
    )
    answer = await connection.handle_async_request(sent)
    try:
        clock.status = answer.status
        if origin.scheme == "https" and clock.certificate_expires is None:
            clock.look_at(answer.extensions["network_stream"])
        found = _headers(answer)
        if answer.status == _NOT_MODIFIED:
            raise Unreadable("it says that nothing has changed (status 304), which was not asked")
        if answer.status in _REDIRECTS:
            raise Unreadable(_redirected(request.url, found.get("location")))
        return Response(answer.status, found, await _read_body(answer, found.get("content-encoding", "")))
    finally:
        await answer.aclose()


def _headers(answer: httpcore.Response) -> dict[str, str]:
    """Return the headers by name in lower case; one that comes again is joined, as HTTP allows."""
    found: dict[str, str] = {}
    for raw_key, raw_value in answer.headers:
        key, value = raw_key.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _redirected(url: str, location: str | None) -> str:
    """Say where a redirect leads, by its origin: the rest of the URL may hold what was sent."""
    if location is None:
        return "it redirects, without saying where to"
    try:
        target = shown(parse_url(urljoin(url, location)))
    except ValueError:
        return "it redirects to what is no URL"
    return f"it redirects to {target}, and redirects are not followed"


async def _read_body(answer: httpcore.Response, encoding: str) -> bytes:
    """Return the body, decompressed as far as it is bounded."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Unreadable("the answer is compressed in a way that was not asked for")
    gzip = _Gzip() if "gzip" in encoding else None
    parts: list[bytes] = []
    chunks = received = size = 0
    async for chunk in answer.aiter_stream():
        received += len(chunk)
        chunks += 1
        if chunks % _TURN == 0:
            if received < chunks * _SMALLEST:
                raise Unreadable("the answer comes in too many small parts")
            # What has arrived is handed out without a pause: the others, and all time-outs, would have to wait.
            await asyncio.sleep(0)
        found = gzip.read(chunk, MAX_BODY - size) if gzip else [chunk]
        size += sum(map(len, found))
        if size > MAX_BODY or received > MAX_BODY:
            raise Unreadable(f"the answer is longer than {MAX_BODY // 1024 // 1024} MiB")
        parts += found
    # Nothing at all is what an answer without content has.
    if gzip and received and not gzip.is_whole:
        raise Unreadable("the compressed answer breaks off")
    return b"".join(parts)


class _Gzip:
    """Reads gzip, which is one member after another, each compressed by itself (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._members = 1

    @property
    def is_whole(self) -> bool:
        """Whether what was read until now ends with a member."""
        return self._member.eof

    def read(self, chunk: bytes, room: int) -> list[bytes]:
        """Return what a chunk holds, at most one byte more than there is room for.

        Raises Unreadable for what is no gzip, and for too many members.
        """
        parts: list[bytes] = []
        while chunk and room >= 0:
            if self._member.eof:
                self._next()
            try:
                part = self._member.decompress(chunk, room + 1)
            except zlib.error:
                raise Unreadable("the answer is said to be gzip and is not") from None
            parts.append(part)
            room -= len(part)
            chunk = self._member.unused_data
        return parts

    def _next(self) -> None:
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise Unreadable("the answer is compressed in too many parts")
        self._member = zlib.decompressobj(_GZIP)
