"""Looks up the names of hosts. A look-up that hangs delays only the requests that need that name."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from typing import Any

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""One result of `socket.getaddrinfo`: family, type, protocol, canonical name, and where to connect to."""
_Found = list[Address] | Exception


class NameResolver:
    """The look-ups in progress: one for each host and port, and all attempts that need it wait for it.

    The system offers no look-up that can be cancelled. It ends when the resolver gives up, which is seconds after the
    attempt has ended. So each look-up runs in a thread of its own, where it delays no other, and the next attempt
    joins it, so that there are never more threads than names. These threads do not belong to a pool, because a
    process waits for the threads of a pool before it ends.
    """

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], asyncio.Future[_Found]] = {}

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Return the addresses of a host, in the order in which the system would try them.

        Raises OSError, and whatever else the resolver raises. Results are not cached, because addresses change.
        """
        place = host, port
        if place not in self._under_way:
            self._under_way[place] = self._start(host, port)
        look_up = self._under_way[place]
        # `await look_up` would cancel the look-up for all attempts if this one is cancelled.
        await asyncio.wait([look_up])
        found = look_up.result()
        if isinstance(found, Exception):
            raise found
        return found

    def _start(self, host: str, port: int) -> asyncio.Future[_Found]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Found] = loop.create_future()

        def done(found: _Found) -> None:
            del self._under_way[host, port]
            # An exception is a result too: perhaps nobody waits any more who could take it.
            future.set_result(found)

        def look_up() -> None:
            found: _Found
            try:
                found = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, ValueError) as error:  # ValueError: the name is not possible in DNS
                found = error
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(done, found)

        try:
            threading.Thread(target=look_up, name=f"llmconf {host}", daemon=True).start()
        except RuntimeError:
            raise OSError(errno.EAGAIN, "no thread") from None
        return future
