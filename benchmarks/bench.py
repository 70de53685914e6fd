"""Where a run of the benchmarks has its projects, and how it measures programs on them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import programs
from measure import Program, Series, interleave

SETTLED = 2.5
"""Seconds after which a file is old enough for a stamp of it to be trusted."""


@dataclass
class Bench:
    """Where the projects are, and how often each program is run."""

    folder: Path
    rounds: int
    sizes: tuple[int, ...]
    env: Mapping[str, str]
    seed: int = 1

    def project(self, resources: int, *options: str) -> Path:
        """Write a project of so many documents, one in each file unless the options say otherwise."""
        return self._generate("generate.py", "--resources", str(resources), *options)

    def providers(self, files: int, *options: str, name: str = "providers") -> Path:
        """Write a project of so many files with one provider in each. Two with different names are two folders."""
        return self._generate("generate_providers.py", "--files", str(files), *options, name=name)

    def _generate(self, script: str, *arguments: str, name: str = "") -> Path:
        """Write a project, in a process of its own so that this one stays small, and let it settle."""
        out = self.folder / "-".join((name, *arguments)).replace("--", "")
        if not out.exists():
            command = (sys.executable, str(programs.HERE / script), str(out), "--seed", str(self.seed), *arguments)
            subprocess.run(command, check=True)
            time.sleep(SETTLED)
        return out

    def run(self, *entries: Program) -> dict[str, Series]:
        """Measure programs in turn."""
        return interleave(entries, self.rounds, self.env)
