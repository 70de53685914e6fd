"""Decides how a model list changes a lock. These functions are pure; the stage `sync` applies their decisions.

If the list failed, is empty or has lost too many models, the lock does not change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llmconf.adapters import ModelRecord
from llmconf.live.list_models import ModelListing
from llmconf.lock import format as lock_format
from llmconf.lock.enrich import PROVIDER, Catalogs, Disagreement, enrich
from llmconf.lock.format import Locked, LockFile, Source
from llmconf.project.discover import lock_name

_SHARE, _FEW = 0.25, 1
"""Share of the live models that may vanish at once without `--allow-removals`, and how many may in any case."""


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What the user asks a sync for. `models` limits it to these ids; empty means all."""

    models: frozenset[str] = frozenset()
    allow_removals: bool = False


@dataclass(slots=True)
class Update:
    """The changes of one lock.

    `old` and `new` are its texts; None means that there is no file. `vanished` models are no longer listed, but
    something uses them, so they stay and are marked as removed. `removed` models are deleted. `changed` maps an id
    to its facts that differ, each as (fact, before, after). `disagreements` are those between provider and catalogs.
    `failure` says why no changes could be determined. `refusal` says why the changes are not applied. Either of them
    leaves the lock unchanged. `notes` are for people. `concerned` is False if a run is only about models of other
    providers.
    """

    provider: str
    old: str | None = None
    new: str | None = None
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    changed: dict[str, list[tuple[str, Any, Any]]] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)
    failure: str | None = None
    refusal: str | None = None
    notes: list[str] = field(default_factory=list)
    concerned: bool = True

    @property
    def file(self) -> str:
        """The name of the lock file, relative to the project."""
        return lock_name(self.provider)

    @property
    def drifted(self) -> bool:
        """Whether a sync would change the lock."""
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class ProjectUse:
    """How the project uses the models of one lock.

    `used` are the identities of models that something refers to. None means that a part of the project could not be
    read, so any model may be in use. `urls` are the URLs that list its models in some environment.
    """

    used: Collection[str] | None
    urls: Collection[str] = ()

    def may_use(self, identity: str) -> bool:
        """Tell whether something refers to a model, or may refer to it."""
        return self.used is None or identity in self.used


def decide(
    update: Update,
    lock: LockFile | None,
    listing: ModelListing,
    source: Source,
    catalogs: Catalogs,
    wish: SyncRequest,
    known: ProjectUse,
) -> None:
    """Work out the new text of a lock from its old content, a list and the models in use. Fills in `update`."""
    old = {model.id: model for model in lock.models} if lock else {}
    names = {record.id for record in listing.models}
    if wish.models and not listing.failure and not wish.models & (old.keys() | names):
        update.concerned = False
        return
    listed = _listed(update, listing, source, catalogs, wish)
    if update.failure:
        return
    gone = [name for name in old if name not in listed and (not wish.models or name in wish.models)]
    update.refusal = _refusal(lock, listed, names, gone, source, wish)
    models = dict(old) if wish.models else {}
    for name in gone:
        models.pop(name, None)
        # A model that the filter excludes is not locked, even if it is used; `validate` reports that at the route.
        if name not in names and known.may_use(f"model/{update.provider}/{name}"):
            models[name] = _as_removed(old[name])
    models |= {name: model for name, model in listed.items() if not wish.models or name in wish.models}
    _compare(update, old, models)
    if update.refusal:
        return
    if known.used is None and update.vanished:
        update.notes.append("models that are gone stay, marked as removed: a file with mistakes may refer to them")
    if listing.skipped:
        update.notes.append(f"{listing.skipped} entries without a usable id were left out")
    new = _text(update, lock, models, source, known, wish)
    if lock_format.is_too_large(new):
        update.refusal = f"a lock of {len(models):,} models is too large to read again: narrow `sync:` of the provider"
        return
    update.new = new
    if update.drifted and not catalogs.imported and any("capabilities" not in model.facts for model in models.values()):
        update.notes.append("not all capabilities are known: `llmconf catalog import` adds what a catalog knows")


def _listed(
    update: Update, listing: ModelListing, source: Source, catalogs: Catalogs, wish: SyncRequest
) -> dict[str, Locked]:
    """Return the listed models that the filter includes. If there is no usable list, `update` gets the reason."""
    if listing.failure is not None:
        update.failure = f"{listing.failure.verdict.replace('_', ' ')}: {listing.failure.detail}".removesuffix(": ")
        return {}
    if not listing.models:
        update.failure = "the list is empty"
    return _enriched(update, listing, source, catalogs, wish)


def _text(
    update: Update,
    lock: LockFile | None,
    models: Mapping[str, Locked],
    source: Source,
    known: ProjectUse,
    wish: SyncRequest,
) -> str:
    """Return the new text. One lock serves all environments, so its endpoint changes only if the list changes."""
    was = lock.source.endpoint if lock else source.endpoint
    if was in known.urls and was != source.endpoint:
        same = lock_format.write(LockFile(replace(source, endpoint=was), tuple(models.values())))
        if same == update.old or wish.models:
            update.notes.append(f"{source.endpoint} was asked, but the lock comes from {was}")
            return same
        update.notes.append(f"{source.endpoint} was asked; until now the lock came from {was}")
    return lock_format.write(LockFile(source, tuple(models.values())))


def _refusal(
    lock: LockFile | None, listed: Mapping[str, Locked], names: Collection[str], gone: Sequence[str],
    source: Source, wish: SyncRequest,
) -> str | None:  # fmt: skip
    """Return why a list is not applied unless the user asks for it, or None if it is applied."""
    left_out = sorted(wish.models & names - listed.keys()) if wish.models else []
    if left_out:
        return f"the filter excludes `{left_out[0]}`: fix `sync:` of the provider first"
    if wish.models and lock and _header(lock.source) != _header(source):
        return "the lock was written for another type or filter: sync all models of the provider first"
    if not listed:
        return f"the filter includes none of the {len(names)} models that are listed"
    # The user wants the filter to exclude models, and models that were gone before are not lost now.
    old = {model.id: model for model in lock.models} if lock else {}
    live = [name for name in old if _is_live(old[name]) and lock_format.selects(name, source.include, source.exclude)]
    lost = [name for name in gone if name in live]
    all_gone = bool(lost) and not any(name in listed for name in live)
    if wish.allow_removals or not (all_gone or len(lost) > max(_FEW, _SHARE * len(live))):
        return None
    why = "that may be a mistake of the vendor"
    if lock and lock.source.endpoint != source.endpoint:
        why = f"{source.endpoint} was asked, but the lock comes from {lock.source.endpoint}"
    count = f"{len(lost)} of {len(live)} models are no longer listed, such as `{lost[0]}`"
    return f"{count}: {why}; --allow-removals accepts it"


def _header(source: Source) -> tuple[str, list[str], list[str]]:
    return source.adapter, sorted(source.include), sorted(source.exclude)


def _enriched(
    update: Update, listing: ModelListing, source: Source, catalogs: Catalogs, wish: SyncRequest
) -> dict[str, Locked]:
    """Return the listed models that the filter includes, with the facts that catalogs add."""
    found: dict[str, Locked] = {}
    for record in listing.models:
        if not lock_format.selects(record.id, source.include, source.exclude):
            continue
        enriched = enrich(record, source.adapter, catalogs, source.endpoint)
        update.disagreements += enriched.disagreements if not wish.models or record.id in wish.models else []
        facts, sources = _facts(enriched.record), dict(enriched.sources)
        if "aliases" in facts:
            sources["aliases"] = PROVIDER
        found[record.id] = Locked(record.id, facts, record.callable, sources)
    return found


def _facts(record: ModelRecord) -> dict[str, Any]:
    """Return the known facts of a model in the shape that a lock has."""
    stages = {key: getattr(record, key) for key in ("status", "deprecated", "retires", "replacement")}
    lifecycle = {key: stage for key, stage in stages.items() if stage is not None and stage != "active"}
    found = {
        "mode": record.mode,
        "capabilities": sorted(record.capabilities or ()),
        "context": record.context,
        "max_output": record.max_output,
        "price": record.price,
        "aliases": sorted(record.aliases),
        "lifecycle": lifecycle,
    }
    return {fact: value for fact, value in found.items() if value}


def _is_live(model: Locked) -> bool:
    return (model.facts.get("lifecycle") or {}).get("status") != "removed"


def _as_removed(model: Locked) -> Locked:
    """Return a model marked as removed, because its provider does not list it any more. Its facts stay."""
    lifecycle = {**(model.facts.get("lifecycle") or {}), "status": "removed"}
    sources = {**model.sources, "lifecycle": PROVIDER}
    return replace(model, facts={**model.facts, "lifecycle": lifecycle}, sources=sources)


def _compare(update: Update, old: Mapping[str, Locked], new: Mapping[str, Locked]) -> None:
    """Fill in the added, removed and changed models, each sorted by id."""
    update.added = sorted(new.keys() - old.keys())
    update.removed = sorted(old.keys() - new.keys())
    for name in sorted(old.keys() & new.keys()):
        if _is_live(old[name]) and not _is_live(new[name]):
            update.vanished.append(name)
            continue
        before, after = old[name].facts, new[name].facts
        differ = [
            (fact, before.get(fact), after.get(fact))
            for fact in lock_format.FACTS
            if _plain(before.get(fact)) != _plain(after.get(fact))
        ]
        differ += [("enabled", old[name].enabled, new[name].enabled)] * (old[name].enabled != new[name].enabled)
        if differ:
            update.changed[name] = differ


def _plain(value: Any) -> Any:
    """Return a fact in the form that is compared: the order of capabilities and aliases does not matter."""
    if isinstance(value, list | tuple):
        return sorted(map(_plain, value), key=str)
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, Mapping) else value
