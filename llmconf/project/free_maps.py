"""Checks of maps with free keys, for whose values there is no schema."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from llmconf.core.diagnostics import Finding, Path, Place
from llmconf.core.key_formats import sensitive_values
from llmconf.core.tokens import is_sealed
from llmconf.project.environment import Layer
from llmconf.schema import errors

FREE_MAPS = ("parameters", "extra", "options", "labels")
"""Fields with free keys."""
FREE_KEYS = frozenset(("headers", *FREE_MAPS))
"""Fields that are checked. Most resources have none of them."""
_LARGEST = 2**53 - 1
"""The largest number up to which all programs are exact."""


def free_secrets(layer: Layer) -> Iterator[Finding]:
    """Report plain secrets in fields with free keys: headers, parameters, options, extra, labels."""
    for path, value in sensitive_values(_parts(layer, ("headers", *FREE_MAPS))):
        if value and not is_sealed(value) and not value.startswith("os.environ/"):
            at = Place(layer.file, layer.document, layer.path + path)
            yield Finding("LCK001", at, f"`{path[-1]}` holds a secret in plain text", errors.HINTS["LCK001"])


def unsafe_numbers(layer: Layer) -> Iterator[Finding]:
    """Report numbers in free maps that JSON does not have, or that programs round in different ways."""
    for path in _inexact(_parts(layer, FREE_MAPS)):
        at = Place(layer.file, layer.document, layer.path + path)
        name = next(step for step in reversed(path) if isinstance(step, str))
        message = f"`{name}` holds a number that some programs cannot store exactly"
        yield Finding("LCY012", at, message, "put it in quotes")


def _parts(layer: Layer, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: layer.data[name] for name in names if name in layer.data}


def _inexact(data: dict[str, Any] | list[Any], path: Path = ()) -> Iterator[Path]:
    for key, part in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(part, (dict, list)):
            yield from _inexact(part, (*path, key))
        elif isinstance(part, (int, float)) and not _is_exact(part):
            yield (*path, key)


def _is_exact(value: float) -> bool:
    return isfinite(value) if isinstance(value, float) else abs(value) <= _LARGEST
