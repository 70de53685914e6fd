"""The schema stage: documents become fragments, the parts of flat resources that one document sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from llmconf import adapters
from llmconf.core.diagnostics import Finding, Path, Place
from llmconf.core.nulls import drop_nulls
from llmconf.core.suggest import closest, did_you_mean
from llmconf.project.environment import LIST_KEYS, Layer
from llmconf.project.free_maps import FREE_KEYS, free_secrets, unsafe_numbers
from llmconf.schema import errors
from llmconf.schema.kinds import DOCUMENTS, NESTED, RESOURCES, Common

CONTROLS = ("$new", "$remove")
_IDENTITY = ("name", "id", "provider", "model")
"""Fields that no other layer can supply, because they identify the resource."""
_OPAQUE = {"parameters": 0, "options": 0, "extra": 1}
"""Maps whose values llmconf does not interpret, so that null in them is a value. `extra` names targets first."""
_NONE: Mapping[Any, Any] = MappingProxyType({})
"""The controls of nearly all fragments. A dict for each would take 15 MiB in a project of 65,000 resources."""


def _none() -> Mapping[Any, Any]:
    return _NONE


@dataclass(slots=True)
class Fragment:
    """The part of one resource that one document sets.

    `spec` is set if the fragment is complete by itself. `broken` fragments do not fit the schema. `control` holds
    `$new` or `$remove` of the resource, `items` those of items in its keyed lists, by path. `has_nulls` is false if
    the data is known to hold no null.
    """

    identity: str
    kind: str
    name: str
    provider: str | None
    layer: Layer
    spec: Common | None = None
    broken: bool = False
    control: Mapping[str, Any] = field(default_factory=_none)
    items: Mapping[Path, dict[str, Any]] = field(default_factory=_none)
    has_children: bool = False
    has_nulls: bool = True

    @property
    def place(self) -> Place:
        """The place of the fragment's name."""
        layer = self.layer
        key = "id" if self.kind == "Model" else "name"
        return Place(layer.file, layer.document, (*layer.path, key) if key in layer.data else layer.path)


def read_document(
    data: Any, file: str, document: int, environment: str | None, *, has_nulls: bool = True
) -> tuple[list[Fragment], list[Finding]]:
    """Check one document against the schema of its kind, and return the fragments of its resources.

    A caller passes `has_nulls` as false if it knows that the document holds no null.
    """
    place = Place(file, document)
    if not isinstance(data, dict):
        what = "is empty" if data is None else "is not a mapping"
        code = "LCY009" if data is None else "LCS001"
        return [], [Finding(code, place, f"the document {what}", "a document begins with `kind:`")]
    kind = data.get("kind")
    found: list[Finding] = []
    if not isinstance(kind, str) or kind not in DOCUMENTS:
        found.append(_unknown_kind(kind, "kind" in data, place))
        guess = closest(kind, DOCUMENTS) if isinstance(kind, str) else None
        if guess is None:
            return [], found
        # It becomes a broken fragment, so that references to it are not reported too.
        return [_broken(fragment) for fragment in _lift(guess, data, place, environment, None)], found
    body = {key: value for key, value in data.items() if key != "kind"}
    controls = _take_controls(body, place, environment, found)
    spec = _validate(DOCUMENTS[kind], body, place, found, has_nulls=has_nulls)
    fragments = _lift(kind, body, place, environment, spec)
    if controls:
        _apply_controls(fragments, controls)
    if kind == "Provider" and environment is not None:
        found += _empty_lists(fragments, body)
    if spec is None:
        _validate_apart(fragments, found, has_nulls=has_nulls)
    for fragment in fragments:
        fragment.has_nulls = has_nulls
        if not FREE_KEYS.isdisjoint(fragment.layer.data):
            found.extend(free_secrets(fragment.layer))
            found.extend(unsafe_numbers(fragment.layer))
        if fragment.kind == "Provider" and (finding := _check_type(fragment)):
            found.append(finding)
    return fragments, found


def _empty_lists(fragments: list[Fragment], body: dict[str, Any]) -> Iterator[Finding]:
    """Yield the empty lists in the overlay of a provider, which seem to empty the lists of lower layers."""
    for fragment in fragments[:1]:
        for key in NESTED if not fragment.control else ():
            if body.get(key) == []:
                at = Place(fragment.layer.file, fragment.layer.document, (key,), on_key=True)
                message = f"`{key}` merges item by item, so an empty list changes nothing"
                yield Finding("LCO003", at, message, "`$remove` the items")


def _unknown_kind(kind: Any, present: bool, place: Place) -> Finding:
    listed = ", ".join(DOCUMENTS)
    if not present:
        return Finding("LCS002", place, "`kind` is missing", f"one of {listed}")
    at = Place(place.file, place.document, ("kind",))
    if not isinstance(kind, str):
        return Finding("LCS002", at, "`kind` is a string", f"one of {listed}")
    return Finding(
        "LCS002", at, f"unknown kind `{kind[:60]}`", did_you_mean(kind, DOCUMENTS) or f"one of {listed}"
    )


def _broken(fragment: Fragment) -> Fragment:
    fragment.broken = True
    return fragment


def _take_controls(
    body: dict[str, Any], place: Place, environment: str | None, found: list[Finding]
) -> dict[Path, dict[str, Any]]:
    """Take `$new` and `$remove` out of a document and return them by path. Changes `body`, not its parts."""
    taken: dict[Path, dict[str, Any]] = {}
    if not _mentions_controls(body):
        return taken

    def take(item: dict[str, Any], path: Path) -> dict[str, Any]:
        controls = {key: item[key] for key in item if key.startswith("$")}
        if not controls:
            return item
        for key, value in controls.items():
            at = Place(place.file, place.document, (*path, key), on_key=True)
            if environment is None:
                found.append(
                    Finding("LCS008", at, f"`{key}` belongs in an overlay", "put it under environments/")
                )
            elif key not in CONTROLS:
                found.append(Finding("LCS003", at, f"unknown key `{key[:60]}`", did_you_mean(key, CONTROLS)))
                if meant := closest(key, CONTROLS):
                    taken.setdefault(path, {})[meant] = None
            elif key == "$new" and value is not True:
                found.append(Finding("LCS006", at, "`$new` can only be true"))
                taken.setdefault(path, {})[key] = None
            elif key == "$remove" and not (isinstance(value, str) and value.strip()):
                found.append(Finding("LCO007", at, "`$remove` must be a string that gives the reason"))
                taken.setdefault(path, {})[key] = value
            else:
                taken.setdefault(path, {})[key] = value
        return {key: value for key, value in item.items() if key not in controls}

    cleaned = dict(take(body, ()))
    body.clear()
    body.update(cleaned)
    for name in (*NESTED, *LIST_KEYS):
        items = body.get(name)
        if isinstance(items, list):
            body[name] = [
                take(item, (name, index)) if isinstance(item, dict) else item
                for index, item in enumerate(items)
            ]
    return taken


def _mentions_controls(body: dict[str, Any]) -> bool:
    """Tell quickly whether any control key can be in a document. Nearly no document has one."""
    if "$" in "".join(body):
        return True
    for name in (*NESTED, *LIST_KEYS):
        items = body.get(name)
        if isinstance(items, list):
            for item in items:
                if isinstance(item, dict) and "$" in "".join(item):
                    return True
    return False


def _apply_controls(fragments: list[Fragment], controls: dict[Path, dict[str, Any]]) -> None:
    for fragment in fragments:
        path = fragment.layer.path
        fragment.control = controls.get(path, {})
        # None stands for a malformed control, which is reported.
        fragment.broken = fragment.broken or None in fragment.control.values()
        fragment.items = {
            key[len(path) :]: control
            for key, control in controls.items()
            if key[: len(path)] == path and key[len(path) : len(path) + 1] and key[len(path)] in LIST_KEYS
        }


def _validate(
    model: type[Common], body: dict[str, Any], place: Place, found: list[Finding], *, has_nulls: bool
) -> Common | None:
    """Return the model of a complete document, or None, because another layer may supply the missing fields."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problem = error
    without = without_nulls(body) if has_nulls else body
    if without != body:
        try:
            return model.model_validate(without)
        except ValidationError as error:
            problem = error
    found.extend(errors.findings(problem, model, body, place))
    for path in errors.missing_paths(problem):
        if path[-1] in _IDENTITY:
            found.append(errors.missing(path, place, body))
    return None


def without_nulls(data: dict[str, Any]) -> dict[str, Any]:
    """Return data without the keys that null unsets. Maps that llmconf does not interpret stay as they are."""
    found: dict[str, Any] = drop_nulls(data, _OPAQUE)
    return found


def _validate_apart(fragments: list[Fragment], found: list[Finding], *, has_nulls: bool) -> None:
    """Validate each resource of a document that is not valid as a whole. Its errors are reported already."""
    for fragment in fragments:
        data = {key: value for key, value in fragment.layer.data.items() if key != "provider"}
        try:
            fragment.spec = RESOURCES[fragment.kind].model_validate(without_nulls(data) if has_nulls else data)
        except ValidationError as error:
            fragment.broken = len(errors.missing_paths(error)) < error.error_count()
        # A mistake in any part makes the whole provider unsure.
        fragment.broken = fragment.broken or (fragment.kind == "Provider" and bool(found))


def _lift(
    kind: str, body: dict[str, Any], place: Place, environment: str | None, spec: Common | None
) -> list[Fragment]:
    name_key = "id" if kind == "Model" else "name"
    is_nested = kind in NESTED.values()
    name, owner = body.get(name_key), body.get("provider") if is_nested else None
    if not isinstance(name, str) or (is_nested and not isinstance(owner, str)):
        return []
    layer_name = environment or "base"
    data = body
    if kind == "Provider":
        data = {key: value for key, value in body.items() if key not in NESTED}
    identity = f"{kind.lower()}/{owner}/{name}" if owner else f"{kind.lower()}/{name}"
    own = Layer(layer_name, place.file, place.document, (), data)
    fragments = [Fragment(identity, kind, name, owner, own, spec)]
    for key in NESTED if kind == "Provider" else ():
        items = body.get(key)
        if isinstance(items, list):
            # An empty list changes nothing, and another finding reports that.
            fragments[0].has_children = True
            specs = getattr(spec, key, None) or [None] * len(items)
            fragments += _lift_items(name, own, key, items, specs)
    return fragments


def _lift_items(
    provider: str, own: Layer, key: str, items: list[Any], specs: Sequence[Common | None]
) -> Iterator[Fragment]:
    """Yield the fragments of the resources in one list of a provider's document."""
    kind = NESTED[key]
    name_key = "id" if kind == "Model" else "name"
    prefix = f"{kind.lower()}/{provider}/"
    for index, item in enumerate(items):
        name = item.get(name_key) if isinstance(item, dict) else None
        if isinstance(name, str):
            layer = Layer(own.name, own.file, own.document, (key, index), item)
            yield Fragment(prefix + name, kind, name, provider, layer, specs[index])


def _check_type(fragment: Fragment) -> Finding | None:
    """Check that the provider type exists. Its options are checked after merging."""
    provider_type = fragment.layer.data.get("type")
    if not isinstance(provider_type, str) or provider_type in adapters.types():
        return None
    fragment.broken = True
    layer = fragment.layer
    hint = (
        did_you_mean(provider_type, adapters.types())
        or "for a server that speaks OpenAI's API, write `openai_compatible`"
    )
    at = Place(layer.file, layer.document, (*layer.path, "type"))
    return Finding("LCS007", at, f"unknown provider type `{provider_type[:60]}`", hint)
