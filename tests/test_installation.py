"""What an installation brings, and what a run loads of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata

from commands import REPOSITORY
from http_support import models
from packaging.requirements import Requirement
from upstream.server import serve, unused_port

NOT_NEEDED = ("httpcore", "httpx", "sniffio", "certifi")
"""A second HTTP stack, and a list of authorities beside that of the system."""


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _closure(required: list[str]) -> set[str]:
    """Return the names of all packages that come with an installation without extras."""
    found: set[str] = set()
    while required:
        requirement = Requirement(required.pop())
        name = _name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        required += metadata.requires(name) or []
    return found


def test_an_installation_brings_one_http_stack() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = _closure(list(project["dependencies"]))
    assert {"httpx2", "httpcore2", "h11", "truststore", "pydantic-core"} <= found
    assert found & set(NOT_NEEDED) == set()


def test_what_an_installation_brings_is_looked_for_in_depth() -> None:
    # moto needs responses, which needs requests, which needs certifi.
    assert "certifi" in _closure(["moto"])
    assert "certifi" not in _closure(["pytest"])


def test_the_client_runs_where_no_other_stack_can_be_imported() -> None:
    program = f"""
import asyncio, sys
sys.modules.update(dict.fromkeys({NOT_NEEDED}))
from llmconf.adapters import Request
from llmconf.core.origins import parse_url
from llmconf.live.http import EndpointConnection, HttpClient
async def main(urls):
    async with HttpClient() as client:
        found = [await client.send(EndpointConnection(parse_url(url)), Request(url)) for url in urls]
    return [reply.failure.verdict if reply.failure else reply.status for reply in found]
print(*asyncio.run(main(sys.argv[1:])))
print(*(name for name in {NOT_NEEDED} if sys.modules[name]))
"""
    with serve(models) as server:
        # With https, for which the authorities of the system are loaded, nobody answers.
        urls = [server.url, f"https://127.0.0.1:{unused_port()}"]
        done = subprocess.run([sys.executable, "-c", program, *urls], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["200", "unreachable"], "")
