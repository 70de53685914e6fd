"""What a lock file may hold: where it comes from, and the facts of each model."""

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
    """Base URL that was asked for the list."""
    adapter: Name
    """The provider's type at that time."""
    include: Patterns | None = None
    """Patterns of the ids that were taken. Without it, all."""
    exclude: Patterns | None = None
    """Patterns of the ids that were left out."""


class LockedModel(Model):
    """A model as its provider lists it. Of the fields of a model it has those in `LOCKED_KEYS`."""

    sources: dict[Fact, Annotated[str, StringConstraints(pattern=_SOURCE)]] = Field(default_factory=dict)
    """Where each fact is from: `provider`, or the name of a catalog; capabilities may be from both, with a `+`."""


LOCKED_KEYS = frozenset({
    "id", "mode", "capabilities", "context", "max_output", "price", "aliases", "lifecycle", "enabled", "sources",
})  # fmt: skip
"""What a lock may say of a model; the rest is for people to declare."""


class LockDocument(Strict):
    """The document of a lock file."""

    version: Literal[1]
    """Version of the format."""
    source: LockSource
    """Where the lock comes from."""
    models: list[LockedModel]
    """The models by id, in code-point order."""
