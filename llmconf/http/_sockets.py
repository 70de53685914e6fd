"""Connections for httpcore, straight on asyncio: half the time that its own take, and errors as the system gives them.

Time-outs are not watched here: a whole attempt has one deadline.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import Any

import httpcore

from llmconf.adapters._base import Unreadable
from llmconf.http._names import Address, Names

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
        found = await _first(_by_turns(await self._names.addresses(host, port)))
        return _Stream(*await asyncio.open_connection(sock=found))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _by_turns(addresses: list[Address]) -> list[Address]:
    """Return addresses with the families in turn: of one family there may be many, and all unreachable."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    others = [address for address in addresses if address[0] != addresses[0][0]]
    return [address for address in chain(*zip_longest(first, others)) if address]


async def _first(addresses: list[Address]) -> socket.socket:
    """Return a socket that is connected to the address that answers first.

    The next address is tried when one before it fails, or beside them after a quarter of a second. Raises the
    OSError of the one that is the last to fail.
    """
    waiting = deque(addresses)
    running: set[asyncio.Task[socket.socket]] = set()
    failure: BaseException = OSError("no address")
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_connect(waiting.popleft())))
            pause = _HAPPY_EYEBALLS if waiting else None
            done, _ = await asyncio.wait(running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                running.remove(task)
                error = task.exception()
                if error is None:
                    return task.result()
                failure = error
        raise failure
    finally:
        for task in running:
            task.add_done_callback(_drop)
            task.cancel()


async def _connect(address: Address) -> socket.socket:
    family, kind, protocol, _, place = address
    found = socket.socket(family, kind, protocol)
    try:
        found.setblocking(False)
        await asyncio.get_running_loop().sock_connect(found, place)
    except BaseException:
        found.close()
        raise
    return found


def _drop(task: asyncio.Task[socket.socket]) -> None:
    """Close the connection of an attempt that nobody waits for any more."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


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
