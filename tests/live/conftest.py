"""What the tests of the network are given: a project, and an OpenAI on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live, OpenAI
from upstream.server import Server, serve


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(tmp_path)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(OpenAI()) as running:
        yield running
