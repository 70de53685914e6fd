"""Reads single values of foreign JSON: ids, counts, amounts, days.

Nothing here trusts its input. A value of another type or of an absurd size counts as missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from llmconf.core.grammar import MODEL_ID_PATTERN

MAX_COUNT = 10**9
"""A larger limit in tokens is a placeholder, not a limit."""
MAX_PRICE = Decimal(10**6)
"""A larger number of USD per million tokens is not a price."""
_DIGITS = 30
"""Numbers with this many digits before or after the point are refused: writing 1e999999 takes too long."""
_FINEST = Decimal("1e-12")
_YEARS = range(2000, 2200)
"""Years that are valid in a date. An unknown date is often in 1970 or 9999."""
_MILLISECONDS = 10**11
_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_ID = re.compile(MODEL_ID_PATTERN)


def at(data: Any, path: str) -> Any:
    """Return the value at a dotted path, or None if there is no value.

    A part that ends in `[]` is a list: the rest of the path is looked up in each of its items. The result is
    the list of the values.
    """
    part, _, rest = path.partition(".")
    inner = data.get(part.removesuffix("[]")) if isinstance(data, Mapping) else None
    if part.endswith("[]"):
        items = inner if isinstance(inner, list) else []
        found = [at(item, rest) if rest else item for item in items]
        return [item for item in found if item is not None]
    return at(inner, rest) if rest else inner


def first(data: Any, paths: Iterable[str], read: Callable[[Any], Any]) -> Any:
    """Return the first result of `read`, over the values at some paths, that is not None; None if there is none."""
    return next((value for path in paths if (value := read(at(data, path))) is not None), None)


def model_id(value: Any, strip: str = "") -> str | None:
    """Return a model id: 1 to 256 characters without white space or controls, without the prefix `strip`."""
    if not isinstance(value, str):
        return None
    value = value.removeprefix(strip)
    return value if _ID.fullmatch(value) and value.isprintable() else None


def text(value: Any, limit: int = 256) -> str | None:
    """Return a printable text on one line, cut to `limit`. Return None for another type.

    Whole numbers are accepted too, since codes come as text and as numbers.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    raw = value[: limit * 4] if isinstance(value, str) else str(value) if abs(value) < MAX_COUNT else ""
    line = " ".join("".join(char if char.isprintable() else " " for char in raw).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def count(value: Any) -> int | None:
    """Return a number of tokens: a whole positive number or its digits; None for anything else."""
    amount = number(value)
    if amount is None or not 0 < amount <= MAX_COUNT or amount != amount.to_integral_value():
        return None
    return int(amount)


def money(value: Any, scale: Decimal = Decimal(1)) -> str | None:
    """Return an amount as a plain decimal string, such as "1.25", in USD per million tokens.

    `scale` turns the vendor's unit into that one: 1,000,000 for USD per token. A negative or absurd
    amount is None: vendors write -1 if the price varies.
    """
    amount = number(value)
    if amount is None or not 0 <= amount * scale <= MAX_PRICE:
        return None
    return format((amount * scale).quantize(_FINEST), "f").rstrip("0").rstrip(".")


def number(value: Any) -> Decimal | None:
    """Return a number, also from a text. Return None for other types and for numbers that are too large."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        parsed = Decimal(value.strip()[:64] if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() and abs(parsed.adjusted()) < _DIGITS else None


def day(value: Any) -> str | None:
    """Return an ISO day, in UTC, from seconds since 1970, RFC 3339, an ISO day, or year, month and day."""
    try:
        moment = _moment(value)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.strftime("%Y-%m-%d") if moment and moment.year in _YEARS else None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, Mapping):
        year, month, of_month = (value.get(part) for part in ("year", "month", "day"))
        if isinstance(year, int) and isinstance(month, int) and isinstance(of_month, int):
            return datetime(year, month, of_month, tzinfo=UTC)
        return None
    if isinstance(value, str) and not value.isdecimal():
        moment = datetime.fromisoformat(value)
        aware = moment.tzinfo is not None and not _DAY.match(value)
        return moment.astimezone(UTC) if aware else moment
    stamp = number(value)
    if stamp is None or not 0 < stamp < _MILLISECONDS * 100:
        return None
    return datetime.fromtimestamp(int(stamp / 1000 if stamp >= _MILLISECONDS else stamp), UTC)
