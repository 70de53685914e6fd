"""Reads what vendors say in JSON: lists in any known shape, ids, amounts, days, capabilities.

Nothing here trusts an answer. A value of another type or an absurd size is no fact, and counts as not said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from llmconf.adapters._base import ModelRecord, Page, Response, Unreadable
from llmconf.core.grammar import MODEL_ID_PATTERN

LIST_PLACES = (
    "data", "models", "result", "modelSummaries", "publisherModels", "endpoints", "output.models", "value",
)  # fmt: skip
"""Where vendors put a model list that does not stand at the top."""
ID_PLACES = ("id", "model", "name", "key", "modelId")
"""Where they put the id of a model."""
MOST_ITEMS = 25_000
"""Items of one page above which it is no list of models."""
MAX_COUNT = 10**9
"""Tokens above which a limit is no limit but a placeholder."""
MAX_PRICE = Decimal(10**6)
"""USD per million tokens above which a number is no price."""
_DIGITS = 30
"""Places before or after the point from which a number is not handled: writing out 1e999999 takes for ever."""
_FINEST = Decimal("1e-12")
_YEARS = range(2000, 2200)
"""Years that a date can mean; an unknown one is often 1970 or 9999."""
_MILLISECONDS = 10**11
_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_ID = re.compile(MODEL_ID_PATTERN)


def at(data: Any, path: str) -> Any:
    """Return what stands at a dotted path, None where nothing does.

    A part that ends in `[]` is a list: the rest of the path is looked up in each of its items, and the
    result is the list of what was found.
    """
    part, _, rest = path.partition(".")
    inner = data.get(part.removesuffix("[]")) if isinstance(data, Mapping) else None
    if part.endswith("[]"):
        items = inner if isinstance(inner, list) else []
        found = [at(item, rest) if rest else item for item in items]
        return [item for item in found if item is not None]
    return at(inner, rest) if rest else inner


def first(data: Any, paths: Iterable[str], read: Callable[[Any], Any]) -> Any:
    """Return the first of some paths whose value `read` makes something of; None where none has one."""
    return next((value for path in paths if (value := read(at(data, path))) is not None), None)


def mapping(response: Response) -> dict[str, Any]:
    """Return the body as a JSON object. Raises Unreadable."""
    data = response.json()
    if not isinstance(data, dict):
        raise Unreadable("the answer is JSON, but not an object")
    return data


def rows(data: Any, places: Iterable[str] = LIST_PLACES) -> list[Any]:
    """Return the items of a model list: the top itself, or the list at the first place that has one.

    Raises Unreadable where there is none, which is not the same as an empty one.
    """
    if isinstance(data, list):
        return data
    for place in places:
        found = at(data, place)
        if isinstance(found, list):
            return found
    raise Unreadable("the answer is JSON, but holds no list of models")


def page(items: Sequence[Any], read: Callable[[Any], ModelRecord | None], following: str | None = None) -> Page:
    """Read the items of one page. Those that are no objects or give no record are left out and counted.

    Raises Unreadable where nothing is left of a page that had items: that is no list of models, and must not
    look like an empty one.
    """
    if len(items) > MOST_ITEMS:
        raise Unreadable(f"more than {MOST_ITEMS:,} items on one page")
    read_items = [read(item) if isinstance(item, Mapping) else None for item in items]
    models = tuple(record for record in read_items if record is not None)
    if read_items and not models:
        raise Unreadable("the answer holds a list, but no item of it is a model")
    return Page(models, following, skipped=len(read_items) - len(models))


def see_answer(response: Response, path: str, *, may_be_empty: bool = False) -> None:
    """See that the answer to a call of a model holds an object at a dotted path, or a list of them.

    An empty list is none unless it may be. Raises Unreadable.
    """
    found = at(mapping(response), path)
    parts = found if isinstance(found, list) else [found]
    if not all(isinstance(part, Mapping) for part in parts) or not (parts or may_be_empty):
        raise Unreadable("the answer is not that of a model")


def model_id(value: Any, strip: str = "") -> str | None:
    """Return a model id: 1 to 256 characters without white space or controls, without the prefix `strip`."""
    if not isinstance(value, str):
        return None
    value = value.removeprefix(strip)
    return value if _ID.fullmatch(value) and value.isprintable() else None


def text(value: Any, limit: int = 256) -> str | None:
    """Return a text on one line, printable and of bounded length; None for what is empty or no text.

    Numbers are texts too: codes come as both.
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
    amount is None: vendors say -1 where the price varies.
    """
    amount = number(value)
    if amount is None or not 0 <= amount * scale <= MAX_PRICE:
        return None
    return format((amount * scale).quantize(_FINEST), "f").rstrip("0").rstrip(".")


def number(value: Any) -> Decimal | None:
    """Return a number or a text that is one; None for anything else, and for what is too large to be handled."""
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


WORDS: Mapping[str, str] = {
    "audio_in": "audio_input",
    "audio_input": "audio_input",
    "batch": "batch",
    "chat": "chat",
    "citations": "citations",
    "code_execution": "code_execution",
    "completion": "completion",
    "completions": "completion",
    "embed": "embedding",
    "embedding": "embedding",
    "embeddings": "embedding",
    "fim": "fill_in_middle",
    "fine_tuning": "fine_tuning",
    "function_calling": "function_calling",
    "function_call": "function_calling",
    "image_input": "vision",
    "insert": "fill_in_middle",
    "json_mode": "json_mode",
    "moderation": "moderation",
    "ocr": "ocr",
    "parallel_function_calling": "parallel_function_calling",
    "parallel_tool_calls": "parallel_function_calling",
    "pdf_input": "pdf_input",
    "prompt_caching": "prompt_caching",
    "reasoning": "reasoning",
    "rerank": "rerank",
    "response_format": "json_mode",
    "streaming": "streaming",
    "structured_output": "structured_output",
    "structured_outputs": "structured_output",
    "thinking": "reasoning",
    "tool_calling": "function_calling",
    "tool_use": "function_calling",
    "tools": "function_calling",
    "transcription": "transcription",
    "vision": "vision",
    "web_search": "web_search",
}
"""What vendors call a capability, in lower case with underscores; words that are not here mean nothing to us."""
INPUTS: Mapping[str, str] = {
    "audio": "audio_input", "file": "pdf_input", "image": "vision", "pdf": "pdf_input", "video": "video_input"
}  # fmt: skip
"""What it means that a model takes a modality."""
OUTPUTS: Mapping[str, str] = {
    "audio": "audio_output", "embedding": "embedding", "embeddings": "embedding", "image": "image_generation",
    "speech": "speech",
}  # fmt: skip
"""What it means that a model gives a modality."""
MODES: Mapping[str, str] = {
    "chat": "chat", "chat_completion": "chat", "completion": "completion", "embed": "embedding",
    "embedding": "embedding", "embeddings": "embedding", "image": "image", "image_generation": "image",
    "llm": "chat", "moderation": "moderation", "rerank": "rerank", "speech": "speech", "transcription": "transcription",
}  # fmt: skip
"""What vendors call a mode, in the same form."""
_OF_MODE = {"image": "image_generation"}
"""The capability that goes with a mode, where it has another name."""


def word(value: Any) -> str:
    """Return a vendor's word as the tables here have it: lower case, underscores; empty for what is no text."""
    return re.sub(r"[\s.-]+", "_", value.strip().lower()) if isinstance(value, str) else ""


def meanings(words: Any, table: Mapping[str, str] = WORDS) -> set[str]:
    """Return what a vendor's words mean: a list of them, one alone, or a map of words to whether they hold.

    What a word maps to may itself be a map that says `supported`.
    """
    if isinstance(words, Mapping):
        words = [name for name, value in words.items() if value is True or at(value, "supported") is True]
    listed = words if isinstance(words, list) else [words]
    return {table[known] for known in map(word, listed) if known in table}


def denials(words: Any, table: Mapping[str, str] = WORDS) -> set[str]:
    """Return what a map of words to whether they hold says that does not."""
    if not isinstance(words, Mapping):
        return set()
    denied = [name for name, value in words.items() if value is False or at(value, "supported") is False]
    return {table[known] for known in map(word, denied) if known in table}


def capabilities(found: Iterable[str] | None, mode: str | None = None) -> tuple[str, ...] | None:
    """Return capabilities sorted, with the one that goes with the mode; None where the vendor said nothing."""
    if found is None:
        return None
    of_mode = {_OF_MODE.get(mode, mode)} if mode else set()
    return tuple(sorted({*found, *of_mode}))
