"""The direction of imports, read from the source, and what must not be imported before it is needed."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import REPOSITORY

PACKAGE = REPOSITORY / "llmconf"
TESTS = REPOSITORY / "tests"
UNMIRRORED = {"support", "consumers"}
"""Folders of tests that are no package: what tests share, and the programs that read what is built."""
ROOMS = (
    ("core",),
    ("workspace",),
    ("yamltext",),
    ("adapters", "leaks"),
    ("schema",),
    ("lock",),
    ("project",),
    ("secrets", "build"),
    ("check", "report"),
    ("live",),
    ("api",),
    ("cli",),
)
"""The packages: each imports only from those above it; those on one line know nothing of each other."""
PLUGINS = ("adapters", "check.rules", "build.targets", "lock.catalogs", "report.formats", "cli")
"""Packages whose files are found by name, and share only their private modules."""
OPEN = {"adapters": {"openai_compatible"}}
"""Modules that others of the same plug-in package may build on, beside those with an underscore."""
MAX_LINES = 320
SPEAKING = ("cli/", "report/formats/", "__main__.py")


def _sources() -> dict[str, Path]:
    """Return all modules by dotted name below `llmconf`; a package is named as its folder."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = file
    return found


SOURCES = _sources()
NAMES = {f"llmconf.{name}" for name in SOURCES if name}


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of each import, wherever it stands, and of modules named in a text."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = inner.removeprefix("llmconf.") in SOURCES
                yield node.lineno, inner if is_module else str(node.module)
        elif isinstance(node, ast.Constant) and str(node.value) in NAMES:
            yield node.lineno, str(node.value)


def _names_imported(file: Path) -> Iterator[tuple[int, str]]:
    """Yield line and name, below `llmconf`, of each thing that a module imports from another one."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("llmconf."):
            yield from ((node.lineno, f"{str(node.module)[8:]}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, a.name[8:]) for a in node.names if a.name.startswith("llmconf."))


def _own_imports(name: str) -> Iterator[tuple[int, str]]:
    for line, imported in _imports(SOURCES[name]):
        if imported.startswith("llmconf."):
            yield line, imported.removeprefix("llmconf.")


def _room(name: str) -> str:
    """Return the package that a module belongs to."""
    return name.partition(".")[0]


def _floor(name: str) -> int | None:
    room = _room(name)
    return next((number for number, floor in enumerate(ROOMS) if room in floor), None)


def _refusal(name: str, imported: str) -> str | None:
    """Return why a module may not import another one, or None if it may."""
    if imported not in SOURCES:
        return "is not a module"
    here, there = _floor(name), _floor(imported)
    if here is None or there is None:
        return "has no room"
    if _room(name) == _room(imported):
        return None
    if there > here:
        return "is above it"
    return "is on the same floor" if here == there else None


MODULES = [name for name in SOURCES if name not in ("", "__main__")]


def test_the_table_of_rooms_names_what_there_is() -> None:
    assert sorted({room for floor in ROOMS for room in floor}) == sorted({_room(name) for name in MODULES})


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_from_lower_rooms_only(name: str) -> None:
    wrong = [
        f"{SOURCES[name].name}:{line}: {imported} {reason}"
        for line, imported in _own_imports(name)
        if (reason := _refusal(name, imported))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("schema.kinds", "project"),
        ("check.rules.lce001_no_endpoint", "report.formats.json"),
        ("check.verdict_cache", "report.report"),
        ("secrets.seal", "build.bundle"),
        ("check.run", "api"),
        ("core.errors", "core.nowhere"),
    ],
)
def test_what_the_rooms_forbid(name: str, imported: str) -> None:
    assert _refusal(name, imported)


@pytest.mark.parametrize("package", PLUGINS)
def test_files_of_a_plugin_package_share_only_its_private_modules(package: str) -> None:
    wrong = []
    for name in MODULES:
        if not name.startswith(f"{package}."):
            continue
        private = name.rpartition(".")[2].startswith("_")
        for line, imported in _own_imports(name):
            inner = imported.removeprefix(f"{package}.")
            shared = inner.startswith("_") or inner in OPEN.get(package, ())
            whole = imported == package and (private or package == "cli")
            if (imported == package or imported.startswith(f"{package}.")) and not (shared or whole):
                wrong.append(f"{name}:{line}: {imported}")
    assert wrong == []


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_is_small_and_says_what_it_is(name: str) -> None:
    text = SOURCES[name].read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "has no docstring"
    assert len(text.splitlines()) < MAX_LINES


@pytest.mark.parametrize("name", SOURCES)
def test_only_the_command_line_talks(name: str) -> None:
    file = SOURCES[name]
    if file.relative_to(PACKAGE).as_posix().startswith(SPEAKING):
        return
    assert [line for line, imported in _imports(file) if imported.partition(".")[0] == "click"] == []
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    assert [node.lineno for node in nodes if isinstance(node, ast.Name) and node.id == "print"] == []


SPELLINGS = {
    "core.tokens": re.compile(r"ENC\("),
    "core.grammar": re.compile(r"llmconf\.yaml(?![^\n]*\n)"),
    "cli._options": re.compile(r"\A--debug\Z"),
}
"""What one module alone spells, apart from documentation and texts of several lines; others take it from there."""


def _spelled(name: str, wanted: re.Pattern[str]) -> list[str]:
    tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    # A text that stands alone is documentation.
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        f"{node.lineno}: {node.value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in documentation and wanted.search(node.value.replace("\\", ""))
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_only_one_module_spells_what_others_take_from_it(name: str) -> None:
    assert [found for owner, wanted in SPELLINGS.items() if name != owner for found in _spelled(name, wanted)] == []


@pytest.mark.parametrize(("owner", "wanted"), SPELLINGS.items())
def test_the_module_that_spells_it_does(owner: str, wanted: re.Pattern[str]) -> None:
    assert _spelled(owner, wanted) != []


def _exports(package: str) -> set[str]:
    """Return the names that a package says are public, in `__all__`."""
    for node in ast.parse(SOURCES[package].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def _packages() -> list[str]:
    return [name for name, file in SOURCES.items() if file.name == "__init__.py" and name]


def _is_public(name: str, imported: str) -> bool:
    """Tell whether a module may use a name of another package: each package on the way to it exports the next step."""
    steps = imported.split(".")
    if _room(name) == steps[0]:
        return True
    for number in range(1, len(steps)):
        package = ".".join(steps[:number])
        if package in SOURCES and SOURCES[package].name == "__init__.py":
            if steps[number] not in _exports(package):
                return False
        elif steps[number].startswith("_") and not steps[number].startswith("__"):
            return False
    return True


@pytest.mark.parametrize("name", SOURCES)
def test_a_package_is_used_through_what_it_exports(name: str) -> None:
    wrong = [f"{line}: {imported}" for line, imported in _names_imported(SOURCES[name]) if not _is_public(name, imported)]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("cli.list", "yamltext.events.compose"),
        ("live.sync", "check.run._locate"),
        ("build.bundle", "secrets.vault.token.seal"),
        ("report.rows", "adapters._base.Request"),
    ],
)
def test_what_no_package_exports(name: str, imported: str) -> None:
    assert not _is_public(name, imported)


@pytest.mark.parametrize("package", _packages())
def test_what_a_package_exports_is_there(package: str) -> None:
    tree = ast.parse(SOURCES[package].read_text(encoding="utf-8"))
    defined = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    defined |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.alias)}
    assert [name for name in _exports(package) if name not in defined and f"{package}.{name}" not in SOURCES] == []


TEST_MODULES = sorted(TESTS.rglob("*.py"))


@pytest.mark.parametrize("file", TEST_MODULES, ids=lambda file: file.relative_to(TESTS).as_posix())
def test_a_test_imports_no_other_test(file: Path) -> None:
    parts = [(line, part) for line, name in _imports(file) for part in name.split(".")]
    assert [(line, part) for line, part in parts if part == "tests" or part.startswith("test_")] == []


def test_the_folders_of_tests_are_those_of_the_packages() -> None:
    packages = {room for floor in ROOMS for room in floor if (PACKAGE / room).is_dir()}
    folders = {file.relative_to(TESTS).parts[0] for file in TESTS.glob("*/**/test_*.py")}
    assert folders - UNMIRRORED == packages
    assert [file.name for file in (TESTS / "support").rglob("test_*.py")] == []


def _loaded(code: str, *heavy: str) -> set[str]:
    """Return which modules are loaded after some code has run in a fresh interpreter."""
    script = f"import sys\n{code}\nprint('loaded:', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )
    return set(done.stdout.rpartition("loaded:")[2].split()) & set(heavy)


@pytest.mark.parametrize("module", ["cli", "cli._rendering", "cli.validate", "project.discover", "project.parallel", "check.verdict_cache"])
def test_an_answer_from_the_cache_needs_no_heavy_import(module: str) -> None:
    heavy = ("pydantic", "ruamel.yaml", "rfc8785", "llmconf.api", "llmconf.schema.kinds")
    assert _loaded(f"import llmconf.{module}", *heavy) == set()


def test_the_version_needs_neither_click_nor_pydantic() -> None:
    code = "sys.argv = ['llmconf', '--version']\nfrom llmconf.__main__ import main\nmain()"
    assert _loaded(code, "click", "pydantic", "yaml", "llmconf.cli") == set()


HTTP_LIBRARY = ("httpx2", "httpcore2", "h11", "truststore")


@pytest.mark.parametrize("name", SOURCES)
def test_one_module_knows_the_http_library(name: str) -> None:
    stacks = {*HTTP_LIBRARY, "httpx", "httpcore", "sniffio", "certifi", "anyio"}
    found = {imported for _, imported in _imports(SOURCES[name]) if imported.partition(".")[0] in stacks}
    assert found == ({"httpx2", "httpcore2"} if name.endswith("http._httpx2") else set())


def test_no_command_loads_the_http_library_before_it_needs_it() -> None:
    commands = [name for name in SOURCES if name.startswith("cli.")]
    code = f"from importlib import import_module\nfor name in {commands}: import_module('llmconf.' + name)"
    heavy = (*HTTP_LIBRARY, "anyio", "llmconf.live.http")
    assert _loaded(code, *heavy) == set()
    assert _loaded("import llmconf.live.http", *heavy) == set(heavy)


@pytest.mark.parametrize("command", ["validate --no-cache", "list model", "show provider/openai", "build", "rule LCE004"])
def test_a_command_without_network_never_loads_the_http_library(command: str, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "examples" / "minimal", tmp_path / "minimal")
    argv = [sys.executable, "-X", "importtime", "-m", "llmconf", "-C", str(tmp_path / "minimal"), *command.split()]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert loaded & {*HTTP_LIBRARY, "anyio", "llmconf.live.http", "click"} == {"click"}


def test_the_probe_for_imports_sees_one() -> None:
    assert _loaded("import llmconf.api", "pydantic", "click") == {"pydantic"}
