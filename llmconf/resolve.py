"""The resolve stage: fragments of base and overlay become the resources of one environment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from llmconf import adapters
from llmconf.diagnostics import Finding, Path, Place, did_you_mean
from llmconf.fragments import Fragment, drop_nulls
from llmconf.merge import merge, underlay
from llmconf.resolved import Layer, Resolved, Resource
from llmconf.schema import errors
from llmconf.schema.kinds import NESTED, RESOURCES, Common
from llmconf.schema.project_file import ProjectFile

_MAPS = {
    "Provider": "providers", "Endpoint": "endpoints", "Credential": "credentials",
    "Model": "models", "Route": "routes", "Team": "teams",
}  # fmt: skip

_MANY = 200
"""Findings after which no more suggestions are looked for: each takes a look at all names."""

_Siblings = dict[tuple[str, str | None], list[str]]
"""The identities of the base by their kind and provider."""


@dataclass(slots=True)
class _Entry:
    """A resource on its way: `spec` is None until it is complete, or for good where it is broken."""

    fragment: Fragment
    data: dict[str, Any]
    layers: tuple[Layer, ...]
    spec: Common | None
    broken: bool = False


@dataclass(slots=True)
class Base:
    """The base layer of a project, the same for all environments."""

    entries: dict[str, _Entry] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_base(fragments: list[Fragment], project: ProjectFile) -> Base:
    """Index the base fragments by identity, with the project's defaults below them."""
    base = Base()
    types = {f.name: f.layer.data.get("type") for f in fragments if f.kind == "Provider"}
    for fragment in fragments:
        known = base.entries.get(fragment.identity)
        if known:
            message = f"`{fragment.identity}` is declared twice"
            related = (("first declared here", known.fragment.place),)
            base.findings.append(Finding("LCR001", fragment.place, message, None, related))
            continue
        base.entries[fragment.identity] = _entry(fragment, project, types)
    return base


def _entry(fragment: Fragment, project: ProjectFile, types: dict[str, Any]) -> _Entry:
    """Make an entry of one fragment, over the defaults of its kind and provider type."""
    data = fragment.layer.data
    if "provider" in data:
        data = {key: value for key, value in data.items() if key != "provider"}
    if fragment.broken or not project.defaults:
        return _Entry(fragment, _without_nulls(data), (fragment.layer,), fragment.spec, fragment.broken)
    owner = fragment.name if fragment.kind == "Provider" else fragment.provider
    keys = [
        key for key in (fragment.kind, f"{fragment.kind}/{types.get(owner or '')}") if key in project.defaults
    ]
    if not keys:
        return _Entry(fragment, _without_nulls(data), (fragment.layer,), fragment.spec)
    low: dict[str, Any] = {}
    for key in keys:
        low = underlay(low, project.defaults[key])
    layers = [Layer("defaults", "llmconf.yaml", 0, ("defaults", key), project.defaults[key]) for key in keys]
    return _Entry(fragment, _without_nulls(underlay(low, data)), (*layers, fragment.layer), None)


def _without_nulls(data: dict[str, Any]) -> dict[str, Any]:
    """Return data without what is unset; nearly always that is the same object."""
    return drop_nulls(data) if _has_null(data) else data


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return None in value.values() or any(map(_has_null, value.values()))
    return isinstance(value, list) and any(map(_has_null, value))


def resolve(
    base: Base, overlays: list[Fragment], environment: str | None, project: ProjectFile
) -> tuple[Resolved, list[Finding]]:
    """Lay the overlay of one environment over the base and return its complete resources.

    `overlays` are the fragments under `environments/<environment>/`. Findings are those of overlays and
    of what is incomplete; rules come later.
    """
    found: list[Finding] = []
    entries = dict(base.entries)
    removed: dict[str, Place] = {}
    types = {e.fragment.name: e.data.get("type") for e in entries.values() if e.fragment.kind == "Provider"}
    siblings = _siblings(entries) if overlays else {}
    new = {(f.layer.file, f.layer.document) for f in overlays if f.kind == "Provider" and "$new" in f.control}
    for fragment in _unique(overlays, found):
        is_inside_new = fragment.layer.path and (fragment.layer.file, fragment.layer.document) in new
        if "$remove" in fragment.control and fragment.identity in entries:
            _remove(entries, fragment, siblings, removed, found)
        elif "$new" in fragment.control or is_inside_new:
            _add(entries, fragment, project, types, found)
        elif fragment.identity in entries:
            _override(entries, fragment, found)
        else:
            _report_unknown(entries, fragment, siblings, removed, found)
    _take_over_default(entries, siblings, overlays)
    return _finish(entries, removed, environment, found), found


def _unique(overlays: list[Fragment], found: list[Finding]) -> list[Fragment]:
    first: dict[str, Fragment] = {}
    for fragment in overlays:
        known = first.setdefault(fragment.identity, fragment)
        if known is not fragment:
            message = f"`{fragment.identity}` is overridden twice in this environment"
            related = (("first overridden here", known.place),)
            found.append(Finding("LCO006", fragment.place, message, "put both into one document", related))
    return list(first.values())


def _siblings(entries: dict[str, _Entry]) -> _Siblings:
    siblings: _Siblings = {}
    for identity, entry in entries.items():
        siblings.setdefault((entry.fragment.kind, entry.fragment.provider), []).append(identity)
    return siblings


def _remove(
    entries: dict[str, _Entry],
    fragment: Fragment,
    siblings: _Siblings,
    removed: dict[str, Place],
    found: list[Finding],
) -> None:
    layer = fragment.layer
    place = Place(layer.file, layer.document, (*layer.path, "$remove"))
    rest = set(layer.data) - {"name", "id", "provider"}
    if rest or fragment.has_children:
        found.append(Finding("LCO007", fragment.place, "what is removed cannot be changed as well"))
    gone = [fragment.identity]
    if fragment.kind == "Provider":
        for kind in NESTED.values():
            gone += siblings.get((kind, fragment.name), ())
    for identity in gone:
        if entries.pop(identity, None):
            removed[identity] = place


def _add(
    entries: dict[str, _Entry],
    fragment: Fragment,
    project: ProjectFile,
    types: dict[str, Any],
    found: list[Finding],
) -> None:
    if fragment.identity in entries:
        related = (("declared here", entries[fragment.identity].fragment.place),)
        message = f"`{fragment.identity}` exists already"
        found.append(Finding("LCO002", fragment.place, message, "remove `$new` to change it", related))
        return
    if fragment.kind == "Provider":
        types[fragment.name] = fragment.layer.data.get("type")
    entries[fragment.identity] = _entry(fragment, project, types)


def _override(entries: dict[str, _Entry], fragment: Fragment, found: list[Finding]) -> None:
    low = entries[fragment.identity]
    data = merge(low.data, fragment.layer, fragment.items, found)
    says_nothing = not set(fragment.layer.data) - {"name", "id", "provider"}
    if says_nothing and not fragment.has_children and not fragment.items:
        message = f"the overlay of `{fragment.identity}` changes nothing"
        found.append(Finding("LCO003", fragment.place, message, "remove it"))
    broken = low.broken or fragment.broken
    entries[fragment.identity] = _Entry(low.fragment, data, (*low.layers, fragment.layer), None, broken)


def _report_unknown(
    entries: dict[str, _Entry],
    fragment: Fragment,
    siblings: _Siblings,
    removed: dict[str, Place],
    found: list[Finding],
) -> None:
    owner = f"provider/{fragment.provider}" if fragment.provider else None
    if owner and owner not in entries and owner not in removed and fragment.layer.path:
        return  # the provider around it is reported already
    if owner in entries and entries[owner].broken:
        return  # what a broken provider holds is not known
    known = siblings.get((fragment.kind, fragment.provider), []) if len(found) < _MANY else []
    names = [entries[identity].fragment.name for identity in known if identity in entries]
    hint = did_you_mean(fragment.name, names) or "add `$new: true` if it is meant to be new"
    related = (("removed here", removed[fragment.identity]),) if fragment.identity in removed else ()
    message = f"there is no `{fragment.identity}` to override"
    found.append(Finding("LCO001", fragment.place, message, hint, related))


def _take_over_default(entries: dict[str, _Entry], siblings: _Siblings, overlays: list[Fragment]) -> None:
    """Let an endpoint that an overlay makes the default take that over from the others of its provider."""
    winners = [f for f in overlays if f.kind == "Endpoint" and f.layer.data.get("default") is True]
    for winner in winners:
        for identity in siblings.get(("Endpoint", winner.provider), ()):
            entry = entries.get(identity)
            if entry is None or identity == winner.identity or entry.data.get("default") is not True:
                continue
            if any(layer.name == winner.layer.name and "default" in layer.data for layer in entry.layers):
                continue
            layer = replace(winner.layer, data={"default": False})
            entries[identity] = _Entry(
                entry.fragment, {**entry.data, "default": False}, (*entry.layers, layer), None, entry.broken
            )


def _finish(
    entries: dict[str, _Entry], removed: dict[str, Place], environment: str | None, found: list[Finding]
) -> Resolved:
    env = Resolved(environment, removed=removed)
    maps: dict[str, dict[str, Any]] = {kind: getattr(env, name) for kind, name in _MAPS.items()}
    for identity, entry in entries.items():
        fragment = entry.fragment
        if entry.spec is None and not entry.broken:
            _complete(entry, found)
        resource: Resource[Any] | None = None
        if entry.spec is not None and not entry.broken:
            resource = _resource(entry, entry.spec)
            if fragment.kind == "Provider" and (problems := _check_options(resource)):
                found.extend(problems)
                resource = None
        if resource is None:
            env.broken.add(identity)
            if fragment.provider is not None:
                env.broken.add(f"provider/{fragment.provider}")
            continue
        maps[fragment.kind][identity] = resource
        if fragment.kind in NESTED.values():
            env.children.setdefault(f"{fragment.kind.lower()}/{fragment.provider}", []).append(resource)
    for identity in env.broken:
        env.providers.pop(identity, None)
    return env


def _resource(entry: _Entry, spec: Common) -> Resource[Any]:
    of = entry.fragment
    return Resource(of.identity, of.kind, of.name, of.provider, spec, entry.data, entry.layers)


def _complete(entry: _Entry, found: list[Finding]) -> None:
    """Validate merged data as a whole; what is missing is reported where the resource is declared."""
    fragment = entry.fragment
    model = RESOURCES[fragment.kind]
    entry.data = _without_nulls(entry.data)
    try:
        entry.spec = model.model_validate(entry.data)
    except ValidationError as error:
        resource = _resource(entry, Common())
        for path in errors.missing_paths(error):
            found.append(_missing(resource, path))
        for finding in errors.findings(error, model, entry.data, Place("", 0)):
            # Each layer was valid by itself, so this is about how they fit together.
            path = finding.place.path if isinstance(finding.place, Place) else ()
            found.append(Finding(finding.code, resource.place(*path), finding.message, finding.hint))


def _missing(resource: Resource[Common], path: Path) -> Finding:
    """Report a required field, at the null that unset it or at the resource that lacks it."""
    for layer in reversed(resource.layers):
        value: Any = layer.data
        for step in path[:-1]:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, dict) and path[-1] in value and layer.name not in ("base", "defaults"):
            place = Place(layer.file, layer.document, layer.path + path)
            return Finding("LCO005", place, f"`{path[-1]}` is required and cannot be unset")
    base = resource.base
    return errors.missing(path, Place(base.file, base.document, base.path), base.data)


def _check_options(resource: Resource[Any]) -> list[Finding]:
    """Check a provider's options against its type, once the type is known."""
    options = adapters.adapter(resource.spec.type).Options
    if not resource.spec.options and not options.model_fields:
        return []
    try:
        options.model_validate(resource.spec.options)
    except ValidationError as error:
        found = [_missing_option(resource, path) for path in errors.missing_paths(error)]
        for finding in errors.findings(error, options, resource.spec.options, Place("", 0)):
            at = finding.place
            path = ("options", *at.path) if isinstance(at, Place) else ("options",)
            on_key = isinstance(at, Place) and at.on_key
            found.append(
                Finding(finding.code, resource.place(*path, on_key=on_key), finding.message, finding.hint)
            )
        return found
    return []


def _missing_option(resource: Resource[Any], path: Path) -> Finding:
    message = f"`{path[-1]}` is missing in `options`: the type `{resource.spec.type}` needs it"
    return Finding("LCS004", resource.place("options" if resource.spec.options else "type"), message)
