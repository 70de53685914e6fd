"""Helpers of several rules: names and places of resources, and suggestions within a budget."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any, TypeVar

from llmconf.core.diagnostics import Path, Place
from llmconf.core.suggest import closest
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Common, Credential, Endpoint, Provider

Spec = TypeVar("Spec", bound=Common)

_BUDGET = 20_000
"""The number of options that one rule compares in one run. Many mistakes are then reported quickly."""
_COMPARED = 256
"""The number of options that are compared in full. Skipping the least similar others takes a 40th of the time."""


class Suggestions:
    """Suggests the name that was probably meant, until the budget is spent."""

    def __init__(self) -> None:
        self._left = _BUDGET

    def closest(self, word: str, options: Collection[str]) -> str | None:
        """Return the option that `word` was probably meant to be, or None."""
        if self._left <= 0:
            return None
        self._left -= min(len(options), _COMPARED + len(options) // 40)
        return closest(word, options)


def described(identity: str) -> str:
    """Name a resource to people: its kind, and the rest of its identity in backticks."""
    kind, _, rest = identity.partition("/")
    return f"{kind} `{rest}`"


def listed(words: Iterable[str], limit: int = 3) -> str:
    """Write words in backticks, with commas and `and`. Of a long list, write only the first words."""
    shown = [f"`{word}`" for word in words]
    if len(shown) > limit:
        shown = [*shown[:limit], f"{len(shown) - limit} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def name_place(resource: Resource[Any]) -> Place:
    """Return where a resource is declared, at its name."""
    layer = resource.base
    key = "id" if resource.kind == "Model" else "name"
    return Place(layer.file, layer.document, (*layer.path, key))


def list_place(
    provider: Resource[Provider], children: Iterable[Resource[Endpoint]] | Iterable[Resource[Credential]]
) -> Place:
    """Return the key of the list that holds the children, or the provider's name if no list does."""
    base = provider.base
    for child in children:
        layer = child.base
        if layer.path and (layer.file, layer.document) == (base.file, base.document):
            return Place(layer.file, layer.document, layer.path[:-1], on_key=True)
    return name_place(provider)


def uses_of_models(env: Resolved) -> Iterator[tuple[str, Resource[Any], Path]]:
    """Yield the models that enabled routes and teams name, with the resource and the place that name them."""
    for route in env.routes.values():
        if route.spec.enabled:
            for index, target in enumerate(route.spec.targets):
                yield f"model/{target.model}", route, ("targets", index, "model")
    for team in env.teams.values():
        if team.spec.enabled:
            for index, use in enumerate(team.spec.uses):
                if use.startswith("model/"):
                    yield use, team, ("uses", index)


def days_ahead(today: date, days: int) -> str:
    """Return the day that many days from today as text, or the last day of the calendar."""
    return date.fromordinal(min(today.toordinal() + days, date.max.toordinal())).isoformat()
