"""The base layer of a project: the resources that its documents declare, over its defaults and its locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmconf.core.diagnostics import Finding
from llmconf.core.grammar import PROJECT_FILE
from llmconf.project.environment import Layer, Lock, Resource
from llmconf.project.fragments import Fragment, without_nulls
from llmconf.project.merge import underlay
from llmconf.schema.kinds import Common
from llmconf.schema.project_file import ProjectFile


@dataclass(slots=True)
class BaseEntry:
    """A resource that is not resolved yet. `spec` is None until it is complete, and stays None if it is broken.

    `resource` is the resolved resource from the first environment that needed it.
    """

    fragment: Fragment
    data: dict[str, Any]
    layers: tuple[Layer, ...]
    spec: Common | None
    broken: bool = False
    resource: Resource[Any] | None = None

    @property
    def is_declared(self) -> bool:
        """Whether any document declares or changes the resource."""
        return self.layers[-1].is_declared


@dataclass(slots=True)
class Base:
    """The base layer of a project, the same for all environments, over the locks by the name of the provider."""

    entries: dict[str, BaseEntry] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    locks: Mapping[str, Lock] = field(default_factory=dict)


def read_base(
    fragments: list[Fragment], project: ProjectFile, locks: Mapping[str, Lock] | None = None
) -> Base:
    """Index the base fragments by identity, with the project's defaults and the locks below them."""
    base = Base(locks=locks or {})
    types = {f.name: f.layer.data.get("type") for f in fragments if f.kind == "Provider"}
    for name in types:
        if name in base.locks:
            base.entries.update(locked_entries(base.locks[name], project, types))
    low, base.entries = base.entries, {}
    for fragment in fragments:
        known = base.entries.get(fragment.identity)
        if known:
            message = f"`{fragment.identity}` is declared twice"
            related = (("first declared here", known.fragment.place),)
            base.findings.append(Finding("LCR001", fragment.place, message, None, related))
            continue
        base.entries[fragment.identity] = make_entry(fragment, project, types, low.pop(fragment.identity, None))
    base.entries.update(low)
    return base


def locked_entries(lock: Lock, project: ProjectFile, types: dict[str, Any]) -> dict[str, BaseEntry]:
    """Make an entry of each model of a lock, with the project's defaults above it."""
    found = {}
    for index, (name, spec) in enumerate(lock.models.items()):
        block = lock.blocks[index]
        layer = Layer("lock", lock.file, 0, ("models", index), block)
        identity = f"model/{lock.provider}/{name}"
        fragment = Fragment(identity, "Model", name, lock.provider, layer, spec, has_nulls=False)
        found[identity] = make_entry(fragment, project, types)
    return found


def make_entry(
    fragment: Fragment, project: ProjectFile, types: dict[str, Any], locked: BaseEntry | None = None
) -> BaseEntry:
    """Make an entry of one fragment, over the defaults of its kind and provider type, and over the lock."""
    data = fragment.layer.data
    if "provider" in data or "sources" in data:
        data = {key: value for key, value in data.items() if key not in ("provider", "sources")}
    if locked is not None:
        # The defaults are in what was locked already.
        data = without_nulls(underlay(locked.data, data))
        return BaseEntry(fragment, data, (*locked.layers, fragment.layer), None, fragment.broken)
    if fragment.broken or not project.defaults:
        return BaseEntry(fragment, _own(fragment, data), (fragment.layer,), fragment.spec, fragment.broken)
    owner = fragment.name if fragment.kind == "Provider" else fragment.provider
    keys = default_keys(fragment.kind, types.get(owner or ""), project.defaults)
    if not keys:
        return BaseEntry(fragment, _own(fragment, data), (fragment.layer,), fragment.spec)
    low: dict[str, Any] = {}
    for key in keys:
        low = underlay(low, project.defaults[key])
    layers = [Layer("defaults", PROJECT_FILE, 0, ("defaults", key), project.defaults[key]) for key in keys]
    if not fragment.layer.is_declared:
        return BaseEntry(fragment, without_nulls(underlay(data, low)), (fragment.layer, *layers), None)
    return BaseEntry(fragment, without_nulls(underlay(low, data)), (*layers, fragment.layer), None)


def _own(fragment: Fragment, data: dict[str, Any]) -> dict[str, Any]:
    return without_nulls(data) if fragment.has_nulls else data


def default_keys(kind: str, provider_type: object, defaults: Collection[str]) -> list[str]:
    """Return the defaults for a resource of a kind and of a provider type, lowest first."""
    return [key for key in (kind, f"{kind}/{provider_type}") if key in defaults]
