"""Catalogs of model facts that others maintain: one module per format, each a pure function from JSON to facts."""

from __future__ import annotations

from typing import Protocol, cast

from llmconf.core.plugins import load_module, module_names
from llmconf.lock.catalogs._base import Contents


class CatalogFormat(Protocol):
    """A module of this package, one per format."""

    def read(self, data: object, /) -> Contents:
        """Return the facts of a parsed catalog about models of provider types. Raises Unusable."""
        ...


def format_names() -> tuple[str, ...]:
    """Return the names of the formats; `models_dev.py` reads `models.dev`."""
    return tuple(name.replace("_", ".") for name in module_names(__name__))


def format_named(name: str) -> CatalogFormat:
    """Return the format with this name. Raises KeyError if there is none."""
    return cast(CatalogFormat, load_module(__name__, name.replace(".", "_")))
