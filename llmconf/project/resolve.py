"""The resolve stage: fragments of base and overlay become the resources of one environment."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import ValidationError

from llmconf import adapters
from llmconf.adapters import Options
from llmconf.core.diagnostics import Finding, Path, Place
from llmconf.core.suggest import did_you_mean
from llmconf.project.base_layer import Base, BaseEntry, locked_entries, make_entry
from llmconf.project.environment import Resolved, Resource
from llmconf.project.fragments import Fragment, without_nulls
from llmconf.project.merge import merge
from llmconf.schema import errors
from llmconf.schema.kinds import NESTED, RESOURCES, Common
from llmconf.schema.project_file import ProjectFile

_MAPS = {
    "Provider": "providers", "Endpoint": "endpoints", "Credential": "credentials",
    "Model": "models", "Route": "routes", "Team": "teams",
}  # fmt: skip

_MANY = 200
"""After this number of findings, no more suggestions are made, because each compares all names."""

_Siblings = dict[tuple[str, str | None], list[str]]
"""The identities of the base by their kind and provider."""


def resolve(
    base: Base, overlays: list[Fragment], environment: str | None, project: ProjectFile
) -> tuple[Resolved, list[Finding]]:
    """Lay the overlay of one environment over the base and return its complete resources.

    `overlays` are the fragments under `environments/<environment>/`. The findings are about overlays and incomplete
    resources. Rules run later.
    """
    found: list[Finding] = []
    entries = dict(base.entries)
    removed: dict[str, Place] = {}
    declared = entries.values() if overlays else ()
    types = {e.fragment.name: e.data.get("type") for e in declared if e.fragment.kind == "Provider"}
    siblings = _siblings(entries) if overlays else {}
    new = {(f.layer.file, f.layer.document) for f in overlays if f.kind == "Provider" and "$new" in f.control}
    for fragment in _unique(overlays, found):
        is_inside_new = fragment.layer.path and (fragment.layer.file, fragment.layer.document) in new
        if "$remove" in fragment.control and fragment.identity in entries:
            _remove(entries, fragment, siblings, removed, found)
        elif "$new" in fragment.control or is_inside_new:
            _add(entries, fragment, project, types, found)
            if fragment.kind == "Provider" and fragment.name in base.locks:
                new_locked = locked_entries(base.locks[fragment.name], project, types)
                entries.update({key: entry for key, entry in new_locked.items() if key not in entries})
        elif fragment.identity in entries:
            _override(entries, fragment, found)
        else:
            _report_unknown(entries, fragment, siblings, removed, found)
    _take_over_default(entries, siblings, overlays)
    env = _finish(entries, removed, environment, found)
    env.locks.update((name, lock) for name, lock in base.locks.items() if f"provider/{name}" in env.providers)
    return env, found


def _unique(overlays: list[Fragment], found: list[Finding]) -> list[Fragment]:
    first: dict[str, Fragment] = {}
    for fragment in overlays:
        known = first.setdefault(fragment.identity, fragment)
        if known is not fragment:
            message = f"`{fragment.identity}` is overridden twice in this environment"
            related = (("first overridden here", known.place),)
            found.append(Finding("LCO006", fragment.place, message, "put both changes into one document", related))
    return list(first.values())


def _siblings(entries: dict[str, BaseEntry]) -> _Siblings:
    siblings: _Siblings = {}
    for identity, entry in entries.items():
        siblings.setdefault((entry.fragment.kind, entry.fragment.provider), []).append(identity)
    return siblings


def _remove(
    entries: dict[str, BaseEntry],
    fragment: Fragment,
    siblings: _Siblings,
    removed: dict[str, Place],
    found: list[Finding],
) -> None:
    layer = fragment.layer
    place = Place(layer.file, layer.document, (*layer.path, "$remove"))
    rest = set(layer.data) - {"name", "id", "provider"}
    if rest or fragment.has_children:
        found.append(Finding("LCO007", fragment.place, "a removed resource cannot be changed as well"))
    gone = [fragment.identity]
    if fragment.kind == "Provider":
        for kind in NESTED.values():
            gone += siblings.get((kind, fragment.name), ())
    for identity in gone:
        if entries.pop(identity, None):
            removed[identity] = place


def _add(
    entries: dict[str, BaseEntry],
    fragment: Fragment,
    project: ProjectFile,
    types: dict[str, Any],
    found: list[Finding],
) -> None:
    known = entries.pop(fragment.identity) if _is_locked(entries, fragment) else None
    if fragment.identity in entries:
        related = (("declared here", entries[fragment.identity].fragment.place),)
        message = f"`{fragment.identity}` exists already"
        found.append(Finding("LCO002", fragment.place, message, "remove `$new` to change it", related))
        return
    if fragment.kind == "Provider":
        types[fragment.name] = fragment.layer.data.get("type")
    entries[fragment.identity] = make_entry(fragment, project, types, known)


def _is_locked(entries: dict[str, BaseEntry], fragment: Fragment) -> bool:
    """Tell whether only a lock has the model that an overlay declares as new. A sync must not make that an error."""
    known = entries.get(fragment.identity)
    return known is not None and not known.is_declared


def _override(entries: dict[str, BaseEntry], fragment: Fragment, found: list[Finding]) -> None:
    low = entries[fragment.identity]
    data = merge(low.data, fragment.layer, fragment.items, found)
    says_nothing = not set(fragment.layer.data) - {"name", "id", "provider"}
    if says_nothing and not fragment.has_children and not fragment.items:
        message = f"the overlay of `{fragment.identity}` changes nothing"
        found.append(Finding("LCO003", fragment.place, message, "remove it"))
    broken = low.broken or fragment.broken
    entries[fragment.identity] = BaseEntry(low.fragment, data, (*low.layers, fragment.layer), None, broken)


def _report_unknown(
    entries: dict[str, BaseEntry],
    fragment: Fragment,
    siblings: _Siblings,
    removed: dict[str, Place],
    found: list[Finding],
) -> None:
    owner = f"provider/{fragment.provider}" if fragment.provider else None
    if owner and owner not in entries and owner not in removed and fragment.layer.path:
        return  # the missing provider is reported already
    if owner in entries and entries[owner].broken:
        return  # the resources of a broken provider are not known
    known = siblings.get((fragment.kind, fragment.provider), []) if len(found) < _MANY else []
    names = [entries[identity].fragment.name for identity in known if identity in entries]
    hint = did_you_mean(fragment.name, names) or "add `$new: true` if it is new"
    related = (("removed here", removed[fragment.identity]),) if fragment.identity in removed else ()
    message = f"there is no `{fragment.identity}` to override"
    found.append(Finding("LCO001", fragment.place, message, hint, related))


def _take_over_default(entries: dict[str, BaseEntry], siblings: _Siblings, overlays: list[Fragment]) -> None:
    """If an overlay makes an endpoint the default, make its provider's other endpoints no default."""
    winners = [f for f in overlays if f.kind == "Endpoint" and f.layer.data.get("default") is True]
    for winner in winners:
        for identity in siblings.get(("Endpoint", winner.provider), ()):
            entry = entries.get(identity)
            if entry is None or identity == winner.identity or entry.data.get("default") is not True:
                continue
            if any(layer.name == winner.layer.name and "default" in layer.data for layer in entry.layers):
                continue
            layer = replace(winner.layer, data={"default": False})
            entries[identity] = BaseEntry(
                entry.fragment, {**entry.data, "default": False}, (*entry.layers, layer), None, entry.broken
            )


def _finish(
    entries: dict[str, BaseEntry], removed: dict[str, Place], environment: str | None, found: list[Finding]
) -> Resolved:
    env = Resolved(environment, removed=removed)
    maps: dict[str, dict[str, Any]] = {kind: getattr(env, name) for kind, name in _MAPS.items()}
    prefixes = {kind: f"{kind.lower()}/" for kind in NESTED.values()}
    for identity, entry in entries.items():
        kind, provider = entry.fragment.kind, entry.fragment.provider
        if entry.spec is None and not entry.broken:
            _complete(entry, found)
        resource = entry.resource
        if resource is None and entry.spec is not None and not entry.broken:
            resource = entry.resource = _resource(entry, entry.spec)
        if resource is not None and kind == "Provider" and (problems := _check_options(resource)):
            found.extend(problems)
            resource = None
        if resource is None:
            env.broken.add(identity)
            if provider is not None:
                env.broken.add(f"provider/{provider}")
            continue
        maps[kind][identity] = resource
        if kind in prefixes:
            env.children.setdefault(f"{prefixes[kind]}{provider}", []).append(resource)
    for identity in env.broken:
        env.providers.pop(identity, None)
    return env


def _resource(entry: BaseEntry, spec: Common) -> Resource[Any]:
    of = entry.fragment
    return Resource(of.identity, of.kind, of.name, of.provider, spec, entry.data, entry.layers)


def _complete(entry: BaseEntry, found: list[Finding]) -> None:
    """Validate merged data as a whole. Missing fields are reported at the declaration of the resource."""
    fragment = entry.fragment
    model = RESOURCES[fragment.kind]
    entry.data = without_nulls(entry.data)
    try:
        entry.spec = model.model_validate(entry.data)
    except ValidationError as error:
        resource = _resource(entry, Common())
        for path in errors.missing_paths(error):
            found.append(_missing(resource, path))
        for finding in errors.findings(error, model, entry.data, Place("", 0)):
            # Each layer was valid by itself, so this error comes from their combination.
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
    options = _options(resource.spec.type)
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


@cache
def _options(provider_type: str) -> type[Options]:
    """Return the options of a provider type. The adapter is looked up only once for all providers."""
    return adapters.adapter(provider_type).Options


def _missing_option(resource: Resource[Any], path: Path) -> Finding:
    message = f"`options` lacks `{path[-1]}`, which the type `{resource.spec.type}` needs"
    return Finding("LCS004", resource.place("options" if resource.spec.options else "type"), message)
