"""What the tests of `llmconf sync` share: a project whose OpenAI is a server on loopback, and the command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live import ALLOW, KEY, Live, OpenAI, provider
from upstream.server import Server, serve

ROUTE = "kind: Route\nname: chat\ntargets:\n  - model: openai/gpt-5\n"
SLOW = ("--timeout", "10", "--retries", "0")


@pytest.fixture
def openai() -> OpenAI:
    return OpenAI()


@pytest.fixture
def server(openai: OpenAI) -> Iterator[Server]:
    with serve(openai) as running:
        yield running


@pytest.fixture
def live(tmp_path: Path, server: Server) -> Live:
    project = Live(tmp_path)
    project.write(provider(f"{server.url}/v1"), ROUTE)
    return project


def sync(live: Live, *args: str, code: int = 0) -> str:
    """Run sync and return what it printed."""
    done = live.run("sync", *ALLOW, *args)
    assert done.returncode == code, done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
    return done.stdout
