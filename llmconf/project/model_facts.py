"""The facts of models: each model's own facts, or else those of its base, along the chain of bases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Model
from llmconf.schema.parts import Price
from llmconf.schema.types import Capability, Mode

NAMES = ("mode", "capabilities", "context", "max_output", "price")
"""The fields that a model takes from its base."""
_SHOWN = 3
"""The most models that are named if a base is ambiguous."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a model: its own, or else those of its base."""

    mode: Mode | None
    capabilities: list[Capability] | None
    context: int | None
    max_output: int | None
    price: Price | None


@dataclass(frozen=True, slots=True)
class _Chain:
    """The bases of a model: the model that states each fact, and the last model of the chain."""

    sources: Mapping[str, Resource[Model]]
    last: Resource[Model]


class ModelFacts:
    """The facts of all models of an environment. Each model is visited once, however long a chain of bases is."""

    def __init__(self, env: Resolved) -> None:
        self._env = env
        self._chains: dict[str, _Chain] = {}
        self.by_id: dict[str, list[Resource[Model]]] = {}
        """The models that an id alone may mean: those without a base, or all of them if each has a base.

        A model that only a lock has counts if no model is declared, so that a sync changes no meaning.
        """
        for model in env.models.values():
            known = self.by_id.setdefault(model.name, [])
            if known and _rank(model) < _rank(known[0]):
                known.clear()
            if not known or _rank(model) == _rank(known[0]):
                known.append(model)

    def bases(self, model: Resource[Model]) -> list[Resource[Model]]:
        """Return the models that `base` may mean: one if it is clear, some of them if it is not.

        `provider/id` means that model. An id alone means the model with that id and without a base, of any provider.
        If several providers have one, it means the one of the model's own provider.
        """
        base = model.spec.base
        if base is None:
            return []
        exact = self._env.models.get(f"model/{base}")
        if exact:
            return [exact]
        found = self.by_id.get(base, [])
        own = self._env.models.get(f"model/{model.provider}/{base}")
        if own is not None and own is not model and _rank(own) == _rank(found[0]):
            return [own]
        return list(islice((other for other in found if other is not model), _SHOWN))

    def sources(self, model: Resource[Model]) -> Mapping[str, Resource[Model]]:
        """Return the model that states each of a model's facts, for the known facts."""
        return self._chain(model).sources

    def root(self, model: Resource[Model]) -> Resource[Model]:
        """Return the last model in the chain of a model's bases, or the model itself if it has no base."""
        return self._chain(model).last

    def of(self, model: Resource[Model]) -> Facts:
        """Return a model's facts."""
        found = self.sources(model)
        return Facts(**{name: getattr(found[name].spec, name) if name in found else None for name in NAMES})

    def _chain(self, model: Resource[Model]) -> _Chain:
        way: dict[str, Resource[Model]] = {}
        step: Resource[Model] | None = model
        while step is not None and step.identity not in self._chains and step.identity not in way:
            way[step.identity] = step
            found = self.bases(step)
            step = found[0] if len(found) == 1 else None
        if step is not None and step.identity in way:
            self._close(list(way.values()), step)
        below = self._chains.get(step.identity) if step is not None else None
        for each in reversed(way.values()):
            if each.identity not in self._chains:
                self._chains[each.identity] = _Chain(_above(below, each), below.last if below else each)
            below = self._chains[each.identity]
        return self._chains[model.identity]

    def _close(self, way: list[Resource[Model]], start: Resource[Model]) -> None:
        """Store the chains of a circle. Each model takes facts from all others, and its chain ends before it."""
        circle = way[way.index(start) :]
        below: _Chain | None = None
        for _ in range(2):  # in the second round, the facts of the first model have reached the last one
            for index in range(len(circle) - 1, -1, -1):
                below = _Chain(_above(below, circle[index]), circle[index - 1])
                self._chains[circle[index].identity] = below


def _above(below: _Chain | None, model: Resource[Model]) -> Mapping[str, Resource[Model]]:
    """Return the model that states each fact of a model with a chain of bases."""
    own = {name: model for name in NAMES if getattr(model.spec, name) is not None}
    if below is None or not own:
        return below.sources if below else own
    return {**below.sources, **own}


def _rank(model: Resource[Model]) -> int:
    """Return the rank of a model among those of its id: declared, only locked, or with a base."""
    if not model.is_declared:
        return 1
    return 0 if model.spec.base is None else 2
