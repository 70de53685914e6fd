"""The result of resolving: the resources of one environment, each with the places that set its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from llmconf.core.diagnostics import Path, Place
from llmconf.project.discover import LOCK_FOLDER
from llmconf.schema.kinds import Common, Credential, Endpoint, Model, Provider, Route, Team

if TYPE_CHECKING:
    from llmconf.schema.lock import LockedModel, LockSource

Spec = TypeVar("Spec", bound=Common)

LIST_KEYS = {"targets": ("model", "endpoint")}
"""Lists of objects that merge item by item, with the fields that identify an item. Other lists are replaced."""


_Positions = dict[tuple[int, Path], list[int]]
"""The positions at which a layer, by number, has the items of the keyed list at a path of the merged data."""


@dataclass(slots=True)
class Layer:
    """One place that sets values of a resource: part of one document.

    `name` is `lock`, `defaults`, `base` or the environment; `path` leads from the document's root to `data`.
    Nobody changes a layer. It is not frozen, because a frozen one is three times as slow to build, and each part of
    each document has a layer.
    """

    name: str
    file: str
    document: int
    path: Path
    data: dict[str, Any]

    @property
    def is_locked(self) -> bool:
        """Whether a lock file sets this."""
        return self.file.startswith(LOCK_FOLDER)

    @property
    def is_declared(self) -> bool:
        """Whether a document of this resource sets this, not a lock file or the project's defaults."""
        return self.name != "defaults" and not self.file.startswith(LOCK_FOLDER)


@dataclass(slots=True)
class Resource(Generic[Spec]):
    """A flat resource after merging: its complete, typed `spec` and the layers it came from.

    `data` holds the merged plain values as written; `layers` go from lowest to highest.
    """

    identity: str
    kind: str
    name: str
    provider: str | None
    spec: Spec
    data: dict[str, Any]
    layers: tuple[Layer, ...]
    _positions: _Positions | None = field(default=None, init=False, repr=False, compare=False)

    def place(self, *path: str | int, on_key: bool = False) -> Place:
        """Return the place that set the value at `path` last. If nothing set it, return the place of its parent."""
        for end in range(len(path), -1, -1):
            chain = self.chain(path[:end])
            if chain:
                layer, real = chain[-1]
                return Place(layer.file, layer.document, layer.path + real, on_key and end == len(path))
        raise LookupError(self.identity)

    def chain(self, path: Path) -> list[tuple[Layer, Path]]:
        """Return the layers that set the value at `path`, lowest first, with the path inside each."""
        if self._positions is None and any(isinstance(step, int) for step in path):
            self._positions = {}
        found = []
        for number, layer in enumerate(self.layers):
            real = _translate(path, self.data, layer.data, number, self._positions)
            if real is not None:
                found.append((layer, real))
        return found

    @property
    def base(self) -> Layer:
        """The layer that declares the resource: the lowest one from a document, or else the layer of the lock."""
        return next((layer for layer in self.layers if layer.is_declared), self.layers[0])

    @property
    def is_declared(self) -> bool:
        """Whether any document declares or changes this resource. If not, it is a model that only a lock has."""
        return self.layers[-1].is_declared


def _translate(
    path: Path, merged: Any, layered: Any, number: int, known: _Positions | None
) -> Path | None:
    """Follow a path of the merged data in one layer, whose keyed lists may have the items at other positions."""
    real: list[str | int] = []
    for depth, step in enumerate(path):
        if isinstance(step, str):
            if not isinstance(layered, dict) or step not in layered:
                return None
            merged = merged.get(step) if isinstance(merged, dict) else None
            layered = layered[step]
            real.append(step)
            continue
        if not isinstance(layered, list) or not isinstance(merged, list) or step >= len(merged):
            return None
        index, name = step, path[depth - 1] if depth else ""
        if name in LIST_KEYS and known is not None and merged is not layered:
            at = (number, path[:depth])
            if at not in known:
                known[at] = _match(str(name), merged, layered)
            index = known[at][step]
        if index >= len(layered):
            return None
        merged, layered = merged[step], layered[index]
        real.append(index)
    return tuple(real)


def _match(name: str, merged: list[Any], layered: list[Any]) -> list[int]:
    """Return the position of each item of a merged list in a layer. For a missing item it is past the layer's end.

    If several items have the same key, they are matched in their order.
    """
    places: dict[str, list[int]] = {}
    for index in range(len(layered) - 1, -1, -1):
        places.setdefault(repr(item_key(name, layered[index])), []).append(index)
    found = []
    for index, item in enumerate(merged):
        if isinstance(item, dict):
            left = places.get(repr(item_key(name, item)))
            found.append(left.pop() if left else len(layered))
        else:
            found.append(index)
    return found


def item_key(list_name: str, item: Any) -> tuple[Any, ...] | None:
    """Return the values that identify an item of a keyed list, or None if the item is not an object."""
    if not isinstance(item, dict):
        return None
    return tuple(item.get(key) for key in LIST_KEYS[list_name])


@dataclass(frozen=True, slots=True)
class Lock:
    """The locked models of one provider, by id: each as a `spec`, and as plain values in `blocks`."""

    provider: str
    file: str
    source: LockSource
    models: dict[str, LockedModel]
    blocks: list[dict[str, Any]]


@dataclass(slots=True)
class Resolved:
    """All resources of one environment.

    The maps hold valid resources by identity, in the order of the base, additions last. `broken` are
    identities that exist but do not fit their schema; a reference to one is not reported again.
    `environment` is None for a project without environments. `models` holds locked models too, after the declared
    ones. `locks` are the locks of the providers, by provider name.
    """

    environment: str | None
    providers: dict[str, Resource[Provider]] = field(default_factory=dict)
    endpoints: dict[str, Resource[Endpoint]] = field(default_factory=dict)
    credentials: dict[str, Resource[Credential]] = field(default_factory=dict)
    models: dict[str, Resource[Model]] = field(default_factory=dict)
    routes: dict[str, Resource[Route]] = field(default_factory=dict)
    teams: dict[str, Resource[Team]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    removed: dict[str, Place] = field(default_factory=dict)
    children: dict[str, list[Resource[Any]]] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Resource[Any]]:
        """Iterate over all resources, by kind in the order of the fields above."""
        for resources in (
            self.providers, self.endpoints, self.credentials, self.models, self.routes, self.teams
        ):  # fmt: skip
            yield from resources.values()

    def get(self, identity: str) -> Resource[Any] | None:
        """Return the resource with this identity, or None."""
        for resources in (
            self.providers, self.endpoints, self.credentials, self.models, self.routes, self.teams
        ):  # fmt: skip
            if identity in resources:
                return resources[identity]
        return None

    def endpoints_of(self, provider: str) -> list[Resource[Endpoint]]:
        """Return the endpoints of the provider with this name."""
        return self.children.get(f"endpoint/{provider}", [])

    def credentials_of(self, provider: str) -> list[Resource[Credential]]:
        """Return the credentials of the provider with this name."""
        return self.children.get(f"credential/{provider}", [])

    def models_of(self, provider: str) -> list[Resource[Model]]:
        """Return the models of the provider with this name."""
        return self.children.get(f"model/{provider}", [])

    def is_live(self, resource: Resource[Any]) -> bool:
        """Tell whether a resource and its provider are enabled. A broken provider counts as enabled."""
        if not resource.spec.enabled:
            return False
        if resource.provider is None:
            return True
        owner = self.providers.get(f"provider/{resource.provider}")
        return owner.spec.enabled if owner else f"provider/{resource.provider}" in self.broken
