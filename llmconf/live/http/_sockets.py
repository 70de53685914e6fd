"""Connections for httpcore, straight on asyncio: half the time that its own take, and errors as the system gives them.

Time-outs are not watched here: a whole attempt has one deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore
from aiohappyeyeballs import start_connection

from llmconf.adapters._base import Unreadable
from llmconf.live.http._names import Names

_MOST_INTERIM = 50
"""Answers of status 1xx that one connection may bring; hardly any server sends one that was not asked for."""
_HAPPY_EYEBALLS = 0.25
"""Seconds after which the next address of a host is tried beside the first, as RFC 8305 recommends."""


class Sockets(httpcore.AsyncNetworkBackend):
    """Opens TCP connections."""

    def __init__(self) -> None:
        self._names = Names()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host. Raises OSError, and what the resolver raises."""
        if _is_address(host):
            return _Stream(*await asyncio.open_connection(host, port))
        # Left to asyncio, the name would be looked up in one of the few threads that everything shares.
        addresses = await self._names.addresses(host, port)
        found = await start_connection(addresses, happy_eyeballs_delay=_HAPPY_EYEBALLS, interleave=1)
        return _Stream(*await asyncio.open_connection(sock=found))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._interim = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._reader.read(max_bytes)
        # Answers that say that the answer is yet to come are worked through without a pause, and without a bound.
        self._interim += data.count(b"HTTP/1.1 1")
        if self._interim > _MOST_INTERIM:
            raise Unreadable("it says again and again that its answer is yet to come")
        # What has arrived already is handed out at once: the others, and all time-outs, would have to wait.
        await asyncio.sleep(0)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._writer.write(buffer)
        try:
            await self._writer.drain()
        except OSError as error:
            # httpcore goes on to read: a server may answer before it has read everything.
            raise httpcore.WriteError from error

    async def aclose(self) -> None:
        # At once: the polite end of TLS would wait for a server that may never answer.
        self._writer.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            self._writer.transport.abort()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # What can be read from an idle connection is its end.
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)
