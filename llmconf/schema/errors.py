"""Turns pydantic's errors into findings in terms of YAML, with suggestions and without inputs.

No message shows a value, except a misspelled word of a closed list. No secret field has a closed list.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from llmconf.core.diagnostics import Finding, Path, Place
from llmconf.core.key_formats import SEAL_HINT, secret_lines
from llmconf.core.suggest import closest, did_you_mean
from llmconf.schema.annotations import KEY, Hint, hint_at, model_at, options_at

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_EXPECTED = {
    "string_type": "a string", "int_type": "a whole number", "bool_type": "true or false",
    "list_type": "a list", "dict_type": "a mapping", "model_type": "a mapping",
    "model_attributes_type": "a mapping", "int_from_float": "a whole number",
}  # fmt: skip
_CODES = {
    "url": "LCE007", "host": "LCK013", "secret_plaintext": "LCK001", "secret_placeholder": "LCK002",
    "secret_dummy": "LCK003", "secret_token": "LCK004", "secret_sops": "LCK004", "secret_reference": "LCK005",
}  # fmt: skip
_SOPS_HINT = "run `llmconf secrets import-sops FILE` to seal it"
HINTS = {
    "LCK001": SEAL_HINT,
    "LCK002": "write the real secret as a token or a reference, or remove the field",
    "LCK003": "remove the field: a server that needs no key needs no such field",
    "LCK004": "only llmconf can write a token: restore it, or seal the secret anew",
    "LCK005": "write `env:NAME`, `file:path` or `op://vault/item/field`",
    "LCE007": "write an absolute URL such as `https://api.example.com/v1`",
    "LCK013": "write a host such as `api.example.com` or `http://10.0.0.5:8000`",
}
_ITEMS = {"model": (r"[\w.-]+/[\w./:@+-]+", "provider/id"), "id": (r"[\w./:@+-]+", "the id of a model")}
"""Fields that are the only required one of a list item: the pattern of their values, and what they are."""
_YAML_1_1_BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


MAX_ERRORS = 20_000
"""If one resource has more mistakes than this, they are counted instead of listed."""


def missing_paths(error: ValidationError) -> list[Path]:
    """Return the paths of required fields that are missing, except those that are only misspelled."""
    items = _items(error)
    missed = [_path(item["loc"])[0] for item in items if item["type"] == "missing"]
    unknown = [_path(item["loc"])[0] for item in items if item["type"] == "extra_forbidden"]
    for path in unknown if missed else ():
        beside = {str(other[-1]): other for other in missed if other[:-1] == path[:-1]}
        meant = closest(str(path[-1]), beside)
        if meant is not None:
            missed.remove(beside[meant])
    return missed


def findings(error: ValidationError, model: type[BaseModel], data: Any, place: Place) -> list[Finding]:
    """Return a finding for each error except missing fields. `place` is the place of `data`."""
    if error.error_count() > MAX_ERRORS:
        message = f"{error.error_count():,} mistakes, too many to list"
        return [Finding("LCY008", place, message, "split it, and fix one part at a time")]
    found: list[Finding] = []
    for item in _items(error):
        if item["type"] == "missing":
            continue
        path, on_key = _path(item["loc"])
        if item["type"] == "duplicate_items":
            found += _duplicates(place, path, item["ctx"]["first"])
            continue
        code, message, hint = _describe(item, path, model)
        on_key = on_key or item["type"] == "extra_forbidden"
        found.append(
            Finding(code, Place(place.file, place.document, place.path + path, on_key), message, hint)
        )
    return found


def _duplicates(place: Place, path: Path, first: dict[int, int]) -> Iterator[Finding]:
    """Yield a finding for each item of a list that repeats an earlier item, at the index in `first`."""
    for index, other in first.items():
        at = Place(place.file, place.document, (*place.path, *path, index))
        related = (("first written here", Place(place.file, place.document, (*place.path, *path, other))),)
        yield Finding("LCS006", at, f"`{path[-1]}` has the same item twice", "remove it", related)


def _items(error: ValidationError) -> list[ErrorDetails]:
    """Return the single mistakes, or nothing if there are so many that they would fill the memory."""
    return [] if error.error_count() > MAX_ERRORS else error.errors(include_url=False)


def missing(path: Path, place: Place, data: Any) -> Finding:
    """Return the finding for a required field that is missing or empty."""
    name = path[-1]
    parent = _at(data, path[:-1])
    empty = isinstance(parent, dict) and name in parent
    where = place.path + (path if empty else path[:-1])
    message = f"`{name}` is required, but empty" if empty else f"`{name}` is missing"
    return Finding("LCS004", Place(place.file, place.document, where, empty), message)


def _describe(item: ErrorDetails, path: Path, model: type[BaseModel]) -> tuple[str, str, str | None]:
    kind, message, value = item["type"], item["msg"], item["input"]
    subject = _subject(path)
    if kind == "extra_forbidden":
        return "LCS003", f"unknown key `{_short(str(path[-1]))}`", _key_hint(path, model)
    if kind in _CODES:
        code = _CODES[kind]
        return (
            code,
            f"{subject} {_SECRET_MESSAGES[kind]}" if kind in _SECRET_MESSAGES else f"{subject}: {message}",
            _SOPS_HINT if kind == "secret_sops" else HINTS[code],
        )
    if kind in _EXPECTED:
        hint = _item_hint(value, model_at(model, path)) if kind == "model_type" else _type_hint(kind, value)
        return "LCS005", f"{subject} is {_EXPECTED[kind]}, not {_describe_value(value)}", hint
    if kind == "money_number":
        return (
            "LCS005",
            f"{subject} is an amount, which must be a decimal string",
            f'write it in quotes: "{value}"' if math.isfinite(value) else None,
        )
    if kind == "literal_error":
        shown = f"`{_short(value)}`" if isinstance(value, str) else _describe_value(value)
        return "LCS006", f"{subject} cannot be {shown}", _options_hint(value, options_at(model, item["loc"]))
    if kind == "string_pattern_mismatch":
        hint = _pattern_hint(value, hint_at(model, item["loc"]))
        return "LCS006", f"{subject} does not have the required form", hint
    if kind in ("too_long", "too_short", "string_too_short"):
        many = kind == "too_long"
        said = f"has more than {item['ctx']['max_length']} items" if many else "is empty"
        return "LCS006", f"{subject} {said}", "remove some items" if many else "fill it in, or remove it"
    return "LCS006", f"{subject}: {message[:1].lower()}{message[1:]}", None


def _subject(path: Path) -> str:
    """Name the wrong value: by its key, or as an item of the list under that key."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    return f"an item of `{name}`" if path and isinstance(path[-1], int) else f"`{name}`"


_SECRET_MESSAGES = {
    "secret_plaintext": "holds a secret in plain text",
    "secret_placeholder": "holds a placeholder instead of a secret",
    "secret_dummy": "holds a dummy instead of a secret",
    "secret_sops": "holds a value that SOPS encrypted",
    "secret_token": "holds a token that is not well formed",
    "secret_reference": "holds a reference that llmconf does not know",
}


def _options_hint(value: Any, options: Iterable[Any]) -> str:
    """Return the word that was probably meant, or all options."""
    words = [option for option in options if isinstance(option, str)]
    meant = did_you_mean(value, words) if isinstance(value, str) else None
    return meant or "one of " + ", ".join(f"`{each}`" if isinstance(each, str) else str(each) for each in options)


def _pattern_hint(value: Any, hint: Hint | None) -> str | None:
    """Return how a value is written, or only the word before the slash if that one is misspelled."""
    if hint is None:
        return None
    kind, slash, _ = str(value).partition("/")
    match = closest(kind, hint.kinds) if slash and hint.kinds else None
    return f"did you mean `{match}/...`?" if match not in (None, kind) else hint.text


def _key_hint(path: Path, model: type[BaseModel]) -> str | None:
    parent = model_at(model, path[:-1])
    if parent is None:
        return None
    names = list(parent.model_fields)
    if not names:
        return "no keys are allowed here"
    return did_you_mean(str(path[-1]), names) or f"known keys: {', '.join(sorted(names))}"


def _type_hint(kind: str, value: Any) -> str | None:
    if kind == "bool_type" and isinstance(value, str) and value.lower() in _YAML_1_1_BOOLEANS:
        return f"in YAML 1.2 `{value}` is a string: write {_YAML_1_1_BOOLEANS[value.lower()]}"
    if kind == "string_type" and isinstance(value, int | float):
        return "put it in quotes"
    if kind == "list_type" and not isinstance(value, dict):
        return "write it as a list, with `- ` or in brackets"
    return None


def _item_hint(value: Any, model: type[BaseModel] | None) -> str | None:
    """Return how to write a text as a mapping, if the text is the only required field of the mapping.

    The mapping is a model. The hint does not repeat a text that could be a secret in a wrong place.
    """
    required = [name for name, field in model.model_fields.items() if field.is_required()] if model else []
    if not isinstance(value, str) or len(required) != 1 or required[0] not in _ITEMS:
        return None
    pattern, meaning = _ITEMS[required[0]]
    fits = value == _short(value) and re.fullmatch(pattern, value, re.ASCII) and not secret_lines([value])
    return f"write `{{{required[0]}: {value if fits else meaning}}}`"


def _describe_value(value: Any) -> str:
    kinds: Iterable[tuple[type, str]] = (
        (bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "a string"),
        (list, "a list"), (dict, "a mapping"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "empty")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - what fits a line


def _path(location: tuple[int | str, ...]) -> tuple[Path, bool]:
    """Return the path of an error, and whether it is about a key itself."""
    if location and location[-1] == KEY:
        return tuple(location[:-1]), True
    return tuple(location), False


def _at(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data
