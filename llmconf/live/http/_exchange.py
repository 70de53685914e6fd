"""One request and its answer: how long its parts take, and a body that is bounded and read in full."""

from __future__ import annotations

import asyncio
import ssl
import time
import zlib
from contextlib import aclosing
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin

from llmconf.adapters import Request, Response, Unreadable
from llmconf.core.origins import parse_url
from llmconf.live.http._failures import Phase
from llmconf.live.http._httpx2 import Answer, AsyncClient, Call, NetworkStream, connection_of, headers_of, send
from llmconf.live.http._line import Timing, origin_text

MAX_BODY = 8 * 1024 * 1024
"""The most bytes of an answer, before and after decompression."""

_GZIP = 16 + zlib.MAX_WBITS
_MOST_MEMBERS = 1000
"""The most members of a compressed answer. Each one costs time, even an empty one."""
_TURN, _SMALLEST = 64, 16
"""After how many parts of an answer other tasks get their turn, and the least bytes that a part has on average."""
_REDIRECTS = range(300, 400)
_NOT_MODIFIED = 304


class AttemptClock:
    """Measures the parts of one attempt, from the events that the HTTP library reports."""

    def __init__(self) -> None:
        self._start = self._mark = time.perf_counter()
        self._connect: float | None = None
        self._tls: float | None = None
        self._first_byte: float | None = None
        self.phase: Phase = "connecting"
        self.status: int | None = None
        self.certificate_expires: date | None = None
        """The last day of the server's certificate, in UTC, if the certificate was accepted."""

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the library: `<part>.<name>.<started, complete or failed>`."""
        match event.partition(".")[2]:
            case "connect_tcp.started":
                self._begin("connecting")
            case "connect_tcp.complete":
                self._connect = self._elapsed()
            case "start_tls.started":
                # The proxy, if there is one, has already answered, and may have shown a certificate.
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

    def look_at(self, stream: NetworkStream) -> None:
        """Read the certificate of a TLS connection now, because OpenSSL forgets it when the connection breaks."""
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
    client: AsyncClient,
    call: Call,
    request: Request,
    headers: list[tuple[bytes, bytes]],
    clock: AttemptClock,
) -> Response:
    """Send a request and read its answer.

    No redirect is followed. Raises Unreadable for an answer that is refused, and the exceptions of the library.
    """
    answer = await send(client, request.method, headers, request.body, call)
    try:
        clock.status = answer.status_code
        if call.route.origin.scheme == "https" and clock.certificate_expires is None:
            clock.look_at(connection_of(answer))
        found = _headers(answer)
        if answer.status_code == _NOT_MODIFIED:
            raise Unreadable("it says that nothing has changed (status 304), which was not asked")
        if answer.status_code in _REDIRECTS:
            raise Unreadable(_redirected(request.url, found.get("location")))
        body = await _read_body(answer, found.get("content-encoding", ""))
        return Response(answer.status_code, found, body)
    finally:
        await answer.aclose()


def _headers(answer: Answer) -> dict[str, str]:
    """Return the headers by name in lower case. Headers with the same name are joined, as HTTP allows."""
    found: dict[str, str] = {}
    for raw_key, raw_value in headers_of(answer):
        key, value = raw_key.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _redirected(url: str, location: str | None) -> str:
    """Return a sentence that says where a redirect leads. It shows only the origin: the rest may repeat a secret."""
    if location is None:
        return "it redirects, without saying where to"
    try:
        target = origin_text(parse_url(urljoin(url, location)))
    except ValueError:
        return "it redirects to what is no URL"
    return f"it redirects to {target}, and redirects are not followed"


async def _read_body(answer: Answer, encoding: str) -> bytes:
    """Return the body, decompressed. Raises Unreadable as soon as it is longer than allowed."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Unreadable("the answer is compressed in a way that was not asked for")
    gzip = _Gzip() if "gzip" in encoding else None
    parts: list[bytes] = []
    chunks = received = size = 0
    async with aclosing(answer.aiter_raw()) as raw:
        async for chunk in raw:
            received += len(chunk)
            chunks += 1
            if chunks % _TURN == 0:
                if received < chunks * _SMALLEST:
                    raise Unreadable("the answer comes in too many small parts")
                # Bytes that have already arrived are returned without a pause. Other tasks and time-outs need one.
                await asyncio.sleep(0)
            found = gzip.read(chunk, MAX_BODY - size) if gzip else [chunk]
            size += sum(map(len, found))
            if size > MAX_BODY or received > MAX_BODY:
                raise Unreadable(f"the answer is longer than {MAX_BODY // 1024 // 1024} MiB")
            parts += found
    # An answer without content has no bytes at all.
    if gzip and received and not gzip.is_whole:
        raise Unreadable("the compressed answer breaks off")
    return b"".join(parts)


class _Gzip:
    """Decompresses gzip: a sequence of members, each compressed separately (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._members = 1

    @property
    def is_whole(self) -> bool:
        """Whether the bytes so far end with a complete member."""
        return self._member.eof

    def read(self, chunk: bytes, room: int) -> list[bytes]:
        """Return the decompressed content of a chunk, at most `room` + 1 bytes.

        Raises Unreadable if the chunk is not gzip, and for too many members.
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
