"""The sync stage: asks providers for their model lists and turns the lists into new lock files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmconf.check import rules
from llmconf.check.stale_locks import declared_providers, listed_urls
from llmconf.core.errors import RefusedError
from llmconf.core.suggest import did_you_mean
from llmconf.live.authorize import Authorizer
from llmconf.live.fan_out import gather, reason
from llmconf.live.http import HttpClient
from llmconf.live.list_models import ModelListing, fetch
from llmconf.live.lock_update import ProjectUse, SyncRequest, Update, decide
from llmconf.lock.enrich import Catalogs
from llmconf.lock.format import LockFile, Source
from llmconf.project import locks, relations
from llmconf.project.checked import Checked
from llmconf.project.discover import lock_name, lock_provider
from llmconf.project.environment import Resolved, Resource
from llmconf.project.model_facts import ModelFacts
from llmconf.schema.kinds import Provider
from llmconf.workspace import transaction
from llmconf.yamltext.text import BOM


def providers_to_sync(env: Resolved, wanted: Iterable[str] = ()) -> list[Resource[Provider]]:
    """Return the live providers of an environment: all, or those that `wanted` names by identity.

    Raises KeyError with the first one that does not exist, and RefusedError for one that is disabled.
    """
    names = set(wanted)
    for name in sorted(names):
        if name not in env.providers:
            raise KeyError(name)
        if not env.providers[name].spec.enabled:
            raise RefusedError(f"{name} is disabled here", "enable it, or leave it out")
    live = [provider for provider in env.providers.values() if provider.spec.enabled]
    return [provider for provider in live if not names or provider.identity in names]


def models_in_use(checked: Checked) -> frozenset[str]:
    """Return the identities of all models that something refers to, in any environment, enabled or not."""
    used: set[str] = set()
    for env in checked.environments.values():
        facts = ModelFacts(env)
        for route in env.routes.values():
            used.update(f"model/{target.model}" for target in route.spec.targets)
        for team in env.teams.values():
            used.update(use for use in team.spec.uses if use.startswith("model/"))
        for model in env.models.values():
            if model.is_declared:
                used.add(model.identity)
                used.update(base.identity for base in facts.bases(model))
    return frozenset(used)


def is_understood(checked: Checked) -> bool:
    """Tell whether the whole project was read. Only then is a model without references really not in use.

    The commands continue if a mistake is only in another environment.
    """
    project = checked.project
    unread = any(lock_provider(finding.place.file) is None for finding in project.unread)
    broken = any(env.broken for env in checked.environments.values())
    mistakes = (each.code for each in checked.diagnostics if lock_provider(each.span.file) is None)
    return not unread and not broken and not any(rules.has(code, "unclear") for code in mistakes)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The request to one provider for its list, and the answer. `update` may have failed already."""

    update: Update
    source: Source | None = None
    lock: LockFile | None = None
    listing: ModelListing | None = None


def sync(
    accesses: Authorizer,
    providers: Sequence[Resource[Provider]],
    *,
    checked: Checked,
    catalogs: Catalogs,
    wish: SyncRequest,
    network: Callable[[], HttpClient],
    done: Callable[[object], None] = lambda _: None,
    defect: Callable[[Exception], None] = lambda _: None,
) -> list[Update]:
    """List the models of all providers at once and return the updates of their locks, in the providers' order.

    This writes nothing. `done` is called with each list as it ends. Raises RefusedError if no provider lists a
    requested model and no lock has it.
    """

    async def work(provider: Resource[Provider], opened: HttpClient) -> _Asked:
        return await _ask(accesses, provider, opened, checked)

    def failed(provider: Resource[Provider], why: str) -> _Asked:
        update = _untouched(checked, provider.name)
        update.failure = why
        return _Asked(update)

    used = models_in_use(checked) if is_understood(checked) else None
    asked = gather(providers, work, failed, network=network, done=done, defect=defect)
    _require_models(wish, asked)
    # This waits until all have answered: the work here must not cause a timeout of another provider.
    return [_decided(each, checked, catalogs, wish, used, defect) for each in asked]


def _decided(
    asked: _Asked, checked: Checked, catalogs: Catalogs, wish: SyncRequest, used: frozenset[str] | None,
    defect: Callable[[Exception], None],
) -> Update:  # fmt: skip
    """Return the update of a lock. If it cannot be worked out, the lock stays unchanged and `failure` says why."""
    if asked.source is None or asked.listing is None:
        return asked.update
    try:
        known = ProjectUse(used, listed_urls(checked.environments.values(), asked.update.provider))
        decide(asked.update, asked.lock, asked.listing, asked.source, catalogs, wish, known)
    except Exception as error:  # a defect at one lock must not hide the updates of the others
        update = _untouched(checked, asked.update.provider)
        update.failure = reason(error, defect)
        return update
    return asked.update


def _untouched(checked: Checked, provider: str) -> Update:
    text = checked.project.text(lock_name(provider))
    unread = text is None and checked.project.tree.entry(lock_name(provider)) is not None
    text = None if text is None else text.replace("\r\n", "\n")
    update = Update(provider, text, text)
    if unread:
        update.failure = f"{update.file} exists but cannot be read: delete it, and run this again"
    return update


async def _ask(accesses: Authorizer, provider: Resource[Provider], network: HttpClient, checked: Checked) -> _Asked:
    """Ask a provider for its list. Raises LlmconfError if its credential may not be sent."""
    update = _untouched(checked, provider.name)
    lock = _read(update)
    if update.failure:
        return _Asked(update)
    endpoint = relations.default_endpoint(accesses.env, provider.name)
    if endpoint is None:
        update.failure = "there is no default endpoint to ask"
        return _Asked(update)
    access = accesses.open(endpoint, accesses.credential_of(endpoint))
    listing = await fetch(access, network)
    if listing is None:
        said = f"`{provider.spec.type}` has no list of models: declare them by hand"
        if lock is not None:
            update.refusal = f"{said}, and delete {update.file}"
        else:
            update.notes.append(said)
        return _Asked(update)
    filters = provider.spec.sync
    source = Source(
        endpoint.spec.url,
        provider.spec.type,
        tuple(filters.include or ()) if filters else (),
        tuple(filters.exclude or ()) if filters else (),
    )
    return _Asked(update, source, lock, listing)


def _read(update: Update) -> LockFile | None:
    """Return the current lock. None if there is no lock, or if it has mistakes; then `failure` names the first."""
    if update.old is None:
        return None
    lock, findings = locks.read_text(update.old, update.file)
    if lock is None:
        finding = findings[0]
        update.failure = f"{update.file}: {finding.message} ({finding.hint or 'fix it, or delete the file'})"
    return lock


def _require_models(wish: SyncRequest, asked: Sequence[_Asked]) -> None:
    """Raise RefusedError if a requested model is unknown to all providers, and all of them answered."""
    known = {model.id for each in asked if each.lock for model in each.lock.models}
    known |= {model.id for each in asked if each.listing for model in each.listing.models}
    silent = any(each.update.failure or (each.listing and each.listing.failure) for each in asked)
    for name in sorted(wish.models - known):
        if not silent:
            raise RefusedError(f"no provider lists the model `{name}`", did_you_mean(name, known))


def orphans(checked: Checked) -> list[Update]:
    """Return updates that delete the locks of providers that no environment has.

    Raises RefusedError if a part of the project could not be read, because that part may declare the provider.
    """
    if not is_understood(checked):
        raise RefusedError("a file with mistakes may declare the provider of a lock", "`llmconf validate` shows them")
    known = declared_providers(checked.project)
    found = []
    for file in checked.project.files:
        provider = lock_provider(file.name)
        if provider is not None and provider not in known:
            update = _untouched(checked, provider)
            update.new = None
            found.append(update)
    return found


def write(root: Path, updates: Iterable[Update]) -> None:
    """Write the locks that change, all together. Raises RefusedError if one was changed in the meantime."""
    changes = [
        transaction.Change(root / update.file, _before(root / update.file, update.old), _bytes(update.new))
        for update in updates
        if update.drifted
    ]
    if changes:
        with transaction.locked(root):
            transaction.apply(root, changes)


def _before(path: Path, text: str | None) -> bytes | None:
    """Return the bytes that a text was read from, with their own line endings and byte order mark, if any."""
    data = path.read_bytes() if text is not None and path.is_file() else None
    same = data is not None and data.removeprefix(BOM).replace(b"\r\n", b"\n") == _bytes(text)
    return data if same else _bytes(text)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
