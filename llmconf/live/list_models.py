"""Reads the model lists of providers, page by page, within limits. A list that may be incomplete is a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from hashlib import sha256

from llmconf.adapters import CalledEndpoint, Failure, ModelRecord, Page, Request, Response, Unreadable
from llmconf.live.authorize import Access
from llmconf.live.client import Caller, aside
from llmconf.live.http import HttpClient

_SECONDS = 300
_MAX_PAGES = 2000
_FOR_GOOD = ("not_found", "unauthorized", "forbidden", "invalid_response")
"""Verdicts that are permanent: if a request for more facts gets one of these, the list is complete without them."""
_MAX_MODELS = 20_000
_MAX_BYTES = 64 * 1024 * 1024
_MAX_CURSOR = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ModelListing:
    """The models that a provider lists, in its own order, each id once; or why there is no complete list.

    `skipped` counts entries without a usable id.
    """

    models: tuple[ModelRecord, ...] = ()
    failure: Failure | None = None
    skipped: int = 0


class _Broken(Exception):
    """A list cannot be trusted."""

    def __init__(self, failure: Failure | None) -> None:
        super().__init__()
        self.failure = failure or Failure("unreachable")


async def fetch(access: Access, network: HttpClient) -> ModelListing | None:
    """Return the complete model list of one endpoint, or None if the vendor has no list.

    Raises RefusedError if the request may not be sent.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            return await _pages(access, Caller(access, network))
    except TimeoutError:
        return ModelListing(failure=Failure("timeout", f"the list did not end within {_SECONDS} seconds"))
    except _Broken as broken:
        return ModelListing(failure=broken.failure)


async def _pages(access: Access, caller: Caller) -> ModelListing | None:
    found: dict[str, ModelRecord] = {}
    seen: set[bytes] = set()
    cursor: str | None = None
    skipped = size = 0
    extra = False
    for _ in range(_MAX_PAGES):
        answer = await caller.call(_page_at(access, cursor))
        if answer is None:
            return None
        if answer.response is None:
            if extra and answer.failure and answer.failure.verdict in _FOR_GOOD:
                return ModelListing(tuple(found.values()), skipped=skipped)
            raise _Broken(answer.failure)
        size += len(answer.response.body)
        _bound("bytes", size, _MAX_BYTES)
        page = await _read(access, caller, answer.response, cursor)
        # Some servers number their pages without end. Others return the same cursor again.
        _bound("characters in a cursor", len(page.next or ""), _MAX_CURSOR)
        marks = {_digest(mark) for mark in ((page.listing, page.models) if page.models else None, page.next) if mark}
        if marks & seen:
            raise _Broken(Failure("invalid_response", "the list returns to a page that was already read"))
        seen |= marks
        skipped += page.skipped
        for model in page.models:
            known = found.get(model.id)
            if known or not extra:
                found[model.id] = _completed(known, model) if known else model
        _bound("models", len(found), _MAX_MODELS)
        if page.next is None:
            return ModelListing(tuple(found.values()), skipped=skipped)
        cursor, extra = page.next, page.extra
    raise _Broken(Failure("invalid_response", f"more than {_MAX_PAGES:,} pages"))


def _bound(what: str, count: int, most: int) -> None:
    if count > most:
        raise _Broken(Failure("invalid_response", f"more than {most:,} {what}"))


async def _read(access: Access, caller: Caller, response: Response, cursor: str | None) -> Page:
    """Read a page. Raises _Broken if the page is unreadable or repeats a secret that was sent."""
    try:
        page = await aside(response, access.adapter.read_models, access.site, response, cursor)
    except Unreadable as error:
        raise _Broken(Failure("invalid_response", caller.fit(str(error)))) from None
    for model in page.models:
        if caller.repeats_secret((model.id, *model.aliases, model.replacement or "")):
            raise _Broken(Failure("invalid_response", "the list repeats a secret that was sent"))
    return page


def _digest(mark: object) -> bytes:
    return sha256(repr(mark).encode("utf-8", "surrogatepass")).digest()


def _page_at(access: Access, cursor: str | None) -> Callable[[CalledEndpoint], Request | None]:
    return lambda site: access.adapter.models(site, cursor)


def _completed(known: ModelRecord, more: ModelRecord) -> ModelRecord:
    """Return a record with the additional facts of a later record that has the same id."""
    empty = {name: getattr(more, name) for name in _FACTS if getattr(known, name) in (None, ())}
    return replace(known, **empty)


_FACTS = tuple(each.name for each in fields(ModelRecord) if each.name not in ("id", "callable"))
