"""Reads the token that a vendor needs for the next page of a list."""

from __future__ import annotations

from typing import Any

from llmconf.adapters._base import Unreadable

MAX_TOKEN = 4096
"""Maximum of characters of a page token that is sent back to its vendor."""


def next_token(value: Any) -> str | None:
    """Return a page token unchanged, because tokens are opaque. Return None after the last page.

    Raises Unreadable if a token is not a text, is too long, or cannot be in a URL (half a character): a list that
    stops there would look complete.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_TOKEN or not value.isprintable():
        raise Unreadable("the list continues, but the token of its next page is unusable")
    return value
