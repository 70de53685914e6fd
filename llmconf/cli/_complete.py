"""Completion of names in the shell: environments, identities, codes. An error offers no names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from llmconf.project.load import Project

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def environments(ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the name of an environment."""
    return _from_project(ctx, typed, lambda project: project.settings.environment_names() if project.settings else ())


def identities(*kinds: str, bare: bool = False) -> Complete:
    """Return a function that completes identities of these kinds. If `bare`, it leaves out the kind."""

    def complete(ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
        def names(project: Project) -> Iterable[str]:
            declared = [f.identity for group in (project.base, *project.overlays.values()) for f in group]
            locked = [f"model/{name}/{model}" for name, lock in project.locks.items() for model in lock.models]
            found = [each for each in (*declared, *locked) if not kinds or each.partition("/")[0] in kinds]
            return [each.partition("/")[2] for each in found] if bare else found

        return _from_project(ctx, typed, names)

    return complete


def codes(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the code of a rule."""
    from llmconf.check import rules

    return [code for code in rules.codes() if code.startswith(typed.upper())]


def capabilities(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete a capability."""
    from typing import get_args

    from llmconf.schema.types import Capability

    return [name for name in get_args(Capability) if name.startswith(typed)]


def reports(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete a report format."""
    from llmconf.core.plugins import module_names

    return [name for name in module_names("llmconf.report.formats") if name.startswith(typed)]


def _from_project(ctx: click.Context, typed: str, names: Callable[[Project], Iterable[str]]) -> list[str]:
    from pathlib import Path

    from llmconf.project.discover import find_root
    from llmconf.project.load import load_project
    from llmconf.workspace.tree import FolderTree

    outer: Any = ctx.find_root().params.get("directory")
    try:
        project = load_project(FolderTree(find_root(Path(ctx.params.get("directory") or outer or "."))))
        return sorted({name for name in names(project) if name.startswith(typed)})
    except Exception:  # a shell cannot show an error while it completes
        return []
