"""What the tests of `llmconf sync` are given: a project whose OpenAI is a server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live, OpenAI, provider
from sync_support import ROUTE
from upstream.server import Server, serve


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
