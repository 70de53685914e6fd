"""Connections for the HTTP library, directly on asyncio.

They take half the time of the library's own, and raise errors as the system gives them. They watch no time-out,
because a whole attempt has one deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from aiohappyeyeballs import start_connection

from llmconf.adapters import Unreadable
from llmconf.live.http._httpx2 import NetworkBackend, NetworkStream, WriteError
from llmconf.live.http._names import NameResolver

_MOST_INTERIM = 50
"""The most answers of status 1xx on one connection. Hardly any server sends one that was not asked for."""
_TURN = 8
"""After how many reads from one connection other tasks get their turn."""
_HAPPY_EYEBALLS = 0.25
"""Seconds after which the next address of a host is tried beside the first, as RFC 8305 recommends."""


class Sockets(NetworkBackend):
    """Opens TCP connections."""

    def __init__(self) -> None:
        self._names = NameResolver()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """Connect to a host. Raises OSError, and what the resolver raises."""
        if _is_address(host):
            return _Stream(*await asyncio.open_connection(host, port))
        # asyncio would look up the name in one of the few threads that the whole process shares.
        addresses = await self._names.addresses(host, port)
        sock = await start_connection(addresses, happy_eyeballs_delay=_HAPPY_EYEBALLS, interleave=1)
        return _Stream(*await asyncio.open_connection(sock=sock))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Stream(NetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._interim = 0
        self._reads = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._reader.read(max_bytes)
        # The library reads over interim answers without a pause and without a bound.
        self._interim += data.count(b"HTTP/1.1 1")
        if self._interim > _MOST_INTERIM:
            raise Unreadable("it says again and again that its answer is yet to come")
        # Bytes that have already arrived are returned without a pause. Other tasks and time-outs need one.
        self._reads += 1
        if self._reads % _TURN == 0:
            await asyncio.sleep(0)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The library writes the end of every request, even if it has no bytes.
        if not buffer:
            return
        self._writer.write(buffer)
        try:
            await self._writer.drain()
        except OSError as error:
            # The library then reads on: a server may answer before it has read the whole request.
            raise WriteError from error

    async def aclose(self) -> None:
        # A polite end of TLS would wait for a server that may never answer.
        self._writer.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            self._writer.transport.abort()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # All that an idle connection can have to read is its end.
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)
