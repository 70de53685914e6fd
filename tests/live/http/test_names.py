"""The HTTP client and the names of hosts: a look-up that hangs holds up nobody else, and is made once."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from http_support import endpoint, failed, get, models, open_files, own_address, send_all
from upstream.server import serve, unused_port

from llmconf.adapters import Request
from llmconf.core.origins import parse_url
from llmconf.live.http import HttpClient, Reply

_REAL = socket.getaddrinfo


@dataclass
class Resolver:
    """Resolves every name to this machine; names with `hang` in them when `answer` is set, as a dead server would."""

    answer: threading.Event = field(default_factory=threading.Event)
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, host: Any, *args: Any, **kwargs: Any) -> Any:
        self.asked[str(host)] += 1
        if "hang" in str(host):
            self.answer.wait(30)
        return _REAL("127.0.0.1", *args, **kwargs)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    found = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", found)
    yield found
    found.answer.set()


def test_names_that_hang_do_not_hold_up_others(resolver: Resolver) -> None:
    with serve(models) as server:
        port = parse_url(server.url).port
        hanging = [f"http://hang-{number}.test:{port}" for number in range(60)]
        healthy = [f"http://quick-{number}.test:{port}" for number in range(9)]
        wanted = [(endpoint(url, timeout=0.3, retries=2), Request(url)) for url in hanging]
        wanted += [(endpoint(url, timeout=2), Request(url)) for url in healthy]
        replies = send_all(*wanted, at_once=20, backoff=0.01)
    assert {reply.status for reply in replies[60:]} == {200}
    assert {failed(reply) for reply in replies[:60]} == {("timeout", "no connection within 0.3 s")}
    assert {reply.attempts for reply in replies[:60]} == {3}
    assert set(resolver.asked.values()) == {1}


def test_attempts_wait_for_the_same_look_up(resolver: Resolver) -> None:
    async def run(url: str) -> list[Reply]:
        async with HttpClient(backoff=0.01) as network:
            hasty, patient = endpoint(url, timeout=0.2), endpoint(url, timeout=30)
            waiting = [asyncio.create_task(network.send(patient, Request(url))) for _ in range(3)]
            # The first attempts give up, and the look-up that they began is that of the others.
            given_up = await asyncio.gather(*(network.send(hasty, Request(url)) for _ in range(3)))
            assert {reply.failure.verdict for reply in given_up if reply.failure} == {"timeout"}
            resolver.answer.set()
            return await asyncio.gather(*waiting)

    with serve(models) as server:
        replies = asyncio.run(run(server.url.replace("127.0.0.1", "hang.test")))
    assert {reply.status for reply in replies} == {200}
    assert resolver.asked == {"hang.test": 1}


def test_a_name_is_looked_up_for_each_connection(resolver: Resolver) -> None:
    # Its addresses may change while `probe --watch` runs.
    async def run(url: str) -> None:
        async with HttpClient() as network:
            for _ in range(2):
                assert (await network.send(endpoint(url), Request(url, "POST"))).status == 200

    with serve(models) as server:
        asyncio.run(run(server.url.replace("127.0.0.1", "vendor.test")))
    assert resolver.asked == {"vendor.test": 2}


def test_ports_of_a_host_are_looked_up_apart(resolver: Resolver) -> None:
    with serve(models, ports=2) as server:
        urls = [url.replace("127.0.0.1", "vendor.test") for url in server.urls]
        replies = send_all(*((endpoint(url), Request(url)) for url in urls))
    assert {reply.status for reply in replies} == {200}
    assert {seen.headers["host"] for seen in server.seen} == {url.removeprefix("http://") for url in urls}


def test_reading_aside_does_not_wait_for_names_that_hang(resolver: Resolver) -> None:
    async def run() -> int:
        async with HttpClient(at_once=2) as network:
            urls = [f"http://hang-{number}.test" for number in range(2)]
            waiting = [asyncio.create_task(network.send(endpoint(url), Request(url))) for url in urls]
            await asyncio.sleep(0.1)
            found = await asyncio.wait_for(asyncio.to_thread(lambda: 7), 2)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            return found

    assert asyncio.run(run()) == 7
    assert set(resolver.asked) == {"hang-0.test", "hang-1.test"}


def test_a_look_up_that_ends_after_all_the_rest(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    before = set(threading.enumerate())
    assert failed(get("http://hang.test", timeout=0.1))[0] == "timeout"
    (look_up,) = set(threading.enumerate()) - before
    resolver.answer.set()
    look_up.join(5)
    assert not look_up.is_alive()
    assert raised == []


def test_a_process_ends_while_a_name_hangs() -> None:
    program = """
import asyncio, socket, time
from llmconf.adapters import Request
from llmconf.core.origins import parse_url
from llmconf.live.http import EndpointConnection, HttpClient
socket.getaddrinfo = lambda *_, **__: time.sleep(60)
async def main():
    async with HttpClient() as network:
        url = "http://hang.test"
        print((await network.send(EndpointConnection(parse_url(url), timeout=0.2), Request(url))).failure.verdict)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "timeout\n", "")


def test_a_process_that_cannot_start_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert failed(get("http://vendor.test")) == ("unreachable", "this process cannot start more threads")


def test_a_name_that_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise UnicodeError("label too long")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert failed(get("http://vendor.test")) == ("unreachable", "there is no connection")


# The addresses of a name


def test_nobody_listens_on_any_address_of_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    own_address(monkeypatch, "127.0.0.1", "::1")
    reply = get(f"http://vendor.test:{unused_port()}")
    assert failed(reply) == ("unreachable", "the connection is refused")


def test_a_host_of_which_one_address_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    own_address(monkeypatch, "::1", "127.0.0.1")
    with serve(models) as server:
        assert get(server.url.replace("127.0.0.1", "vendor.test")).status == 200


@contextlib.contextmanager
def silent(host: str, port: int = 0) -> Iterator[int]:
    """Give a port that says nothing to who connects: the queue of those who wait to be accepted is full."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server((host, port), family=family, backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket(family))
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield full.getsockname()[1]


linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse where this one keeps waiting")


@linux
def test_a_host_of_which_one_address_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    own_address(monkeypatch, "::1", "127.0.0.1")

    async def run(url: str) -> Reply:
        async with HttpClient() as network:
            before = open_files()
            found = await network.send(endpoint(url, timeout=3), Request(url))
            # What stays is the connection that is kept, with its end in the server.
            assert open_files() <= before + 2
            return found

    with serve(models) as server, silent("::1", parse_url(server.url).port) as port:
        reply = asyncio.run(run(f"http://vendor.test:{port}"))
    assert reply.status == 200
    assert reply.timing.connect is not None
    assert 0.2 < reply.timing.connect < 1


@linux
def test_the_families_of_addresses_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    # With a quarter of a second for each address of one family, the other would come too late.
    own_address(monkeypatch, *["::1"] * 12, "127.0.0.1")
    with serve(models) as server, silent("::1", parse_url(server.url).port) as port:
        assert get(f"http://vendor.test:{port}", timeout=2).status == 200


@linux
@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("::1", "127.0.0.1"), ()])
def test_the_system_gives_up_before_we_do(monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]) -> None:
    class Hasty(socket.socket):
        """Waits for a tenth of a second, rounded up by the system, where it is minutes by default."""

        def connect(self, address: Any) -> None:
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 100)
            super().connect(address)

    own_address(monkeypatch, *addresses)
    with silent("127.0.0.1") as port:
        monkeypatch.setattr(socket, "socket", Hasty)
        url = f"http://{'vendor.test' if addresses else '127.0.0.1'}:{port}"
        reply = get(url, timeout=15, retries=1)
    # On ::1 nobody listens: where the addresses fail each in its own way, it is only told that all did.
    several = ("unreachable", "there is no connection")
    assert failed(reply) == (several if len(addresses) > 1 else ("timeout", "no connection: the network gave up"))
    assert reply.attempts == 2
    assert (reply.timing.total or 0) < 10
