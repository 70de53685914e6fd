"""Finds the modules of a package: to add a rule, target, reporter or command, add a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType


@cache
def module_names(package: str) -> tuple[str, ...]:
    """Return the sorted names of the public modules and packages in a package, without importing them.

    A module whose name begins with an underscore is a helper of the others and is not listed.
    """
    parent = import_module(package)
    folders = [Path(entry) for entry in parent.__path__]
    stems = {file.stem for folder in folders for file in folder.glob("*.py")}
    stems |= {file.parent.name for folder in folders for file in folder.glob("*/__init__.py")}
    return tuple(sorted(stem for stem in stems if not stem.startswith("_")))


def load_module(package: str, name: str) -> ModuleType:
    """Import one module of a package by the name that `module_names` gave."""
    if name not in module_names(package):
        raise KeyError(name)
    return import_module(f"{package}.{name}")
