"""Targets: one module per consumer, found by its file name, that writes the consumer's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llmconf.core.plugins import load_module, module_names

if TYPE_CHECKING:
    from llmconf.build.targets._base import TargetModule

__all__ = ["load", "names"]


def names() -> tuple[str, ...]:
    """Return the names of all targets, sorted, without importing them."""
    return module_names(__name__)


def load(name: str) -> TargetModule:
    """Import the target with this name. Raises KeyError if there is none."""
    return cast("TargetModule", load_module(__name__, name))
