"""A reference leads to nothing: no resource has that name, or the overlay removes it.

Why: A program that reads the bundle would fail, or would leave out the resource without a message.

Example:
    kind: Route
    name: chat
    targets:
      - model: opnai/gpt-5

Fix: Correct the name, or declare the resource. If an overlay removes the resource, change the reference in that
overlay too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain
from typing import Any

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import Suggestions, described
from llmconf.core.diagnostics import Place
from llmconf.lock.format import selects
from llmconf.project.environment import Resolved, Resource

CODE = "LCR002"
NAME = "unknown-reference"
SEVERITY = "error"
TRAITS = ("guess", "about_models")


def check(context: Context) -> Iterator[Problem]:
    """Follow the references of all resources."""
    env = context.env
    names = _Names(env)
    children: Iterable[Resource[Any]] = chain(
        env.endpoints.values(), env.credentials.values(), env.models.values()
    )
    for resource in children:
        owner = f"provider/{resource.provider}"
        if owner not in env.providers and owner not in env.broken:
            yield names.problem(owner, resource.place("provider"), "", owner.partition("/")[2])
        elif resource.kind == "Endpoint" and resource.spec.credential is not None:
            identity = f"credential/{resource.provider}/{resource.spec.credential}"
            yield from names.follow(identity, partial(resource.place, "credential"))
        elif resource.kind == "Model" and resource.spec.endpoints:
            for index, name in enumerate(resource.spec.endpoints):
                identity = f"endpoint/{resource.provider}/{name}"
                yield from names.follow(identity, partial(resource.place, "endpoints", index))
    yield from _routes(env, names)
    yield from _teams(env, names)


def _routes(env: Resolved, names: _Names) -> Iterator[Problem]:
    for route in env.routes.values():
        for index, target in enumerate(route.spec.targets):
            identity = f"model/{target.model}"
            if identity not in env.models:
                at = partial(route.place, "targets", index, "model")
                yield from names.follow(identity, at, qualified=True)
            if target.endpoint is not None:
                provider = target.model.partition("/")[0]
                if f"provider/{provider}" in env.providers:
                    at = partial(route.place, "targets", index, "endpoint")
                    yield from names.follow(f"endpoint/{provider}/{target.endpoint}", at)
        for index, name in enumerate(route.spec.fallbacks or ()):
            yield from names.follow(f"route/{name}", partial(route.place, "fallbacks", index))


def _teams(env: Resolved, names: _Names) -> Iterator[Problem]:
    for team in env.teams.values():
        for index, use in enumerate(team.spec.uses):
            prefix = use.partition("/")[0] + "/"
            yield from names.follow(use, partial(team.place, "uses", index), prefix, qualified=True)
        for index, name in enumerate(team.spec.credentials or ()):
            at = partial(team.place, "credentials", index)
            yield from names.follow(f"credential/{name}", at, qualified=True)


@dataclass
class _Names:
    """Finds the resource of a reference, or suggests one if the reference leads nowhere."""

    env: Resolved
    suggestions: Suggestions = field(default_factory=Suggestions)

    def follow(
        self, identity: str, at: Callable[[], Place], prefix: str = "", qualified: bool = False
    ) -> Iterator[Problem]:
        """Yield a problem where an identity does not exist.

        `prefix` is the part of the reference before the name. A `qualified` reference names the provider too.
        """
        kind, _, rest = identity.partition("/")
        if identity in self._of_kind(kind) or identity in self.env.broken:
            return
        if kind in ("route", "provider"):
            yield self.problem(identity, at(), prefix, rest)
            return
        provider, slash, name = rest.partition("/")
        owner = f"provider/{provider}"
        if owner in self.env.broken:
            return
        if not slash:
            yield Problem(at(), f"there is no {described(identity)}", f"write it as `{prefix}PROVIDER/ID`")
        elif owner in self.env.providers:
            yield self.problem(identity, at(), f"{prefix}{provider}/" if qualified else "", name)
        else:
            yield self._without_provider(kind, provider, name, at(), prefix)

    def problem(self, identity: str, place: Place, prefix: str, name: str) -> Problem:
        """Return the problem of a missing resource that is written as `prefix` and `name`."""
        return self._removed(identity, place) or Problem(
            place, f"there is no {described(identity)}", self._hint(identity, prefix, name), self._filter(identity)
        )

    def _filter(self, identity: str) -> tuple[tuple[str, Place], ...]:
        """Return the place of the filter that keeps a model out of the lock, if there is one."""
        kind, _, rest = identity.partition("/")
        provider, _, name = rest.partition("/")
        owner = self.env.providers.get(f"provider/{provider}") if kind == "model" else None
        sync = owner.spec.sync if owner else None
        if owner is None or sync is None or selects(name, sync.include, sync.exclude):
            return ()
        return ((f"this filter keeps `{name}` out of the lock", owner.place("sync", on_key=True)),)

    def _without_provider(self, kind: str, provider: str, name: str, place: Place, prefix: str) -> Problem:
        """Return the problem of a reference to a resource of a provider that does not exist."""
        identity = f"provider/{provider}"
        removed = self._removed(identity, place)
        if removed:
            return removed
        match = self.suggestions.closest(provider, self._options("provider", ""))
        hint = f"did you mean the provider `{match}`?" if match else None
        if match and f"{kind}/{match}/{name}" in self._of_kind(kind):
            hint = f"did you mean `{prefix}{match}/{name}`?"
        return Problem(place, f"there is no {described(identity)}", hint)

    def _removed(self, identity: str, place: Place) -> Problem | None:
        removed = self.env.removed.get(identity)
        if removed is None:
            return None
        message = f"{described(identity)} is removed in this environment"
        return Problem(place, message, "change the reference too", (("removed here", removed),))

    def _hint(self, identity: str, prefix: str, name: str) -> str | None:
        kind, _, rest = identity.partition("/")
        if kind == "route" and name in self._route_aliases:
            return f"it is an alias; name the route: `{prefix}{self._route_aliases[name]}`"
        if kind == "model" and rest in self._model_aliases:
            return f"it is an alias; name the model: `{prefix}{self._model_aliases[rest]}`"
        match = self.suggestions.closest(name, self._options(kind, rest.partition("/")[0]))
        if match is None and kind == "model":
            return "declare it, or let `llmconf sync` lock what the provider lists"
        return f"did you mean `{prefix}{match}`?" if match else None

    def _options(self, kind: str, provider: str) -> list[str]:
        env = self.env
        if kind in ("provider", "route"):
            return [resource.name for resource in self._of_kind(kind).values()]
        return [child.name for child in env.children.get(f"{kind}/{provider}", ())]

    def _of_kind(self, kind: str) -> dict[str, Resource[Any]]:
        found: dict[str, Resource[Any]] = getattr(self.env, f"{kind}s")
        return found

    @cached_property
    def _route_aliases(self) -> dict[str, str]:
        return {alias: route.name for route in self.env.routes.values() for alias in route.spec.aliases or ()}

    @cached_property
    def _model_aliases(self) -> dict[str, str]:
        return {
            f"{model.provider}/{alias}": model.name
            for model in self.env.models.values()
            for alias in model.spec.aliases or ()
        }
