"""All measurements; those of a start and of a small project, and what environments cost, are here."""

from __future__ import annotations

from collections.abc import Callable

import programs
from bench import Bench
from measure import Program, interleave
from table import Row, compare
from throughput import validate

CHANGED_FILES, CHANGED_BAR = 10, 1.0
VERSION_BAR = 4.0


def version(bench: Bench) -> list[Row]:
    """Measure the start of the program."""
    found = bench.run(
        Program("mine", programs.llmconf("--version")), Program("python", programs.python("-c", "pass"))
    )
    return [compare("--version", 0, found["mine"], ("python -c pass", found["python"]), VERSION_BAR)]


def changed(bench: Bench) -> list[Row]:
    """Measure a small project, checked before, in which one file was edited since."""
    folder = bench.project(CHANGED_FILES)
    file = sorted((folder / "config" / "models").rglob("*.yaml"))[0]
    texts = [file.read_bytes(), file.read_bytes().replace(b"temperature: 0.", b"temperature: 1.")]

    def edit() -> None:
        texts.reverse()
        file.write_bytes(texts[0])

    command = programs.llmconf("-C", str(folder), "validate")
    interleave([Program("before", command)], 0, bench.env)
    found = bench.run(
        Program("mine", command, prepare=edit),
        Program("peer", programs.check_jsonschema([file])),
    )
    label = "validate, one file changed"
    return [compare(label, CHANGED_FILES, found["mine"], ("check-jsonschema", found["peer"]), CHANGED_BAR)]


def environments(bench: Bench) -> list[Row]:
    """Measure what three environments with overlays cost beside none."""
    size = max(bench.sizes)
    folders = [bench.project(size), bench.project(size, "--environments", "3")]
    options = ("validate", "--no-cache", "--jobs", "1")
    none, three = (programs.llmconf("-C", str(folder), *options) for folder in folders)
    found = bench.run(Program("three", three), Program("none", none))
    return [compare("validate, three environments", size, found["three"], ("none", found["none"]))]


SUITES: dict[str, Callable[[Bench], list[Row]]] = {
    "version": version,
    "changed": changed,
    "validate": validate,
    "environments": environments,
}
"""All suites by name, in the order in which they are run."""
