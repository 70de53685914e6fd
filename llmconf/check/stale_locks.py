"""Compares locks with their providers, and finds the locks that are out of date, missing or left over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from llmconf import adapters
from llmconf.core.diagnostics import Finding, Path, Place
from llmconf.core.suggest import did_you_mean
from llmconf.project import relations
from llmconf.project.discover import lock_name
from llmconf.project.environment import Lock, Resolved, Resource
from llmconf.project.load import Project
from llmconf.schema.kinds import Provider

if TYPE_CHECKING:
    from llmconf.lock.format import Source
    from llmconf.schema.lock import LockSource

CODE = "LCM010"


def stale_locks(
    project: Project, environments: Iterable[Resolved], others: Callable[[], Iterable[Resolved]] = tuple
) -> Iterator[Finding]:
    """Yield a finding for each lock that does not match its provider.

    A provider may differ between environments. Its one lock has to match it in at least one of them. `others`
    resolves the environments that are not checked, because a lock may come from a server that only they have.
    """
    resolved = list(environments)
    declared = declared_providers(project)
    for name, lock in project.locks.items():
        if name not in declared:
            hint = did_you_mean(name, declared) or "delete the file, or run `llmconf sync --prune`"
            yield Finding(CODE, Place(lock.file, 0), f"there is no provider `{name[:63]}` for this lock", hint)
            continue
        hint = _hint(project, name)
        providers = [env.providers[f"provider/{name}"] for env in resolved if f"provider/{name}" in env.providers]
        differences = [_difference(lock, provider, hint) for provider in providers if provider.spec.enabled]
        if differences and differences[0] and all(differences):
            yield differences[0]
        elif _is_of_no_endpoint(lock, name, resolved, others):
            message = f"this lock comes from an endpoint that the provider `{name}` no longer has"
            yield Finding(CODE, Place(lock.file, 0, ("source", "endpoint")), message, hint)
        else:
            yield from _unfiltered(lock, hint)
    files = {file.name for file in project.files}
    for env in resolved:
        for provider in env.providers.values():
            if provider.spec.enabled and provider.spec.sync and lock_name(provider.name) not in files:
                place = provider.place("sync", on_key=True)
                message = f"provider `{provider.name}` has `sync:` but no lock"
                yield Finding(CODE, place, message, _hint(project, provider.name))


def _unfiltered(lock: Lock, hint: str) -> Iterator[Finding]:
    """Yield a finding if a lock has models that its own filter excludes, which happens if somebody edits the lock.

    Removed models that the lock keeps do not count, because the filter included them once.
    """
    include, exclude = lock.source.include, lock.source.exclude
    if not include and not exclude:
        return
    from llmconf.lock.format import selects

    found = [
        (index, block["id"])
        for index, block in enumerate(lock.blocks)
        if not selects(block["id"], include, exclude)
        and (block.get("lifecycle") or {}).get("status") != "removed"
    ]
    if found:
        (index, name), more = found[0], f" and {len(found) - 1} more" if len(found) > 1 else ""
        message = f"the filter of this lock does not include `{name}`{more}"
        yield Finding(CODE, Place(lock.file, 0, ("models", index, "id")), message, hint)


def _is_of_no_endpoint(
    lock: Lock, name: str, environments: list[Resolved], others: Callable[[], Iterable[Resolved]]
) -> bool:
    """Tell whether a lock comes from an endpoint at which no environment lists models.

    The answer is False if not all endpoints are known, or if no environment lists models.
    """
    if any(f"provider/{name}" in env.broken for env in environments):
        return False
    urls = listed_urls(environments, name)
    if lock.source.endpoint not in urls:
        urls |= listed_urls(others(), name)
    return bool(urls) and lock.source.endpoint not in urls


def listed_urls(environments: Iterable[Resolved], provider: str) -> set[str]:
    """Return the URLs at which a provider's models are listed: those of its default endpoint, if it is enabled."""
    found = set()
    for env in environments:
        owner = env.providers.get(f"provider/{provider}")
        endpoint = relations.default_endpoint(env, provider) if owner and owner.spec.enabled else None
        if endpoint is not None and endpoint.spec.enabled:
            found.add(endpoint.spec.url)
    return found


def declared_providers(project: Project) -> set[str]:
    """Return the providers of the base and those that any environment adds, including environments not checked now."""
    added = (f for group in project.overlays.values() for f in group if "$new" in f.control)
    return {f.name for group in (project.base, added) for f in group if f.kind == "Provider"}


def fits(source: Source, name: str, environments: Iterable[Resolved]) -> bool:
    """Tell whether a lock with this header matches the provider in at least one environment."""
    for env in environments:
        provider = env.providers.get(f"provider/{name}")
        if provider and _differing(source, provider) is None and source.endpoint in listed_urls([env], name):
            return True
    return False


def _differing(source: Source | LockSource, provider: Resource[Provider]) -> str | None:
    """Return the part of a header that differs from the provider (`adapter`, `include` or `exclude`), or None."""
    if source.adapter != provider.spec.type:
        return "adapter"
    for key in ("include", "exclude"):
        if set(getattr(source, key) or ()) != set(getattr(provider.spec.sync, key, None) or ()):
            return key
    return None


def _difference(lock: Lock, provider: Resource[Provider], hint: str) -> Finding | None:
    """Return the finding on a lock that comes from another type or filter than the provider has."""
    source = lock.source
    differing = _differing(source, provider)
    if differing == "adapter":
        message = f"this lock is for the type `{source.adapter}`, but the provider has the type `{provider.spec.type}`"
        return _differs(lock, provider, ("source", "adapter"), ("type",), message, hint)
    if not adapters.preset(source.adapter).has_list:
        message = f"the type `{source.adapter}` has no list of models to lock"
        hint = "delete the lock, and declare the models in a document"
        return _differs(lock, provider, ("source", "adapter"), ("type",), message, hint)
    if differing is not None:
        message = f"this lock was written with another `{differing}` than the one in the provider's `sync`"
        return _differs(lock, provider, ("source", differing), ("sync", differing), message, hint)
    return None


def _differs(
    lock: Lock, provider: Resource[Provider], path: Path, other: Path, message: str, hint: str
) -> Finding:
    related = (("the provider says this", provider.place(*other)),)
    return Finding(CODE, Place(lock.file, 0, path), message, hint, related)


def _hint(project: Project, provider: str) -> str:
    env = " --env ENV" if project.settings and project.settings.environments else ""
    return f"run `llmconf sync{env} --only provider/{provider}`"
