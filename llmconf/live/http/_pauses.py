"""How long to wait before a request is sent again, and how to read what the server asks for."""

from __future__ import annotations

import random
import re
import time
from email.utils import mktime_tz, parsedate_tz

from llmconf.adapters import Response

_LONGEST_BACKOFF = 4.0
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_COMMA = re.compile(r"(?<!mon|tue|wed|thu|fri|sat|sun|day),", re.IGNORECASE)
"""The comma between two joined values. The comma after the day of the week, short or in full, is part of a date."""


def pause(asked: float, backoff: float, attempts: int) -> float:
    """Return how many seconds to wait after so many attempts: at least `asked`, and a random part.

    Without the random part, requests that were refused together would come back together and be refused again.
    `backoff` is the shortest pause after the first attempt. It doubles after each attempt, up to 4 seconds, and the
    random part is at most as long.
    """
    least: float = min(backoff * 2 ** (attempts - 1), _LONGEST_BACKOFF)
    return max(asked, least) + random.uniform(0, least)  # noqa: S311 - spreads attempts, hides nothing


def retry_after(response: Response) -> float | None:
    """Return how many seconds an answer asks to wait, in seconds, milliseconds or as a date, or None if it does not.

    The largest of several values counts. A number or a year that is too large to read means forever.
    """
    exact = _longest(response.headers.get("retry-after-ms", ""), dates=False)
    return exact / 1000 if exact is not None else _longest(response.headers.get("retry-after", ""), dates=True)


def _longest(text: str, *, dates: bool) -> float | None:
    parts = [part.strip() for part in _COMMA.split(text)]
    found = [float(part) for part in parts if _NUMBER.fullmatch(part)]
    if dates:
        found += [seconds for part in parts if (seconds := _until(part)) is not None]
    return max(found, default=None)


def _until(text: str) -> float | None:
    """Return the seconds from now to a date, 0 if it has passed, or None if the text is not a date."""
    date = parsedate_tz(text)
    if date is None:
        return None
    try:
        # A date without a zone is in UTC, as all dates of HTTP are.
        return max(mktime_tz(date) - time.time(), 0.0)
    except (ValueError, OverflowError):
        return float("inf")
