"""Connections for httpcore, straight on asyncio: half the time that its own take, and errors as the system gives them.

Time-outs are not watched here: a whole attempt has one deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

_HAPPY_EYEBALLS = 0.25
"""Seconds after which the next address of a host is tried beside the first, as RFC 8305 recommends."""


class Sockets(httpcore.AsyncNetworkBackend):
    """Opens TCP connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host. Raises OSError."""
        # An address is the only one there is.
        delay = None if ":" in host or host[-1:].isdigit() else _HAPPY_EYEBALLS
        return _Stream(*await asyncio.open_connection(host, port, happy_eyeballs_delay=delay))


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._reader.read(max_bytes)

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
