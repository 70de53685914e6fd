"""Walks through the lists of a vendor, page by page: reads cursors, and decides whether another page follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmconf.adapters._base import Unreadable
from llmconf.adapters._network import ListRequest, Paging
from llmconf.adapters._paging import next_token
from llmconf.adapters._records import identity
from llmconf.core.json_values import at, count, first, model_id


@dataclass(frozen=True, slots=True)
class Position:
    """The current position in the lists: the list, the number of its items so far, and the token of the next page."""

    listing: int = 0
    seen: int = 0
    token: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> Position:
        """Return the position of a cursor. None is the start."""
        if cursor is None:
            return cls()
        listing, seen, token = cursor.split(" ", 2)
        return cls(int(listing), int(seen), token)

    @property
    def cursor(self) -> str:
        """The position as the text for `Page.next`."""
        return f"{self.listing} {self.seen} {self.token}"


def following(here: Position, lists: Sequence[ListRequest], data: Any, items: list[Any]) -> str | None:
    """Return the cursor after a page of the list `here`: the next page, else the next list, else None.

    Raises Unreadable if the list ends before the total that it names, or if its next page is the same page.
    """
    listing = lists[here.listing]
    if listing.paging is None and _goes_on(data):
        raise Unreadable("the list says that it continues, but the way to its next page is unknown for this vendor")
    token = _token(here, listing, listing.paging, data, items) if listing.paging else None
    if token is not None:
        if token == here.token:
            raise Unreadable("the next page of the list is the same page again")
        return Position(here.listing, here.seen + len(items), token).cursor
    return _next_list(here, lists, items)


def _next_list(here: Position, lists: Sequence[ListRequest], items: list[Any]) -> str | None:
    """Return the cursor of the next list. If that list is about one model, the cursor holds the id of the model."""
    number = here.listing + 1
    if number == len(lists):
        return None
    if not lists[number].sole:
        return Position(number).cursor
    sole = identity(items[0], lists[here.listing]) if here.seen + len(items) == 1 else None
    return Position(number, 0, sole).cursor if sole else None


_MORE = ("has_more", "next_page_token", "nextPageToken", "next_page", "next")


def _goes_on(data: Any) -> bool:
    """Tell whether an answer has one of the vendors' usual signs of a further page."""
    return isinstance(data, Mapping) and any(data.get(name) not in (None, False, "") for name in _MORE)


def _token(here: Position, listing: ListRequest, paging: Paging, data: Any, items: list[Any]) -> str | None:
    match paging.kind:
        case "page_token":
            return next_token(at(data, paging.next or ""))
        case "after":
            if at(data, paging.more or "has_more") is not True:
                return None
            last: str | None = first(items[-1], listing.id or ("id",), model_id) if items else None
            if last is None:
                raise Unreadable("the list says that it continues, but not from where")
            return last
        case "limit_offset":
            return str(here.seen + len(items)) if _more(here, listing, paging, data, items) else None
        case "page_no":
            number = int(here.token or "1")
            pages = count(at(data, paging.pages)) if paging.pages else None
            more = number < pages if pages else _more(here, listing, paging, data, items)
            if more and not items:
                raise Unreadable("the list ends before the number of pages that it names")
            return str(number + 1) if more else None


def _more(here: Position, listing: ListRequest, paging: Paging, data: Any, items: list[Any]) -> bool:
    total = count(at(data, paging.total)) if paging.total else None
    if total is None:
        size = listing.query.get(paging.size or "", 0)
        return isinstance(size, int) and 0 < size <= len(items)
    if here.seen + len(items) < total and not items:
        raise Unreadable("the list ends before the number of models that it names")
    return here.seen + len(items) < total
