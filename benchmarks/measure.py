"""Runs programs as processes of their own, in turns: wall time, processor time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in one unit of `ru_maxrss`."""
SLOW_ROUNDS = 2
"""Rounds of a program that takes half a minute; it still alternates with the others."""


@dataclass(frozen=True)
class Program:
    """A command to measure. `command` is None where the program is not installed.

    `prepare` runs before each measurement and is not timed. A `slow` program is run in the first
    rounds only, and not in the turn that is not counted. `status` is the exit code that it ends with if all is well.
    """

    name: str
    command: tuple[str, ...] | None
    prepare: Callable[[], None] | None = None
    slow: bool = False
    status: int = 0

    def takes_part(self, turn: int) -> bool:
        """Tell whether the program is run in this turn; turn -1 is not counted."""
        return 0 <= turn < SLOW_ROUNDS if self.slow else True


@dataclass
class Series:
    """What was measured of one program, turn by turn. `peak` is its largest process, in bytes."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0
    failure: str | None = None

    @property
    def median(self) -> float:
        """The median of the wall times, in seconds."""
        return median(self.seconds)


def interleave(programs: Sequence[Program], rounds: int, env: Mapping[str, str]) -> dict[str, Series]:
    """Run all programs in turn, A B C A B C, after one turn that is not counted.

    A program that fails once is not run again: how long it took to fail says nothing.
    """
    series = {program.name: Series() for program in programs}
    for turn in range(-1, rounds):
        for program in programs:
            one = series[program.name]
            if program.command is None:
                one.failure = "peer missing"
            elif not one.failure and program.takes_part(turn):
                _measure(program, program.command, one, env, counted=turn >= 0)
    return series


def _measure(
    program: Program, command: Sequence[str], series: Series, env: Mapping[str, str], *, counted: bool
) -> None:
    if program.prepare:
        program.prepare()
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=dict(env)
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != program.status:
            output.seek(0)
            lines = output.read(65536).decode(errors="replace").strip().splitlines()
            series.failure = f"exit code {process.returncode}: {lines[-1][:160] if lines else 'no output'}"
    if counted and not series.failure:
        series.seconds.append(seconds)
        series.cpu.append(usage.ru_utime + usage.ru_stime)
        series.peak = max(series.peak, usage.ru_maxrss * PEAK_UNIT)


def in_turns(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Series]:
    """Run functions of this process in turn, A B C A B C, after one turn that is not counted."""
    found = {name: Series() for name in actions}
    for turn in range(-1, rounds):
        for name, action in actions.items():
            wall, cpu = time.perf_counter(), time.process_time()
            action()
            if turn >= 0:
                found[name].seconds.append(time.perf_counter() - wall)
                found[name].cpu.append(time.process_time() - cpu)
    return found
