"""Reads what a vendor wants back for the next page of a list."""

from __future__ import annotations

from typing import Any

from llmconf.adapters._base import Unreadable

MAX_TOKEN = 4096
"""Characters of a page token that are sent back to the vendor that gave it."""


def next_token(value: Any) -> str | None:
    """Return a page token as it came, None after the last page: tokens are opaque, and not to be tidied up.

    Raises Unreadable where a token is no text, too long, or could be in no URL (half a character): a list that
    stops there would look complete.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_TOKEN or not value.isprintable():
        raise Unreadable("the list goes on, but what asks for its next page cannot be used")
    return value
