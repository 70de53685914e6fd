"""Reads the annotations of a model about the value at a path: its model, its options, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from pydantic import BaseModel

    from llmconf.core.diagnostics import Path

KEY = "[key]"
"""This mark follows a key in the location of an error that is about the key itself."""


@dataclass(frozen=True, slots=True)
class Hint:
    """In an annotation: how a value with a pattern is written.

    `kinds` are the words that can stand before its first slash.
    """

    text: str
    kinds: tuple[str, ...] = ()


def hint_at(model: type[BaseModel], location: Path) -> Hint | None:
    """Return how the value at a location is written, or None if its annotation does not say."""
    extras = _taken_apart(_annotation_at(model, location))[1]
    return next((extra for extra in extras if isinstance(extra, Hint)), None)


def options_at(model: type[BaseModel], location: Path) -> tuple[Any, ...]:
    """Return the allowed values at a location, if they are a closed list. Return nothing if they are not."""
    kind = _taken_apart(_annotation_at(model, location))[0]
    return get_args(kind) if get_origin(kind) is Literal else ()


def model_at(model: type[BaseModel], location: Path) -> type[BaseModel] | None:
    """Return the model that describes the value at a location, or None if none does."""
    kind = _taken_apart(_annotation_at(model, location))[0]
    return kind if _is_model(kind) else None


def _annotation_at(model: type[BaseModel], location: Path) -> Any:
    """Return the annotation of the value at a location, or None if nothing is known of it."""
    current: Any = model
    for step, following in zip_longest(location, location[1:]):
        if step != KEY:
            current = _inner(_taken_apart(current)[0], step, is_key=following == KEY)
    return current


def _inner(kind: Any, step: int | str, *, is_key: bool) -> Any:
    if _is_model(kind):
        return _annotations(kind).get(str(step))
    if get_origin(kind) is list:
        return get_args(kind)[0]
    if get_origin(kind) is dict:
        return get_args(kind)[0 if is_key else 1]
    return None


def _taken_apart(annotation: Any) -> tuple[Any, list[Any]]:
    """Return the type in an annotation, without `None` as the other choice, and the metadata beside it."""
    extras: list[Any] = []
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *beside = get_args(annotation)
            extras += beside
        elif origin in (Union, UnionType):
            annotation = next(part for part in get_args(annotation) if part is not NoneType)
        else:
            return annotation, extras


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "model_fields")


@cache
def _annotations(model: Any) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)
