"""The sync stage: what providers list now becomes new lock files, with facts from catalogs where they are silent.

Deciding is pure: `decide` takes a lock, a list and what is in use, and returns an `Update`. A list that failed,
is empty or has lost too many models changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from llmconf import edits, locked, lockfile, wiring
from llmconf.access import Accesses
from llmconf.adapters import ModelRecord
from llmconf.catalog import PROVIDER, Catalogs, Disagreement, enrich
from llmconf.check import Checked
from llmconf.discover import LOCK_FOLDER
from llmconf.errors import LlmconfError
from llmconf.http import Network
from llmconf.listing import Listing, fetch
from llmconf.lockfile import Locked, LockFile, Source
from llmconf.resolved import Resolved, Resource
from llmconf.schema.kinds import Provider
from llmconf.text import BOM

_SHARE, _FEW = 0.25, 1
"""Part of the locked models that may vanish at once without being asked for, and how many may in any case."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run of sync is asked for. `models` narrows it down to these ids; empty means all."""

    models: frozenset[str] = frozenset()
    allow_removals: bool = False


@dataclass(slots=True)
class Update:
    """What becomes of one lock.

    `old` and `new` are its texts, None for a file that is not there. `vanished` models are no longer listed and
    stay, marked as removed, since something uses them; `removed` ones go. `changed` maps an id to its facts
    that differ, each as (fact, before, after); `disagreements` are those of provider and catalogs. `failure` says why
    nothing could be determined, `refusal` why what was determined is not taken over; either leaves the lock as
    it is. `notes` are for people.
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

    @property
    def file(self) -> str:
        """The name of the lock file, relative to the project."""
        return lock_name(self.provider)

    @property
    def drifted(self) -> bool:
        """Whether the lock is not what it would be after a sync."""
        return self.old != self.new


def lock_name(provider: str) -> str:
    """Return the name of a provider's lock file, relative to the project."""
    return f"{LOCK_FOLDER}{provider}.lock.yaml"


def providers_to_sync(env: Resolved, wanted: Iterable[str] = ()) -> list[Resource[Provider]]:
    """Return the live providers of an environment: all, or those that `wanted` names by identity.

    Raises KeyError with the first one that does not exist.
    """
    names = set(wanted)
    for name in sorted(names):
        if name not in env.providers:
            raise KeyError(name)
    live = [provider for provider in env.providers.values() if provider.spec.enabled]
    return [provider for provider in live if not names or provider.identity in names]


def models_in_use(checked: Checked) -> frozenset[str]:
    """Return the identities of all models that something refers to, in any environment, enabled or not."""
    used: set[str] = set()
    for env in checked.environments.values():
        by_id = wiring.models_by_id(env)
        for route in env.routes.values():
            used.update(f"model/{target.model}" for target in route.spec.targets)
        for team in env.teams.values():
            used.update(use for use in team.spec.uses if use.startswith("model/"))
        for model in env.models.values():
            if model.is_declared:
                used.add(model.identity)
                used.update(base.identity for base in wiring.bases(env, model, by_id))
    return frozenset(used)


def sync(
    accesses: Accesses,
    providers: Sequence[Resource[Provider]],
    *,
    checked: Checked,
    catalogs: Catalogs,
    wish: Wish,
    network: Callable[[], Network],
    done: Callable[[Update], None] = lambda _: None,
) -> list[Update]:
    """List the models of providers at once and return what becomes of their locks, in their order.

    Nothing is written. `done` is told of each as it ends.
    """
    used = models_in_use(checked)

    async def run() -> list[Update]:
        async with network() as open_network:
            return await asyncio.gather(*(one(open_network, provider) for provider in providers))

    async def one(open_network: Network, provider: Resource[Provider]) -> Update:
        update = await _update(accesses, provider, open_network, checked, catalogs, wish, used)
        done(update)
        return update

    return asyncio.run(run())


async def _update(
    accesses: Accesses, provider: Resource[Provider], network: Network, checked: Checked, catalogs: Catalogs,
    wish: Wish, used: frozenset[str],
) -> Update:  # fmt: skip
    text = checked.project.text(lock_name(provider.name))
    update = Update(provider.name, text, text)
    old = _locked_models(update)
    if old is None:
        return update
    endpoint = wiring.default_endpoint(accesses.env, provider.name)
    if endpoint is None:
        update.failure = "there is no default endpoint to ask"
        return update
    try:
        access = accesses.open(endpoint, accesses.credential_of(endpoint))
        listing = await fetch(access, network)
    except LlmconfError as error:
        update.failure = f"{error.message} ({error.hint})" if error.hint else error.message
        return update
    if listing is None:
        update.notes.append(f"`{provider.spec.type}` has no list of models: declare them by hand")
        return update
    filters = provider.spec.sync
    source = Source(
        endpoint.spec.url,
        provider.spec.type,
        tuple(filters.include or ()) if filters else (),
        tuple(filters.exclude or ()) if filters else (),
    )
    decide(update, old, listing, source, catalogs, wish, used)
    return update


def _locked_models(update: Update) -> dict[str, Locked] | None:
    """Return the models that a lock holds now, by id; None, with the failure filled in, where it has mistakes."""
    if update.old is None:
        return {}
    lock, findings = locked.read_text(update.old, update.file)
    if lock is None:
        update.failure = f"{update.file}: {findings[0].message} ({findings[0].hint or 'mend it, or delete the file'})"
        return None
    return {model.id: model for model in lock.models}


def decide(
    update: Update,
    old: Mapping[str, Locked],
    listing: Listing,
    source: Source,
    catalogs: Catalogs,
    wish: Wish,
    used: Collection[str],
) -> None:
    """Work out the new text of a lock from its models, a list and what is in use; fills in `update`."""
    if listing.failure is not None:
        update.failure = f"{listing.failure.verdict.replace('_', ' ')}: {listing.failure.detail}".removesuffix(": ")
        return
    listed = _enriched(update, listing, source, catalogs)
    if not listed and (old or not listing.models):
        update.failure = "the list is empty" if not listing.models else "the filter takes no model of the list"
        return
    if listing.skipped:
        update.notes.append(f"{listing.skipped} entries without a usable id were left out")
    # What a narrower filter leaves out was asked for, and does not count as lost.
    gone = [name for name in old if name not in listed and (not wish.models or name in wish.models)]
    lost = [name for name in gone if _is_live(old[name]) and lockfile.selects(name, source.include, source.exclude)]
    if len(lost) > max(_FEW, _SHARE * len(old)) and not wish.allow_removals:
        update.refusal = (
            f"{len(lost)} of {len(old)} models are no longer listed, such as `{lost[0]}`: that may be a mistake of"
            " the vendor; --allow-removals takes it over"
        )
        return
    models = dict(old) if wish.models else {}
    for name in gone:
        models.pop(name, None)
        if f"model/{update.provider}/{name}" in used:
            models[name] = _as_removed(old[name])
    models |= {name: model for name, model in listed.items() if not wish.models or name in wish.models}
    _compare(update, old, models)
    update.new = lockfile.write(LockFile(source, tuple(models.values())))


def _enriched(update: Update, listing: Listing, source: Source, catalogs: Catalogs) -> dict[str, Locked]:
    """Return the listed models that the filter takes, with the facts that catalogs add."""
    found: dict[str, Locked] = {}
    for record in listing.models:
        if not lockfile.selects(record.id, source.include, source.exclude):
            continue
        enriched = enrich(record, source.adapter, catalogs, source.endpoint)
        update.disagreements += enriched.disagreements
        facts, sources = _facts(enriched.record), dict(enriched.sources)
        if "aliases" in facts:
            sources["aliases"] = PROVIDER
        found[record.id] = Locked(record.id, facts, record.callable, sources)
    return found


def _facts(record: ModelRecord) -> dict[str, Any]:
    """Return what is known of a model in the shape that a lock has."""
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
    """Return a model as one that its provider does not list any more; what was known of it stays."""
    lifecycle = {**(model.facts.get("lifecycle") or {}), "status": "removed"}
    sources = {**model.sources, "lifecycle": PROVIDER}
    return replace(model, facts={**model.facts, "lifecycle": lifecycle}, sources=sources)


def _compare(update: Update, old: Mapping[str, Locked], new: Mapping[str, Locked]) -> None:
    """Fill in what is added, removed and changed, each sorted by id."""
    update.added = sorted(new.keys() - old.keys())
    update.removed = sorted(old.keys() - new.keys())
    for name in sorted(old.keys() & new.keys()):
        if _is_live(old[name]) and not _is_live(new[name]):
            update.vanished.append(name)
            continue
        before, after = old[name].facts, new[name].facts
        differ = [
            (fact, before.get(fact), after.get(fact))
            for fact in lockfile.FACTS
            if _plain(before.get(fact)) != _plain(after.get(fact))
        ]
        differ += [("enabled", old[name].enabled, new[name].enabled)] * (old[name].enabled != new[name].enabled)
        if differ:
            update.changed[name] = differ


def _plain(value: Any) -> Any:
    """Return a fact as it compares: the order of capabilities and aliases says nothing."""
    if isinstance(value, list | tuple):
        return sorted(map(_plain, value), key=str)
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, Mapping) else value


def orphans(checked: Checked) -> list[Update]:
    """Return updates that delete the locks of providers that no environment has."""
    known = {provider.name for env in checked.environments.values() for provider in env.providers.values()}
    broken = {name.partition("/")[2] for env in checked.environments.values() for name in env.broken}
    found = []
    for file in checked.project.files:
        provider = file.name.removeprefix(LOCK_FOLDER).removesuffix(".lock.yaml")
        if file.name == lock_name(provider) and provider not in known | broken:
            found.append(Update(provider, checked.project.text(file.name), None, notes=["no such provider: deleted"]))
    return found


def write(root: Path, updates: Iterable[Update]) -> None:
    """Write the locks that change, all together. Raises RefusedError where one changed meanwhile."""
    changes = [
        edits.Change(root / update.file, _before(root / update.file, update.old), _bytes(update.new))
        for update in updates
        if update.drifted
    ]
    if changes:
        with edits.locked(root):
            edits.apply(root, changes)


def _before(path: Path, text: str | None) -> bytes | None:
    """Return the bytes that a text was read from, which may begin with a mark."""
    data = _bytes(text)
    return BOM + data if data is not None and path.is_file() and path.read_bytes() == BOM + data else data


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
