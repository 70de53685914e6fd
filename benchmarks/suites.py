"""The measurements: which programs alternate on which project, and which bars they have to meet."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import programs
from measure import Program, Series, interleave
from table import MEBIBYTE, Row, compare

LARGE, MEDIUM = 10_000, 1_000
BARS = {
    ("csafeloader", LARGE): 1.0,
    ("csafeloader, two processes", LARGE): 0.65,
    ("check-jsonschema", LARGE): 1 / 12,
    ("check-jsonschema", MEDIUM): 1 / 6,
    ("unchanged", LARGE): 0.15,
}
"""Most part of the peer's time, by comparison and number of files."""
MEMORY_BAR = 150
CHANGED_FILES, CHANGED_BAR = 10, 1.0
VERSION_BAR = 4.0
SETTLED = 2.5
"""Seconds after which a file is old enough for a stamp of it to be trusted."""


@dataclass
class Bench:
    """Where the projects are, how often each program is run, and what was measured so far."""

    folder: Path
    rounds: int
    sizes: tuple[int, ...]
    env: Mapping[str, str]
    seed: int = 1
    cold: dict[int, Series] = field(default_factory=dict)

    def project(self, resources: int, *options: str) -> Path:
        """Write a project, in a process of its own so that this one stays small, and let it settle."""
        out = self.folder / "-".join((str(resources), *options)).replace("--", "")
        if not out.exists():
            generator = str(programs.HERE / "generate.py")
            arguments = (str(out), "--resources", str(resources), "--seed", str(self.seed), *options)
            subprocess.run((sys.executable, generator, *arguments), check=True)
            time.sleep(SETTLED)
        return out

    def run(self, *entries: Program) -> dict[str, Series]:
        """Measure programs in turn."""
        return interleave(entries, self.rounds, self.env)


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


def validate(bench: Bench) -> list[Row]:
    """Measure validation of each size, from nothing and with nothing changed, beside the peers."""
    rows = []
    for size in bench.sizes:
        rows += _validate_size(bench, size)
    return rows + _growth(bench)


def _validate_size(bench: Bench, size: int) -> list[Row]:
    folder, slow = bench.project(size), size >= programs.SLOW_FROM
    config = folder / "config"
    base = ("-C", str(folder), "validate")
    found = bench.run(
        Program("cold", programs.llmconf(*base, "--no-cache", "--jobs", "1")),
        Program("two", programs.llmconf(*base, "--no-cache", "--jobs", "2")),
        Program("unchanged", programs.llmconf(*base)),
        Program("csafeloader", programs.csafeloader(config)),
        Program("check-jsonschema", programs.check_jsonschema(sorted(config.rglob("*.yaml"))), slow=slow),
        Program("yamllint", programs.yamllint(config), slow=slow),
        Program("ajv-cli", programs.ajv(config)),
    )
    cold = bench.cold[size] = found["cold"]
    rows = [
        compare("validate, one process", size, cold, (peer, found[peer]), BARS.get((peer, size)))
        for peer in ("csafeloader", "check-jsonschema", "yamllint", "ajv-cli")
    ]
    two, bar = found["two"], BARS.get(("csafeloader, two processes", size))
    rows.append(compare("validate, two processes", size, two, ("csafeloader", found["csafeloader"]), bar))
    bar = BARS.get(("unchanged", size))
    rows.append(compare("validate, nothing changed", size, found["unchanged"], ("one process", cold), bar))
    if cold.peak:
        peak = max(cold.peak, found["two"].peak, found["unchanged"].peak)
        bar = MEMORY_BAR if size == LARGE else None
        rows.append(Row("peak memory", size, peak=peak, ratio=peak / MEBIBYTE, bar=bar, unit=" MiB"))
    return rows


def _growth(bench: Bench) -> list[Row]:
    """Compare the time for each further file between the sizes, from the smallest on."""
    measured = [size for size in sorted(bench.cold) if bench.cold[size].seconds]
    rows = []
    for small, medium, large in zip(measured, measured[1:], measured[2:], strict=False):
        start = bench.cold[small].median
        per_file = (bench.cold[medium].median - start) / (medium - small)
        ratio = (bench.cold[large].median - start) / (large - small) / per_file
        label = "validate, time for each further file"
        rows.append(Row(label, large, peer=f"the same with {medium}", ratio=ratio))
    return rows


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
