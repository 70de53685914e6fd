"""What a rule is: a module that says what it looks for and yields what it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from llmconf.diagnostics import Place, Severity
from llmconf.resolved import Resolved
from llmconf.schema.project_file import ProjectFile


@dataclass(frozen=True, slots=True)
class Context:
    """What rules look at: one resolved environment, the project's settings, and the day."""

    env: Resolved
    project: ProjectFile
    today: date


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
