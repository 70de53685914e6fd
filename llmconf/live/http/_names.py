"""Looks up the names of hosts. A look-up that hangs holds up nobody but who asks for that very name."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from typing import Any

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""What `socket.getaddrinfo` says of one address: family, type, protocol, canonical name, and where to connect to."""
_Found = list[Address] | Exception


class Names:
    """The look-ups that are under way: one for each host and port, which all attempts wait for together.

    The system has no look-up that could be broken off: it ends when the resolver gives up, seconds after the attempt
    has. Each runs in a thread of its own, so that none waits for another's, and the next attempt joins it, so that
    there are never more threads than names. They are no workers of a pool, since a process waits for those at its end.
    """

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], asyncio.Future[_Found]] = {}

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Return the addresses of a host, in the order in which the system would try them.

        Raises OSError, and whatever else the resolver raises. Nothing is remembered: addresses change.
        """
        place = host, port
        if place not in self._under_way:
            self._under_way[place] = self._start(host, port)
        look_up = self._under_way[place]
        # Not `await look_up`: when this attempt is broken off, that would break off the look-up for all others.
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
            # What went wrong is a result as well: nobody may be there any more to take an exception.
            future.set_result(found)

        def look_up() -> None:
            found: _Found
            try:
                found = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, ValueError) as error:  # a name that no DNS could have is a ValueError
                found = error
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(done, found)

        try:
            threading.Thread(target=look_up, name=f"llmconf {host}", daemon=True).start()
        except RuntimeError:
            raise OSError(errno.EAGAIN, "no thread") from None
        return future
