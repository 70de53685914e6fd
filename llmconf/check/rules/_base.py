"""What a rule is: a module that says what it looks for and yields what it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

from llmconf.core.diagnostics import Place, Severity
from llmconf.project import relations
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Credential, Model
from llmconf.schema.project_file import ProjectFile


@dataclass(frozen=True)
class Context:
    """What rules look at: one resolved environment, the project's settings, and the day.

    What several rules need is worked out once, when the first of them asks.
    """

    env: Resolved
    project: ProjectFile
    today: date

    @cached_property
    def credentials(self) -> dict[str, list[Resource[Credential]]]:
        """The enabled credentials that each enabled endpoint may be called with, by its identity."""
        return relations.credentials_by_endpoint(self.env)

    @cached_property
    def declared_models(self) -> list[Resource[Model]]:
        """The models that somebody declared or changed: what people write is what most rules are about."""
        return [model for model in self.env.models.values() if model.is_declared]

    @cached_property
    def models_by_id(self) -> dict[str, list[Resource[Model]]]:
        """The models of all providers, by id."""
        return relations.models_by_id(self.env)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found, at a place. The rule's code and severity are added by the checker."""

    place: Place
    message: str
    hint: str | None = None
    related: tuple[tuple[str, Place], ...] = ()


class Rule(Protocol):
    """A module named `<code>_<name>.py`, such as `lce002_default_endpoint.py`.

    The module's docstring is the documentation: a first sentence, then the paragraphs `Why:`,
    `Example:` (indented YAML that breaks the rule) and `Fix:`.
    """

    CODE: str
    NAME: str
    SEVERITY: Severity

    def check(self, context: Context, /) -> Iterable[Problem]:
        """Yield the problems of one environment. Pure: no I/O, no clock, no environment variables."""
        ...
