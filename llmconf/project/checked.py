"""A project after all checks."""

from __future__ import annotations

from dataclasses import dataclass, field

from llmconf.core.diagnostics import Diagnostic, Severity
from llmconf.project.environment import Resolved
from llmconf.project.fragments import Fragment
from llmconf.project.load import Project


@dataclass(slots=True)
class Checked:
    """A project after all checks: its environments, resolved, and the diagnostics, sorted."""

    project: Project
    environments: dict[str | None, Resolved] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def resources(self) -> int:
        """The number of different resources that the project declares."""
        return len({fragment.identity for group in groups(self.project) for fragment in group})

    def worst(self) -> Severity | None:
        """Return the worst severity, or None if there are no diagnostics."""
        found = {diagnostic.severity for diagnostic in self.diagnostics}
        return next((severity for severity in ("error", "warning", "info") if severity in found), None)


def groups(project: Project) -> list[list[Fragment]]:
    """Return the documents of the base, then those of each environment."""
    return [project.base, *project.overlays.values()]
