"""Finds the files of a package: a rule, target, reporter or command is added by adding one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType


@cache
def module_names(package: str) -> tuple[str, ...]:
    """Return the sorted names of the public modules in a package, without importing them.

    A module whose name begins with an underscore serves the others and is not listed. A trailing
    underscore, which avoids a Python keyword, is not part of the name.
    """
    parent = import_module(package)
    folders = [Path(entry) for entry in parent.__path__]
    stems = {file.stem for folder in folders for file in folder.glob("*.py")}
    return tuple(sorted(stem.rstrip("_") for stem in stems if not stem.startswith("_")))


def load_module(package: str, name: str) -> ModuleType:
    """Import one module of a package by the name that `module_names` gave."""
    if name not in module_names(package):
        raise KeyError(name)
    folder = Path(next(iter(import_module(package).__path__)))
    stem = name if (folder / f"{name}.py").exists() else f"{name}_"
    return import_module(f"{package}.{stem}")
