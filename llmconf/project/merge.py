"""Merging layers of plain values: maps deep, keyed lists by key, everything else replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llmconf.core.diagnostics import Finding, Path, Place
from llmconf.core.suggest import closest
from llmconf.project.environment import LIST_KEYS, Layer, item_key

Controls = Mapping[Path, dict[str, Any]]
_MANY = 1000
Report = Callable[[str, Path, str, str | None], None]


def merge(low: dict[str, Any], layer: Layer, controls: Controls, found: list[Finding]) -> dict[str, Any]:
    """Return `low` with an overlay's values over it, and report values without an effect or a target."""

    def report(code: str, path: Path, message: str, hint: str | None) -> None:
        place = Place(layer.file, layer.document, layer.path + path, on_key=code != "LCO001")
        found.append(Finding(code, place, message, hint))

    return _maps(low, layer.data, (), controls, report)


def underlay(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """Return `high`, with defaults from `low` for the values that it does not set."""
    result = dict(low)
    for key, value in high.items():
        known = result.get(key)
        result[key] = underlay(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def _maps(
    low: dict[str, Any], high: dict[str, Any], path: Path, controls: Controls, report: Report
) -> dict[str, Any]:
    result = dict(low)
    for key, value in high.items():
        at = (*path, key)
        if path == () and key in ("name", "id", "provider"):
            continue
        if value is None:
            if key not in result:
                report(
                    "LCO003", at, f"`{key}` is not set in a lower layer, so null changes nothing", "remove it"
                )
            result.pop(key, None)
        elif isinstance(result.get(key), dict) and isinstance(value, dict):
            result[key] = _maps(result[key], value, at, controls, report)
        elif key in LIST_KEYS and isinstance(result.get(key), list) and isinstance(value, list):
            result[key] = _keyed(key, result[key], value, at, controls, report)
            if not value:
                message = f"`{key}` merges item by item, so an empty list changes nothing"
                report("LCO003", at, message, "`$remove` the items")
        elif key in result and result[key] == value and type(result[key]) is type(value):
            report("LCO003", at, f"`{key}` overrides a value with the same value", "remove it")
        else:
            result[key] = value
    return result


def _keyed(
    name: str, low: list[Any], high: list[Any], path: Path, controls: Controls, report: Report
) -> list[Any]:
    """Merge lists of objects by key: known items change in place, new ones follow, removed ones go."""
    result = list(low)
    positions: dict[str, int] = {}
    for position, known in enumerate(low):
        positions.setdefault(repr(item_key(name, known)), position)
    removed: set[int] = set()
    for index, item in enumerate(high):
        at = (*path, index)
        control = controls.get(at, {})
        key = item_key(name, item)
        if key is None:
            continue  # not a mapping, which the schema has reported
        place = positions.get(repr(key))
        if "$new" in control:
            if place is None:
                positions[repr(key)] = len(result)
                result.append(item)
            else:
                report("LCO002", (*at, "$new"), f"{_shown(name, key)} exists already", "remove `$new` to change it")
        elif place is None:
            hint = _similar(name, key, result) if index < _MANY else None
            message = f"there is no {_shown(name, key)} to override"
            report("LCO001", (*at, LIST_KEYS[name][0]), message, hint)
        elif "$remove" in control:
            removed.add(positions.pop(repr(key)))
        else:
            result[place] = _maps(result[place], item, at, controls, _unless_key(name, report))
    return [item for position, item in enumerate(result) if position not in removed]


def _similar(name: str, key: tuple[Any, ...], known: list[Any]) -> str:
    match = closest(_shown(name, key), [_shown(name, item_key(name, item)) for item in known])
    return f"did you mean {match}?" if match else "add `$new: true` if it is new"


def _unless_key(name: str, report: Report) -> Report:
    """Report nothing on the fields that only identify the item."""

    def quiet(code: str, path: Path, message: str, hint: str | None) -> None:
        if path[-1] not in LIST_KEYS[name]:
            report(code, path, message, hint)

    return quiet


def _shown(name: str, key: tuple[Any, ...] | None) -> str:
    values = [str(value) for value in key or () if value is not None]
    return f"{name[:-1]} `{' '.join(values)}`"
