"""How long to wait before a request is sent again: what the server asks for, and how to read that."""

from __future__ import annotations

import random
import re
import time
from email.utils import mktime_tz, parsedate_tz

from llmconf.adapters._base import Response

_LONGEST_BACKOFF = 4.0
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_COMMA = re.compile(r"(?<!mon|tue|wed|thu|fri|sat|sun|day),", re.IGNORECASE)
"""What parts two values that were joined; in a date a comma follows the day of the week, short or in full."""


def pause(asked: float, backoff: float, attempts: int) -> float:
    """Return how many seconds to wait after so many attempts: at least what was asked for, and some by chance.

    Without chance, all that were refused together would come back together, and be refused again. `backoff` is the
    least after the first attempt, doubled after each up to 4 seconds; as much may come on top.
    """
    least: float = min(backoff * 2 ** (attempts - 1), _LONGEST_BACKOFF)
    return max(asked, least) + random.uniform(0, least)  # noqa: S311 - spreads attempts, hides nothing


def retry_after(response: Response) -> float | None:
    """Return how many seconds an answer asks to wait, None where it does not say: seconds, milliseconds or a date.

    Of several values the largest counts. A number or a year that is too large to read is endless.
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
    """Return the seconds from now to a date, 0 for one that has passed, None for what is no date."""
    date = parsedate_tz(text)
    if date is None:
        return None
    try:
        # Where no zone is said it is UTC, as in all dates of HTTP.
        return max(mktime_tz(date) - time.time(), 0.0)
    except (ValueError, OverflowError):
        return float("inf")
