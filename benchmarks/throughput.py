"""Validation of many files: one provider in each, with its endpoints, its credential and its models inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import programs
from bench import Bench
from measure import Program, Series
from table import MEBIBYTE, Row, compare

LARGE, MEDIUM = 10_000, 1_000
BARS = {
    ("csafeloader", LARGE): 1.0,
    ("csafeloader, two processes", LARGE): 0.65,
    ("check-jsonschema", LARGE): 1 / 12,
    ("check-jsonschema", MEDIUM): 1 / 6,
    ("nothing changed", LARGE): 0.1,
    ("one file changed", LARGE): 0.6,
    ("a finding in each file", LARGE): 1.5,
}
"""Most part of the peer's time, by comparison and number of files."""
MEMORY_BAR = 200
_COLD = ("validate", "--no-cache", "--jobs", "1")


def validate(bench: Bench) -> list[Row]:
    """Measure validation of each size: from nothing, with nothing or one file changed, and with a finding a file."""
    rows: list[Row] = []
    cold: dict[int, Series] = {}
    for size in bench.sizes:
        found = _measure(bench, size)
        cold[size] = found["cold"]
        rows += _rows(size, found)
    return rows + _growth(cold)


def _measure(bench: Bench, size: int) -> dict[str, Series]:
    folder, slow = bench.providers(size), size >= programs.SLOW_FROM
    # A project of its own: what was just changed is not trusted to be unchanged.
    edited, mistaken = bench.providers(size, name="edited"), bench.providers(size, "--mistakes")
    config = folder / "config"
    return bench.run(
        Program("cold", programs.llmconf("-C", str(folder), *_COLD)),
        Program("csafeloader", programs.csafeloader(config)),
        Program("two", programs.llmconf("-C", str(folder), "validate", "--no-cache", "--jobs", "2")),
        Program("nothing changed", programs.llmconf("-C", str(folder), "validate")),
        Program("one file changed", programs.llmconf("-C", str(edited), "validate"), prepare=_edit(edited)),
        Program("a finding in each file", programs.llmconf("-C", str(mistaken), *_COLD), status=1),
        Program("check-jsonschema", programs.check_jsonschema(sorted(config.rglob("*.yaml"))), slow=slow),
        Program("yamllint", programs.yamllint(config), slow=slow),
        Program("ajv-cli", programs.ajv(config)),
    )


def _edit(folder: Path) -> Callable[[], None]:
    """Return what changes one file of a project each time."""
    file = min((folder / "config").rglob("*.yaml"))
    texts = [file.read_bytes(), file.read_bytes().replace(b"retries: ", b"retries: 1")]

    def edit() -> None:
        texts.reverse()
        file.write_bytes(texts[0])

    return edit


def _rows(size: int, found: dict[str, Series]) -> list[Row]:
    cold, loader = found["cold"], ("csafeloader", found["csafeloader"])
    rows = [
        compare("validate, one process", size, cold, (peer, found[peer]), BARS.get((peer, size)))
        for peer in ("csafeloader", "check-jsonschema", "yamllint", "ajv-cli")
    ]
    bar = BARS.get(("csafeloader, two processes", size))
    rows.append(compare("validate, two processes", size, found["two"], loader, bar))
    again = ("nothing changed", "one file changed", "a finding in each file")
    for label in again:
        bar = BARS.get((label, size))
        rows.append(compare(f"validate, {label}", size, found[label], ("one process", cold), bar))
    if cold.peak:
        peak = max(found[name].peak for name in ("cold", "two", *again))
        bar = MEMORY_BAR if size == LARGE else None
        rows.append(Row("peak memory", size, peak=peak, ratio=peak / MEBIBYTE, bar=bar, unit=" MiB"))
    return rows


def _growth(cold: dict[int, Series]) -> list[Row]:
    """Compare the time for each further file between the sizes, from the smallest on."""
    measured = [size for size in sorted(cold) if cold[size].seconds]
    rows = []
    for small, medium, large in zip(measured, measured[1:], measured[2:], strict=False):
        start = cold[small].median
        per_file = (cold[medium].median - start) / (medium - small)
        ratio = (cold[large].median - start) / (large - small) / per_file
        label = "validate, time for each further file"
        rows.append(Row(label, large, peer=f"the same with {medium}", ratio=ratio))
    return rows
