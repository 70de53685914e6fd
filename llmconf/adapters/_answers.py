"""Reads the answers of vendors: model lists in any known shape, and the words for capabilities and modes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from llmconf.adapters._base import ModelRecord, Page, Response, Unreadable
from llmconf.core.json_values import at

LIST_PLACES = (
    "data", "models", "result", "modelSummaries", "publisherModels", "endpoints", "output.models", "value",
)  # fmt: skip
"""The places of a model list that is not at the top of the answer."""
ID_PLACES = ("id", "model", "name", "key", "modelId")
"""The fields that may contain the id of a model."""
MOST_ITEMS = 25_000
"""Maximum of items on one page. A longer list is not a list of models."""
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
"""The vendors' words for capabilities, in lower case with underscores. All other words are ignored."""
INPUTS: Mapping[str, str] = {
    "audio": "audio_input", "file": "pdf_input", "image": "vision", "pdf": "pdf_input", "video": "video_input"
}  # fmt: skip
"""The capability of a model that accepts a modality."""
OUTPUTS: Mapping[str, str] = {
    "audio": "audio_output", "embedding": "embedding", "embeddings": "embedding", "image": "image_generation",
    "speech": "speech",
}  # fmt: skip
"""The capability of a model that produces a modality."""
MODES: Mapping[str, str] = {
    "chat": "chat", "chat_completion": "chat", "completion": "completion", "embed": "embedding",
    "embedding": "embedding", "embeddings": "embedding", "image": "image", "image_generation": "image",
    "llm": "chat", "moderation": "moderation", "rerank": "rerank", "speech": "speech", "transcription": "transcription",
}  # fmt: skip
"""The vendors' words for modes, in the same form."""
_OF_MODE = {"image": "image_generation"}
"""The capability that belongs to a mode, if its name is different."""


def word(value: Any) -> str:
    """Return a vendor's word in the form of the tables here: lower case, underscores. Empty if it is not a text."""
    return re.sub(r"[\s.-]+", "_", value.strip().lower()) if isinstance(value, str) else ""


def meanings(words: Any, table: Mapping[str, str] = WORDS) -> set[str]:
    """Return the meanings of a vendor's words: a list of words, one word, or a map of words to true or false.

    A word may also map to an object with the field `supported`.
    """
    if isinstance(words, Mapping):
        words = [name for name, value in words.items() if value is True or at(value, "supported") is True]
    listed = words if isinstance(words, list) else [words]
    return {table[known] for known in map(word, listed) if known in table}


def denials(words: Any, table: Mapping[str, str] = WORDS) -> set[str]:
    """Return the meanings of the words that a map of words denies."""
    if not isinstance(words, Mapping):
        return set()
    denied = [name for name, value in words.items() if value is False or at(value, "supported") is False]
    return {table[known] for known in map(word, denied) if known in table}


def capabilities(found: Iterable[str] | None, mode: str | None = None) -> tuple[str, ...] | None:
    """Return sorted capabilities, with the one that belongs to the mode. None if the vendor names none of them."""
    if found is None:
        return None
    of_mode = {_OF_MODE.get(mode, mode)} if mode else set()
    return tuple(sorted({*found, *of_mode}))


def mapping(response: Response) -> dict[str, Any]:
    """Return the body as a JSON object. Raises Unreadable."""
    data = response.json()
    if not isinstance(data, dict):
        raise Unreadable("the answer is JSON, but not an object")
    return data


def rows(data: Any, places: Iterable[str] = LIST_PLACES) -> list[Any]:
    """Return the items of a model list: the top itself, or the list at the first place that has one.

    Raises Unreadable if there is no list, which is not the same as an empty list.
    """
    if isinstance(data, list):
        return data
    for place in places:
        found = at(data, place)
        if isinstance(found, list):
            return found
    raise Unreadable("the answer is JSON, but contains no list of models")


def page(items: Sequence[Any], read: Callable[[Any], ModelRecord | None], following: str | None = None) -> Page:
    """Read the items of one page. Items that are not objects or give no record are left out and counted.

    Raises Unreadable if all items of a page are left out: it is not a list of models, and must not look like an
    empty list.
    """
    if len(items) > MOST_ITEMS:
        raise Unreadable(f"more than {MOST_ITEMS:,} items on one page")
    read_items = [read(item) if isinstance(item, Mapping) else None for item in items]
    models = tuple(record for record in read_items if record is not None)
    if read_items and not models:
        raise Unreadable("the answer contains a list, but no item of it is a model")
    return Page(models, following, skipped=len(read_items) - len(models))


def see_answer(response: Response, path: str, *, may_be_empty: bool = False) -> None:
    """Check that the answer to a call of a model has an object, or a list of objects, at a dotted path.

    An empty list counts only with `may_be_empty`. Raises Unreadable if the check fails.
    """
    found = at(mapping(response), path)
    parts = found if isinstance(found, list) else [found]
    if not all(isinstance(part, Mapping) for part in parts) or not (parts or may_be_empty):
        raise Unreadable("the answer does not come from a model")
