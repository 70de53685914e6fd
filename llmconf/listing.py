"""Model lists as providers serve them, page by page, bounded: what cannot be trusted to be whole is a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from llmconf.access import Access
from llmconf.adapters import Failure, ModelRecord, Request, Site, Unreadable
from llmconf.calls import Caller
from llmconf.http import Network

_SECONDS = 300
_MAX_PAGES = 2000
_MAX_MODELS = 100_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The models that a provider lists, in its own order, each id once; or why there is no whole list.

    `skipped` counts entries without a usable id.
    """

    models: tuple[ModelRecord, ...] = ()
    failure: Failure | None = None
    skipped: int = 0


async def fetch(access: Access, network: Network) -> Listing | None:
    """Return the whole model list of one endpoint; None where the vendor has no list.

    Raises RefusedError for what may not be sent.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            return await _pages(access, network)
    except TimeoutError:
        return Listing(failure=Failure("timeout", f"the list did not end within {_SECONDS} seconds"))


async def _pages(access: Access, network: Network) -> Listing | None:
    caller = Caller(access, network)
    found: dict[str, ModelRecord] = {}
    seen: set[str] = set()
    cursor: str | None = None
    skipped = 0
    for _ in range(_MAX_PAGES):
        answer = await caller.call(_page_at(access, cursor))
        if answer is None:
            return None
        if answer.response is None:
            return Listing(failure=answer.failure)
        try:
            page = access.adapter.read_models(access.site, answer.response, cursor)
        except Unreadable as error:
            return Listing(failure=Failure("invalid_response", caller.fit(str(error))))
        skipped += page.skipped
        # Some vendors number their pages for ever, others hand out the same cursor again.
        marks = {f"page {page.models!r}"} if page.models else set()
        marks |= {f"cursor {page.next}"} if page.next else set()
        if marks & seen:
            return Listing(failure=Failure("invalid_response", "the list comes back to where it was already"))
        seen |= marks
        for model in page.models:
            if caller.repeats_secret((model.id, *model.aliases, model.replacement or "")):
                skipped += 1
                continue
            known = found.get(model.id)
            found[model.id] = _completed(known, model) if known else model
        if page.next is None:
            return Listing(tuple(found.values()), skipped=skipped)
        if len(found) > _MAX_MODELS:
            return Listing(failure=Failure("invalid_response", f"more than {_MAX_MODELS:,} models"))
        cursor = page.next
    return Listing(failure=Failure("invalid_response", f"more than {_MAX_PAGES:,} pages"))


def _page_at(access: Access, cursor: str | None) -> Callable[[Site], Request | None]:
    return lambda site: access.adapter.models(site, cursor)


def _completed(known: ModelRecord, more: ModelRecord) -> ModelRecord:
    """Return a record with what a later one of the same id says beyond it."""
    empty = {name: getattr(more, name) for name in _FACTS if getattr(known, name) in (None, ())}
    return replace(known, **empty)


_FACTS = tuple(each.name for each in fields(ModelRecord) if each.name not in ("id", "callable"))
