"""Real HTTP servers and a proxy on loopback, each in a thread of its own, that can misbehave in every way.

    with serve(VENDOR, state="invalid") as server:
        ...  # server.url, server.seen; server.state, .misbehave, .first and .delay may be changed at any time
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import trustme

from upstream.vendor import Answer, Seen, State, Vendor

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Misbehavior = Callable[["Server", Seen, asyncio.StreamWriter], Awaitable[None]]

NAMES = ("localhost", "127.0.0.1", "::1", "vendor.test")
"""What a certificate is for, unless said otherwise."""
_LOOPBACK = ("127.0.0.1", "::1")
_MAX_BODY = 4 * 1024 * 1024
_LONG = 30.0
"""Seconds after which even a server that hangs lets go."""


@dataclass
class Server:
    """A server that is running. `seen` holds every request, `connections` how many there were."""

    answer: Callable[[Seen, State], Answer]
    urls: tuple[str, ...] = ()
    state: State = "valid"
    misbehave: str | None = None
    """A name from MISBEHAVIOR."""
    first: list[Answer] = field(default_factory=list)
    """Answers to give, once each, before all others: failures that pass."""
    delay: float = 0.0
    """Seconds before each answer."""
    elsewhere: str = "https://elsewhere.test/v1?token=not-to-be-shown"
    """Where `redirect` leads."""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return self.urls[0]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        while (seen := await _read_request(reader)) is not None:
            self.seen.append(seen)
            if self.delay:
                await asyncio.sleep(self.delay)
            if self.misbehave:
                await MISBEHAVIOR[self.misbehave](self, seen, writer)
                return
            answer = self.first.pop(0) if self.first else self.answer(seen, self.state)
            await _send(writer, answer)
            if seen.headers.get("connection") == "close":
                return


@dataclass
class Proxy:
    """A proxy that is running. `seen` holds its requests, `passed` all bytes that clients sent through tunnels.

    Every host is taken for this machine, so that nothing leaves it: only the port of the target counts.
    """

    url: str = ""
    refuse: int | None = None
    """A status to answer everything with."""
    seen: list[Seen] = field(default_factory=list)
    passed: bytearray = field(default_factory=bytearray)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: a tunnel, or one plain request."""
        seen = await _read_request(reader)
        if seen is None:
            return
        self.seen.append(seen)
        if self.refuse:
            await _send(writer, Answer(self.refuse, b"no"))
            return
        target = urlsplit(seen.path if "://" in seen.path else f"//{seen.path}")
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", target.port or 80)
        try:
            if seen.method == "CONNECT":
                writer.write(b"HTTP/1.1 200 connected\r\n\r\n")
                await asyncio.gather(
                    _copy(reader, other_writer, self.passed), _copy(other_reader, writer, bytearray())
                )
                return
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            lines = [f"{seen.method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in seen.headers.items())]
            other_writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + seen.body)
            await _copy(other_reader, writer, bytearray())
        finally:
            other_writer.close()


@contextmanager
def serve(
    what: Vendor | Callable[[Seen, State], Answer],
    state: State = "valid",
    misbehave: str | None = None,
    *,
    tls: trustme.CA | None = None,
    names: Sequence[str] = NAMES,
    expires: datetime | None = None,
    client_ca: trustme.CA | None = None,
    host: str = "127.0.0.1",
    ports: int = 1,
    delay: float = 0.0,
    first: Sequence[Answer] = (),
) -> Iterator[Server]:
    """Run a server for a vendor, or for a function that answers, until the block ends.

    With `tls` it has a certificate of that authority for `names` until `expires`, and with `client_ca` it demands
    one of its clients. `ports` makes it listen on that many ports: as many `urls`, and origins.
    """
    vendor = what if isinstance(what, Vendor) else None
    server = Server(
        vendor.answer if vendor else what,  # type: ignore[arg-type]
        state=state,
        misbehave=misbehave,
        first=list(first),
        delay=delay,
    )
    context = _server_context(tls, names, expires, client_ca) if tls else None
    shown = f"[{host}]" if ":" in host else host
    with _running(server, host, ports, context) as numbers:
        server.urls = tuple(
            f"{'https' if tls else 'http'}://{shown}:{port}{vendor.base if vendor else ''}" for port in numbers
        )
        yield server


@contextmanager
def serve_proxy(refuse: int | None = None, *, tls: trustme.CA | None = None) -> Iterator[Proxy]:
    """Run a proxy until the block ends, that takes plain requests and tunnels."""
    proxy = Proxy(refuse=refuse)
    context = _server_context(tls, NAMES, None, None) if tls else None
    with _running(proxy, "127.0.0.1", 1, context) as numbers:
        proxy.url = f"{'https' if tls else 'http'}://127.0.0.1:{numbers[0]}"
        yield proxy


def unused_port(host: str = "127.0.0.1") -> int:
    """Return a port where nobody listens."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def _server_context(
    ca: trustme.CA, names: Sequence[str], expires: datetime | None, client_ca: trustme.CA | None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, not_after=expires).configure_cert(context)
    if client_ca:
        client_ca.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def _running(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
    host: str,
    ports: int,
    context: ssl.SSLContext | None,
) -> Iterator[list[int]]:
    """Run a handler of connections in a thread, and give its ports. What still runs at the end is broken off."""
    if host not in _LOOPBACK:
        raise ValueError("test servers listen on loopback only")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sockets = [socket.create_server((host, 0), family=family, backlog=128) for _ in range(ports)]
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.CancelledError):
            await handler(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    async def main() -> None:
        servers = [await asyncio.start_server(connected, sock=one, ssl=context) for one in sockets]
        started.set()
        await stop.wait()
        for server in servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # A handshake that a client breaks off is what tests are about, and no news.
    loop.set_exception_handler(lambda _loop, _context: None)
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    try:
        if not started.wait(10):
            raise RuntimeError("the test server did not start")
        yield [int(one.getsockname()[1]) for one in sockets]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


async def _read_request(reader: asyncio.StreamReader) -> Seen | None:
    """Return the next request of a connection, None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if colon:
            headers[key.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    if length > _MAX_BODY:
        raise ValueError("too long")
    return Seen(method, path, headers, await reader.readexactly(length))


async def _send(writer: asyncio.StreamWriter, answer: Answer, body: bytes | None = None) -> None:
    content = answer.content if body is None else body
    headers = {"content-type": "application/json", "content-length": str(len(content))}
    headers.update((key.lower(), value) for key, value in answer.headers.items())
    lines = [f"HTTP/1.1 {answer.status} Status", *(f"{key}: {value}" for key, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray) -> None:
    while data := await reader.read(65536):
        record += data
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _hang(_server: Server, _seen: Seen, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(_LONG)


async def _drip(_server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Send an endless answer, a byte at a time: no read ever waits long."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    for _ in range(int(_LONG / 0.02)):
        writer.write(b"[")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _drip_headers(_server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(int(_LONG / 0.02)):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _reset(_server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    # Closing with a linger time of zero sends a reset.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _close_early(_server: Server, _seen: Seen, _writer: asyncio.StreamWriter) -> None:
    """Answer nothing: the connection is closed when this returns."""


async def _close_once(server: Server, _seen: Seen, _writer: asyncio.StreamWriter) -> None:
    """Close this connection, as a server may close an idle one, and behave again."""
    server.misbehave = None


async def _cut_short(_server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"data": [')


async def _interim(server: Server, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Say for ever that the answer is yet to come."""
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000)
        await writer.drain()


async def _crumbs(server: Server, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Send chunks of one byte for ever, as fast as they are taken."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n" * 10_000)
        await writer.drain()


async def _forever_headers(_server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(4000):
        writer.write(b"x-%d: %s\r\n" % (number, b"x" * 1000))
        await writer.drain()


async def _redirect(server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    await _send(writer, Answer(302, b"", {"location": server.elsewhere}))


async def _redirect_itself(_server: Server, seen: Seen, writer: asyncio.StreamWriter) -> None:
    await _send(writer, Answer(307, b"", {"location": seen.path}))


async def _gzip(server: Server, seen: Seen, writer: asyncio.StreamWriter) -> None:
    answer = server.answer(seen, server.state)
    packed = gzip.compress(answer.content)
    await _send(writer, Answer(answer.status, packed, {**answer.headers, "content-encoding": "gzip"}))


def _bytes(raw: bytes) -> Misbehavior:
    """Answer with these very bytes, which need not be HTTP."""

    async def misbehave(_server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return misbehave


def _always(make: Callable[[], Answer]) -> Misbehavior:
    async def misbehave(_server: Server, _seen: Seen, writer: asyncio.StreamWriter) -> None:
        await _send(writer, make())

    return misbehave


def _huge_json() -> Answer:
    return Answer(200, b'{"data": [' + b'{"id": "fake"},' * 700_000 + b'{"id": "fake"}]}')


def _bomb() -> Answer:
    """Return a gigabyte of zeros in a megabyte: one block of a megabyte, over and over. It has no end."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(1024 * 1024)
    start = pack.compress(zeros) + pack.flush(zlib.Z_FULL_FLUSH)
    block = pack.compress(zeros) + pack.flush(zlib.Z_FULL_FLUSH)
    return Answer(200, start + block * 1024, _GZIPPED)


def _idle_gzip() -> Answer:
    """Return ten megabytes that unpack to nothing: blocks without content."""
    start = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS).flush(zlib.Z_FULL_FLUSH)
    return Answer(200, start + b"\x00\x00\x00\xff\xff" * 2_000_000, _GZIPPED)


_GZIPPED = {"content-encoding": "gzip"}
_DEEP = 200_000

MISBEHAVIOR: dict[str, Misbehavior] = {
    "hang": _hang,
    "drip": _drip,
    "drip_headers": _drip_headers,
    "crumbs": _crumbs,
    "interim": _interim,
    "reset": _reset,
    "close_early": _close_early,
    "close_once": _close_once,
    "cut_short": _cut_short,
    "endless_headers": _forever_headers,
    "redirect": _redirect,
    "redirect_itself": _redirect_itself,
    "redirect_nowhere": _always(lambda: Answer(302, b"")),
    "redirect_odd": _always(lambda: Answer(302, b"", {"location": "http://[::1/not-to-be-shown"})),
    "not_modified": _always(lambda: Answer(304, b"")),
    "gzip": _gzip,
    "gzip_bomb": _always(_bomb),
    "gzip_idle": _always(_idle_gzip),
    "gzip_broken": _always(lambda: Answer(200, b"{}", _GZIPPED)),
    "gzip_cut": _always(lambda: Answer(200, gzip.compress(b'{"data": []}')[:-6], _GZIPPED)),
    "gzip_trailing": _always(lambda: Answer(200, gzip.compress(b"{}") + b"more", _GZIPPED)),
    "gzip_second_cut": _always(lambda: Answer(200, gzip.compress(b"[") + gzip.compress(b"]")[:-6], _GZIPPED)),
    "gzip_second_broken": _always(lambda: Answer(200, gzip.compress(b"[") + b"\x1f\x8bmore", _GZIPPED)),
    "gzip_many_bombs": _always(lambda: Answer(200, gzip.compress(bytes(1024 * 1024)) * 200, _GZIPPED)),
    "gzip_many_empty": _always(lambda: Answer(200, gzip.compress(b"") * 400_000, _GZIPPED)),
    "brotli": _always(lambda: Answer(200, b"\x0b", {"content-encoding": "br"})),
    "html": _always(lambda: Answer(200, b"<html>Sign in</html>", {"content-type": "text/html"})),
    "huge_json": _always(_huge_json),
    "broken_json": _always(lambda: Answer(200, b'{"data": [{"id": "fake"')),
    "deep_json": _always(lambda: Answer(200, b"[" * _DEEP + b"]" * _DEEP)),
    "other_shape": _always(lambda: Answer(200, {"data": {"id": 7}, "models": "none"})),
    "wrong_type": _always(lambda: Answer(200, json.dumps([1, "two", None]).encode(), {"content-type": "image/png"})),
    "not_http": _bytes(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"),
    "two_lengths": _bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}{}{"),
    "upgrade": _bytes(b"HTTP/1.1 101 Switching\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n"),
}
"""What a server may do instead of answering. After each of them the connection is closed."""
