"""Drops keys that are null. A null unsets a value from another text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, int] = MappingProxyType({})


def drop_nulls(data: Any, opaque: Mapping[str, int] = _NOTHING) -> Any:
    """Return data without the keys that are null, at any depth; the same object if it has none.

    Below the keys in `opaque`, a null is a value from a number of levels on: `{"options": 0}` keeps all nulls
    below `options`, and `{"extra": 1}` drops those directly below `extra` and keeps all deeper ones.
    """
    return _without(data, opaque, None) if _has_null(data) else data


def _has_null(data: Any) -> bool:
    if not isinstance(data, dict | list):
        return False
    parts = data.values() if isinstance(data, dict) else data
    return None in parts or any(_has_null(part) for part in parts if isinstance(part, (dict, list)))


def _without(data: Any, opaque: Mapping[str, int], levels: int | None) -> Any:
    """Return data without nulls. `levels` is the number of mappings to enter, None for all."""
    if levels == 0:
        return data
    if isinstance(data, list):
        return [_without(item, opaque, levels) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        key: _without(value, opaque, opaque.get(key) if levels is None else levels - 1)
        for key, value in data.items()
        if value is not None
    }
