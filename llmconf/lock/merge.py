"""Merges two versions of a lock model by model if git, which merges lines, has left a conflict."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from llmconf.core.errors import RefusedError
from llmconf.lock.format import FACTS, Locked, LockFile, Source, selects

_MARKER = re.compile(r"(?:([<|>])\1{6}(?: .*)?|(=)={6})\r?\n?", re.DOTALL)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")

_Known = tuple[Any, str | None]
"""A fact and its origin, which are always merged together."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged lock, and for each fact on which the two sides differ a line for people."""

    lock: LockFile
    notes: list[str]


@dataclass(slots=True)
class Sides:
    """The versions in a text with conflict markers. `base` is only there if the markers contain it."""

    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    base: list[str] | None = field(default_factory=list)


def split(text: str) -> Sides:
    """Split a text with conflict markers into its versions. Raises RefusedError if the markers do not match.

    The markers may have git's usual style or the style of `diff3`, which contains the common ancestor too.
    """
    sides, inside = Sides(), ""
    follows = {"<": ("",), "|": ("<",), "=": ("<", "|"), ">": ("=",)}
    for number, line in enumerate(_LINE.findall(text), 1):
        marker = _MARKER.fullmatch(line)
        kind = (marker[1] or marker[2]) if marker else ""
        if kind and inside not in follows[kind]:
            raise RefusedError(f"the conflict marker on line {number} does not follow the one before it")
        if kind:
            if kind == "=" and inside == "<":
                sides.base = None
            inside = "" if kind == ">" else kind
            continue
        if inside in ("", "<"):
            sides.ours.append(line)
        if inside in ("", "="):
            sides.theirs.append(line)
        if inside in ("", "|") and sides.base is not None:
            sides.base.append(line)
    if inside:
        raise RefusedError("its last conflict has no end marker")
    return sides


def merge(
    base: LockFile | None, ours: LockFile, theirs: LockFile, fits: Callable[[Source], bool] = lambda _: False
) -> Merged:
    """Merge two locks by the ids of their models. A change of only one side is taken from that side.

    If one side removed a model and the other did not change it, it is removed. If both sides changed one fact, a
    fact of the provider wins over a fact of a catalog, and a value wins over no value; else our fact is kept.
    Without a base, no model counts as removed. If the two locks come from different lists, the result has the source
    that `fits` the current project, and the models that its filter selects. Raises RefusedError if neither or both
    fit.
    """
    notes: list[str] = []
    source = _merge_source(base, ours.source, theirs.source, fits, notes)
    first = _by_id(base)
    mine, other = (_left_alone(first, lock) | _by_id(lock) for lock in (ours, theirs))
    models = []
    for name in sorted(mine.keys() | other.keys()):
        model = _merge_presence(first.get(name), mine.get(name), other.get(name), notes)
        if model is not None and _takes(source, model):
            models.append(model)
    return Merged(LockFile(source, tuple(models)), notes)


def _by_id(lock: LockFile | None) -> dict[str, Locked]:
    return {model.id: model for model in lock.models} if lock else {}


def _left_alone(base: dict[str, Locked], side: LockFile) -> dict[str, Locked]:
    """Return the models that the filter of a side excludes. They are missing there, but were not removed."""
    return {name: model for name, model in base.items() if not _takes(side.source, model)}


def _merge_source(
    base: LockFile | None, ours: Source, theirs: Source, fits: Callable[[Source], bool], notes: list[str]
) -> Source:
    if ours == theirs or (base and theirs == base.source):
        return ours
    if base and ours == base.source:
        return theirs
    fitting = [side for side, source in (("ours", ours), ("theirs", theirs)) if fits(source)]
    same_list = replace(ours, endpoint="") == replace(theirs, endpoint="")
    if len(fitting) == 1 or (fitting and same_list):
        notes.append(f"the sides have different endpoints, types or filters; those of {fitting[0]} fit the project")
        return ours if fitting[0] == "ours" else theirs
    raise RefusedError(
        "the two sides have different endpoints, types or filters",
        "fix `sync:` of the provider first, so that one side fits; or take a side with `git checkout --ours` or"
        " `--theirs`, and run `llmconf sync`",
    )


def _takes(source: Source, model: Locked) -> bool:
    """Tell whether a filter selects a model. A model that is marked as removed was selected before."""
    removed = (model.facts.get("lifecycle") or {}).get("status") == "removed"
    return removed or selects(model.id, source.include, source.exclude)


def _merge_presence(
    base: Locked | None, ours: Locked | None, theirs: Locked | None, notes: list[str]
) -> Locked | None:
    if ours is not None and theirs is not None:
        return _merge_model(base, ours, theirs, notes)
    left = ours or theirs
    if left is None or left == base:
        return None
    if base is not None:
        notes.append(f"{left.id}: removed on one side and changed on the other; kept")
    return left


def _merge_model(base: Locked | None, ours: Locked, theirs: Locked, notes: list[str]) -> Locked:
    """Merge one model fact by fact."""
    facts: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for fact in FACTS:
        known = _fact(base, fact), _fact(ours, fact), _fact(theirs, fact)
        (value, source), side = _choose(*known)
        if side is not None:
            notes.append(_note(ours.id, fact, side))
        if value is not None:
            facts[fact] = value
            if source is not None:
                sources[fact] = source
    enabled = ours.enabled if base is None or ours.enabled != base.enabled else theirs.enabled
    if base is None and ours.enabled != theirs.enabled:
        notes.append(_note(ours.id, "enabled", "ours"))
    return Locked(ours.id, facts, enabled, sources)


def _fact(model: Locked | None, fact: str) -> _Known:
    return (model.facts.get(fact), model.sources.get(fact)) if model else (None, None)


def _choose(base: _Known, ours: _Known, theirs: _Known) -> tuple[_Known, str | None]:
    """Return the fact of the side that changed it. If both did, return the better fact, and name its side."""
    if theirs in (ours, base):
        return ours, None
    if ours == base:
        return theirs, None
    if ours[0] is None or theirs[0] is None:
        return (theirs if ours[0] is None else ours), None
    theirs_is_better = _is_told(theirs) and not _is_told(ours)
    side = "theirs" if theirs_is_better else "ours"
    return (theirs if theirs_is_better else ours), (side if ours[0] != theirs[0] else None)


def _is_told(known: _Known) -> bool:
    """Tell whether a fact comes from the provider, at least in part."""
    return known[1] is not None and known[1].partition("+")[0] == "provider"


def _note(model: str, fact: str, side: str) -> str:
    return f"{model}: the sides differ on `{fact}`; {side} is kept"
