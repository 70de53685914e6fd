"""Measures llmconf beside other programs, in turns in one run, and prints ratios against the bars.

python benchmarks/run.py [--sizes 1,1000,10000] [--repeat 5] [--only SUITE] [--json FILE] [--smoke]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from bench import Bench
from suites import SUITES
from table import Row, as_data, render


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted({int(part) for part in text.split(",")}))
    if sizes[0] < 1:
        raise argparse.ArgumentTypeError("a size is at least 1")
    return sizes


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure llmconf beside other programs.")
    parser.add_argument("--sizes", type=_sizes, default=(1, 1000, 10000), help="numbers of files, by commas")
    parser.add_argument("--repeat", type=int, default=5, help="turns that are counted")
    parser.add_argument("--only", choices=SUITES, action="append", help="run this suite only; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generated projects")
    parser.add_argument("--smoke", action="store_true", help="20 files and one turn: does it run at all?")
    options = parser.parse_args()
    if options.smoke:
        options.sizes, options.repeat = (20,), 1
    if options.repeat < 1:
        parser.error("--repeat is at least 1")
    return options


def _environment(cache: Path) -> dict[str, str]:
    """Return the variables for all programs: those of this process, with a cache folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLMCONF_")}
    return {**kept, "XDG_CACHE_HOME": str(cache)}


def _measure(options: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="llmconf-benchmark-") as temporary:
        folder = Path(temporary)
        bench = Bench(folder, options.repeat, options.sizes, _environment(folder / "cache"), options.seed)
        for name in options.only or SUITES:
            sys.stderr.write(f"{name} ...\n")
            rows += SUITES[name](bench)
    return rows


def main() -> int:
    """Measure, print, and return 0: a missed bar and a missing peer are results. 1 where llmconf failed."""
    options = _arguments()
    rows = _measure(options)
    machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors"
    sys.stdout.write(f"{render(rows)}\n\nMedians of {options.repeat}; {machine}. Seconds differ from machine")
    sys.stdout.write(" to machine, ratios hardly.\n")
    if options.json:
        data = {"machine": machine, "repeat": options.repeat, "seed": options.seed, "rows": as_data(rows)}
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 1 if any(row.note.startswith("llmconf:") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
