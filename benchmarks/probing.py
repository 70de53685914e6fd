"""Measures what a probe of many endpoints costs, beside aiohttp and beside what it would take without any work.

python benchmarks/probing.py [--endpoints 500] [--delay 0.05] [--at-once 50] [--repeat 5] [--json FILE] [--smoke]

Each endpoint is an origin of its own on loopback, and answers after the delay. The ideal is the number of rounds
of simultaneous requests, times the delay.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import aiohttp
import programs
from measure import Program, Series, in_turns, interleave
from table import Row, as_data, compare, render

from llmconf.api import validate
from llmconf.live.authorize import Authorizer, CallLimits
from llmconf.live.http import HttpClient
from llmconf.live.probe import endpoints_to_probe, probe

BAR, AT = 1.8, (500, 50)
"""Most part of the ideal, for so many endpoints at so many at once."""
KEY = "fake-benchmark-key"
DOCUMENT = """\
kind: Provider
name: p{port}
type: openai_compatible
endpoints: [{{name: main, url: "http://127.0.0.1:{port}/v1"}}]
credentials: [{{name: main, hosts: ["http://127.0.0.1:{port}"], api_key: env:LLMCONF_BENCHMARK}}]
models: [{{id: model-a}}]
"""


@contextmanager
def server(ports: int, delay: float) -> Iterator[list[int]]:
    """Run the slow server in a process of its own and yield its ports."""
    command = [sys.executable, str(programs.HERE / "peers" / "slow_server.py"), str(ports), str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the server has no pipes")
        yield json.loads(process.stdout.readline())
        process.stdin.close()


def project(folder: Path, ports: list[int]) -> Path:
    """Write a project with one provider for each port."""
    (folder / "config").mkdir(parents=True)
    (folder / "llmconf.yaml").write_text("version: 1\nname: benchmark\n", encoding="utf-8")
    text = "---\n".join(DOCUMENT.format(port=port) for port in ports)
    (folder / "config" / "all.yaml").write_text(text, encoding="utf-8")
    return folder


async def _with_aiohttp(ports: list[int], at_once: int) -> None:
    """Ask all endpoints with one session of aiohttp and read the JSON."""
    connector = aiohttp.TCPConnector(limit=at_once)
    headers = {"authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def one(port: int) -> None:
            async with session.get(f"http://127.0.0.1:{port}/v1/models") as answer:
                await answer.json()

        await asyncio.gather(*map(one, ports))


def measure(folder: Path, ports: list[int], options: argparse.Namespace) -> list[Row]:
    """Measure the probes, in turns, after the command as a whole."""
    root, at_once, count = project(folder, ports), options.at_once, len(ports)
    environment = {**os.environ, "LLMCONF_BENCHMARK": KEY}
    probing = ("-C", str(root), "probe", "--at-once", str(at_once), "-o", "json")
    validating = ("-C", str(root), "validate", "--no-cache", "--jobs", "1")
    commands = interleave(
        [Program("probe", programs.llmconf(*probing)), Program("validate", programs.llmconf(*validating))],
        options.repeat,
        environment,
    )
    os.environ["LLMCONF_BENCHMARK"] = KEY
    checked = validate(root, today=date(2026, 11, 23))
    ways = Authorizer(checked, None, (), CallLimits())
    endpoints = endpoints_to_probe(ways.env)

    def ours() -> None:
        found = probe(ways, endpoints, network=lambda: HttpClient(at_once=at_once))
        if any(health.verdict != "healthy" for health in found):
            raise RuntimeError(f"not healthy: {found[0]}")

    found = in_turns({"ours": ours, "aiohttp": lambda: asyncio.run(_with_aiohttp(ports, at_once))}, options.repeat)
    ideal = Series([math.ceil(count / at_once) * options.delay] * options.repeat)
    bar = BAR if (count, at_once) == AT else None
    return [
        compare("probe, without start and project", count, found["ours"], ("ideal", ideal), bar),
        compare("aiohttp, the same requests", count, found["aiohttp"], ("ideal", ideal)),
        compare("probe, without start and project", count, found["ours"], ("aiohttp", found["aiohttp"])),
        compare("llmconf probe, the whole command", count, commands["probe"], ("validate", commands["validate"])),
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what a probe of many endpoints costs.")
    parser.add_argument("--endpoints", type=int, default=AT[0], help="endpoints, each an origin of its own")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds until an endpoint answers")
    parser.add_argument("--at-once", type=int, default=AT[1], help="requests under way at a time")
    parser.add_argument("--repeat", type=int, default=5, help="turns that are counted")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--smoke", action="store_true", help="10 endpoints and one turn: does it run at all?")
    options = parser.parse_args()
    if options.smoke:
        options.endpoints, options.repeat = 10, 1
    if min(options.endpoints, options.at_once, options.repeat) < 1:
        parser.error("each number is at least 1")
    return options


def main() -> int:
    """Measure, print the table, and return the exit code."""
    options = _arguments()
    # As the command does; the peer runs in the same process.
    gc.disable()
    temporary = tempfile.TemporaryDirectory(prefix="llmconf-benchmark-")
    with temporary as folder, server(options.endpoints, options.delay) as ports:
        rows = measure(Path(folder) / "project", ports, options)
    print(render(rows))
    if options.json:
        options.json.write_text(json.dumps({"rows": as_data(rows)}, indent=2) + "\n", encoding="utf-8")
    return 1 if any(row.note.startswith("llmconf:") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
