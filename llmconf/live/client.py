"""Calls one endpoint over the network. Exchanges the credential for a token if the protocol needs one.

Every secret that was sent to a server is removed from its text before the text is shown: vendors repeat keys in
their errors.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from llmconf.adapters import CalledEndpoint, Failure, Request, Response, Unreadable
from llmconf.core.key_formats import redact
from llmconf.live.authorize import Access
from llmconf.live.http import HttpClient, Reply, Timing

Result = TypeVar("Result")

_LONGEST = 200
_SMALL = 64 * 1024
"""Size in bytes up to which a response is read at once, and number of bytes of an error that are read."""
_READERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="llmconf-read")
"""Reads large responses: two at a time, because parsing each may take many times its size in memory."""
_RUN = 8
"""Number of consecutive characters that only a copy of a secret has in common with it."""
_SHORTEST_SECRET = 4
"""Number of characters of the shortest secret that is replaced. To replace a shorter one would garble the text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a call: a successful response, or a failure whose detail is safe to show."""

    response: Response | None
    failure: Failure | None
    reply: Reply | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status, or None if there was no answer."""
        return self.reply.status if self.reply else None

    @property
    def timing(self) -> Timing:
        """How long the parts of the call took."""
        return self.reply.timing if self.reply else Timing()


class Caller:
    """Calls one endpoint. It exchanges the credential for a token once and keeps the token for further calls."""

    def __init__(self, access: Access, network: HttpClient) -> None:
        self.access = access
        self._network = network
        self._site: CalledEndpoint | None = None

    async def call(self, build: Callable[[CalledEndpoint], Request | None]) -> Answer | None:
        """Send the request that `build` makes for the endpoint. Returns None if `build` returns None.

        Raises RefusedError if the request may not be sent.
        """
        site = await self._authorized()
        if isinstance(site, Answer):
            return site
        request = build(site)
        return await self._send(site, request) if request else None

    async def _authorized(self) -> CalledEndpoint | Answer:
        """Return the site with its token, or the answer that says why there is no token."""
        if self._site is not None:
            return self._site
        access = self.access
        request = access.adapter.exchange(access.site, int(time.time())) if access.site.secrets else None
        if request is None:
            self._site = access.site
            return self._site
        answer = await self._send(access.site, request)
        if answer.response is None:
            return answer
        try:
            token = access.adapter.read_exchange(access.site, answer.response)
        except Unreadable as error:
            return Answer(None, Failure("invalid_response", f"the token exchange: {error}"), answer.reply)
        if isinstance(token, Failure):
            return Answer(None, self._fit(token), answer.reply)
        self._site = replace(access.site, token=token)
        return self._site

    async def _send(self, site: CalledEndpoint, request: Request) -> Answer:
        reply = await self._network.send(self.access.connection, request)
        if reply.response is None:
            return Answer(None, self._fit(reply.failure or Failure("unreachable")), reply)
        if not reply.response.ok:
            shown = replace(reply.response, body=reply.response.body[:_SMALL])
            failure = self.access.adapter.read_error(site, shown)
            return Answer(None, self._fit(_with_path(failure, request)), reply)
        return Answer(reply.response, None, reply)

    def fit(self, text: str) -> str:
        """Return a server's text in a form that is safe to show: one line, no control characters, no secrets."""
        return presentable(text, self._secrets())

    def repeats_secret(self, texts: Iterable[str]) -> bool:
        """Tell whether one of the texts contains a sent secret of 8 characters or more."""
        secrets = [secret for secret in self._secrets() if len(secret) >= _RUN]
        return any(secret in text for text in texts for secret in secrets)

    def _secrets(self) -> tuple[str, ...]:
        token = self._site.token if self._site else None
        return (*self.access.secrets, *([token] if token else []))

    def _fit(self, failure: Failure) -> Failure:
        code = self.fit(failure.code) if failure.code else None
        return replace(failure, detail=self.fit(failure.detail), code=code)


def _with_path(failure: Failure, request: Request) -> Failure:
    """Add the path to a failure for "not found": most often the base URL has one part too few or too many."""
    if failure.verdict != "not_found":
        return failure
    asked = f"{request.method} {urlsplit(request.url).path}"
    return replace(failure, detail=f"{asked}: {failure.detail}" if failure.detail else asked)


async def aside(response: Response | None, read: Callable[..., Result], *args: Any) -> Result:
    """Read a response. A large one is read in a separate thread, so that other servers do not wait for it."""
    if response is None or len(response.body) <= _SMALL:
        return read(*args)
    return await asyncio.get_running_loop().run_in_executor(_READERS, partial(read, *args))


def presentable(text: str, secrets: Iterable[str]) -> str:
    """Return a text without these secrets and their parts, in every form in which a server might repeat them."""
    text = redact(_without_parts(text, secrets))
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _without_parts(text: str, secrets: Iterable[str]) -> str:
    """Return a text with asterisks for every run of characters that it has in common with a secret.

    Servers shorten a key that they repeat, and half a key already reveals too much.
    """
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])}
    shown = [True] * len(text)
    for size in {min(_RUN, len(form)) for form in forms if len(form) >= _SHORTEST_SECRET}:
        long = [form for form in forms if min(_RUN, len(form)) == size]
        runs = {form[at : at + size] for form in long for at in range(len(form) - size + 1)}
        for at in range(len(text) - size + 1):
            if text[at : at + size] in runs:
                shown[at : at + size] = [False] * size
    parts = ("".join(char for char, _ in run) if visible else "****"
             for visible, run in groupby(zip(text, shown, strict=True), key=itemgetter(1)))  # fmt: skip
    return "".join(parts)
