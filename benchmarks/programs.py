"""The commands that are measured: llmconf and what it is measured against."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SCHEMA = ROOT / "schemas" / "llmconf.schema.json"
SLOW_FROM = 5000
"""Number of files from which a program that needs milliseconds for each is called slow."""

Command = tuple[str, ...] | None


def find(name: str) -> str | None:
    """Return the path of a program beside this interpreter, else on PATH, else None."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join((beside, os.environ.get("PATH", ""))))


def llmconf(*arguments: str) -> Command:
    """Return a command of llmconf, as installed in this interpreter's environment."""
    program = find("llmconf")
    return (program, *arguments) if program else None


def python(*arguments: str) -> Command:
    """Return a command of this interpreter."""
    return (sys.executable, *arguments)


def csafeloader(folder: Path) -> Command:
    """Return the script that loads all files below a folder with PyYAML's C loader, and does no more."""
    return python(str(HERE / "peers" / "csafeloader.py"), str(folder))


def check_jsonschema(files: list[Path]) -> Command:
    """Return check-jsonschema on some files, against the schema of all documents."""
    program = find("check-jsonschema")
    if not program or not SCHEMA.exists():
        return None
    return (program, "--schemafile", str(SCHEMA), *map(str, files))


def yamllint(folder: Path) -> Command:
    """Return yamllint on a folder, with its built-in relaxed settings."""
    program = find("yamllint")
    return (program, "-d", "relaxed", "--no-warnings", str(folder)) if program else None


def ajv(folder: Path) -> Command:
    """Return ajv-cli on a folder; it reads YAML itself and takes the files as a pattern."""
    modules = Path(os.environ.get("LLMCONF_NODE_MODULES", ROOT / ".tools" / "node" / "node_modules"))
    program = shutil.which("ajv", path=os.pathsep.join((str(modules / ".bin"), os.environ.get("PATH", ""))))
    if not program or not SCHEMA.exists():
        return None
    options = ("--spec=draft2020", "--strict=false", "--validate-formats=false", "--errors=text")
    return (program, "validate", *options, "-s", str(SCHEMA), "-d", f"{folder}/**/*.yaml")
