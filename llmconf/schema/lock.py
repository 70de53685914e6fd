"""The content of a lock file: where it comes from, and the facts of each model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from llmconf.core.grammar import NAME_PATTERN
from llmconf.schema.kinds import Model
from llmconf.schema.parts import Patterns
from llmconf.schema.types import Name, Strict, Text

_SOURCE = rf"^{NAME_PATTERN[1:-1]}(\+{NAME_PATTERN[1:-1]})?$"

Fact = Literal["mode", "capabilities", "context", "max_output", "price", "aliases", "lifecycle"]


class LockSource(Strict):
    """Where a lock comes from."""

    endpoint: Text
    """Base URL of the endpoint that returned the list."""
    adapter: Name
    """The provider's type at the time of the sync."""
    include: Patterns | None = None
    """Patterns of the ids that were included. If they are missing, all ids were included."""
    exclude: Patterns | None = None
    """Patterns of the ids that were excluded."""


class LockedModel(Model):
    """A model as its provider lists it. It has only the fields of a model that are in `LOCKED_KEYS`."""

    sources: dict[Fact, Annotated[str, StringConstraints(pattern=_SOURCE)]] = Field(default_factory=dict)
    """The source of each fact: `provider`, or the name of a catalog. Capabilities may have both, joined with `+`."""


LOCKED_KEYS = frozenset({
    "id", "mode", "capabilities", "context", "max_output", "price", "aliases", "lifecycle", "enabled", "sources",
})  # fmt: skip
"""The fields of a model that a lock may have. Only documents declare the others."""


class LockDocument(Strict):
    """The document of a lock file."""

    version: Literal[1]
    """Version of the format."""
    source: LockSource
    """Where the lock comes from."""
    models: list[LockedModel]
    """The models by id, in code-point order."""
