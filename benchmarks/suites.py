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
MINIMAL, ACME = programs.ROOT / "examples" / "minimal", programs.ROOT / "examples" / "acme"
PYDANTIC, CLICK = "import pydantic", "import click"
"""What Python has to import at least for a command that reads documents, and for one that does not."""


def version(bench: Bench) -> list[Row]:
    """Measure the start of the program."""
    found = bench.run(
        Program("mine", programs.llmconf("--version")), Program("python", programs.python("-c", "pass"))
    )
    return [compare("--version", 0, found["mine"], ("python -c pass", found["python"]), VERSION_BAR)]


def small(bench: Bench) -> list[Row]:
    """Measure what a user waits for in a small project, beside the imports that it cannot do without."""
    check = programs.llmconf("-C", str(MINIMAL), "validate", "--no-cache")
    listing = programs.llmconf("-C", str(ACME), "list", "model", "--env", "prod")
    # The peer reads one document of a file.
    first_document = bench.folder / "first.yaml"
    text = next((MINIMAL / "config").rglob("*.yaml")).read_text(encoding="utf-8").partition("\n---\n")[0]
    first_document.write_text(text + "\n", encoding="utf-8")
    commands = {
        "validate, examples/minimal": (check, "pydantic", 2.5),
        "list model, examples/acme": (listing, "pydantic", 3.0),
        "show, examples/acme": (
            programs.llmconf("-C", str(ACME), "show", "provider/openai", "--env", "prod"), "pydantic", 3.0
        ),
        "rule LCE004": (programs.llmconf("rule", "LCE004"), "click", 2.5),
        "schema": (programs.llmconf("schema"), "click", 2.5),
        "completion bash": (programs.llmconf("completion", "bash"), "click", 2.5),
        "--help": (programs.llmconf("--help"), "click", 2.5),
    }  # fmt: skip
    found = bench.run(
        Program("pydantic", programs.python("-c", PYDANTIC)),
        Program("click", programs.python("-c", CLICK)),
        Program("check-jsonschema", programs.check_jsonschema([first_document])),
        *(Program(label, command) for label, (command, _, _) in commands.items()),
    )
    first = next(iter(commands))
    rows = [compare(first, 1, found[first], ("check-jsonschema", found["check-jsonschema"]), 0.5)]
    for label, (_, peer, bar) in commands.items():
        rows.append(compare(label, 1, found[label], (f"import {peer}", found[peer]), bar))
    return rows


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
    "small": small,
    "changed": changed,
    "validate": validate,
    "environments": environments,
}
"""All suites by name, in the order in which they are run."""
