"""What llmconf imports is what `pyproject.toml` declares, both ways."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions

from commands import REPOSITORY

EXTRAS = {"bedrock", "vertex"}
"""Extras of users. `dev` is for whoever changes llmconf, and tests import what it installs."""


def normal(name: str) -> str:
    """Return the name of a distribution as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(extras) - {"dev"} == EXTRAS
    wanted = [*project["dependencies"], *(line for name in EXTRAS for line in extras[name])]
    return {normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in wanted}


def _imports() -> Iterator[tuple[str, str]]:
    """Yield the place and the full name of each import of llmconf, wherever in a file it stands."""
    for file in sorted((REPOSITORY / "llmconf").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                if name.partition(".")[0] not in {"llmconf", *sys.stdlib_module_names}:
                    yield f"{file.relative_to(REPOSITORY)}:{node.lineno}", name


@cache
def _owners() -> dict[str, set[str]]:
    return {name: {normal(owner) for owner in owners} for name, owners in packages_distributions().items()}


def owners(name: str) -> set[str]:
    """Return the distributions that an import may come from: of a shared top, such as `google`, several."""
    return _owners().get(name.partition(".")[0], set())


def test_what_is_imported_is_declared() -> None:
    found = list(_imports())
    assert found
    assert [f"{place}: {name}" for place, name in found if not owners(name) & declared()] == []


def test_what_is_declared_is_imported() -> None:
    assert declared() - {owner for _, name in _imports() for owner in owners(name)} == set()
