"""The HTTP client, against real servers on loopback that behave as badly as they can."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
import socket
import time
import tracemalloc
from pathlib import Path

import pytest
import trustme
from http_support import KEY, MODELS, SECRET, endpoint, failed, get, models, open_files, send, send_all
from upstream.server import MISBEHAVIOR, Server, serve, unused_port
from upstream.vendor import Answer, Seen, State, Vendor

from llmconf.adapters import Request
from llmconf.core.version import __version__
from llmconf.live.http import MAX_BODY, HttpClient

# An answer


def test_what_is_sent_and_what_comes_back() -> None:
    with serve(models) as server:
        url = f"{server.url}/v1/models?limit=2&after=a%20b"
        reply = get(url, headers={**KEY, "X-Version": "7"})
    assert reply.response is not None
    assert (reply.status, reply.attempts, reply.failure) == (200, 1, None)
    assert reply.response.json() == MODELS
    assert reply.response.headers["content-type"] == "application/json"
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("GET", "/v1/models?limit=2&after=a%20b")
    assert seen.headers == {
        "host": server.url.removeprefix("http://"),
        "user-agent": f"llmconf/{__version__}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "authorization": f"Bearer {SECRET}",
        "x-version": "7",
    }


def test_a_body_is_sent() -> None:
    with serve(lambda seen, _: Answer(201, {"got": seen.body.decode()})) as server:
        url = f"{server.url}/token"
        reply = send(endpoint(url), Request(url, "POST", {"Content-Type": "text/plain"}, b"grant=fake"))
    assert reply.response is not None
    assert (reply.response.status, reply.response.json()) == (201, {"got": "grant=fake"})
    assert server.seen[0].headers["content-type"] == "text/plain"


@pytest.mark.parametrize("status", [204, 400, 401, 404, 418])
def test_an_error_of_the_server_is_an_answer(status: int) -> None:
    with serve(lambda *_: Answer(status, b"")) as server:
        reply = get(server.url, retries=3)
    assert reply.response is not None
    assert (reply.response.status, reply.response.body, reply.attempts) == (status, b"", 1)


def test_headers_that_come_twice_are_joined_and_cookies_are_not_kept() -> None:
    with serve(lambda *_: Answer(200, {}, {"X-A": "1\r\nx-a: 2", "Set-Cookie": "session=fake"})) as server:
        first, second = send_all(*[(endpoint(server.url), Request(server.url))] * 2, per_host=1)
    assert first.response is not None
    assert first.response.headers["x-a"] == "1, 2"
    assert second.response is not None
    assert all("cookie" not in seen.headers for seen in server.seen)


def test_a_password_in_netrc_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login user password fake\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serve(models) as server:
        get(server.url, headers={})
    assert "authorization" not in server.seen[0].headers


def test_a_connection_is_used_again() -> None:
    with serve(models) as server:
        first, second, third = send_all(*[(endpoint(server.url), Request(server.url))] * 3, per_host=1)
    assert server.connections == 1
    assert first.timing.connect is not None
    assert (second.timing.connect, third.timing.connect) == (None, None)


def test_a_connection_that_was_closed_meanwhile_is_not_used_again() -> None:
    # This server closes after its answer, without saying so.
    with serve(models, misbehave="html") as server:
        replies = send_all(*[(endpoint(server.url), Request(server.url))] * 3, per_host=1)
    assert [reply.status for reply in replies] == [200] * 3
    assert server.connections == 3


def test_an_idle_connection_that_is_closed_under_a_request() -> None:
    with serve(models) as server:

        def answer(seen: Seen, state: State) -> Answer:
            server.misbehave = "close_once"
            return models(seen, state)

        server.answer = answer
        one = endpoint(server.url)
        first, second = send_all((one, Request(server.url)), (one, Request(server.url)), per_host=1)
        (third,) = send_all((one, Request(server.url, "POST")))
    assert (first.status, second.status, second.attempts) == (200, 200, 1)
    assert failed(third)[0] == "invalid_response"
    assert [seen.method for seen in server.seen] == ["GET", "GET", "GET", "POST"]


def test_gzip_is_read() -> None:
    with serve(models, misbehave="gzip") as server:
        reply = get(server.url)
    assert reply.response is not None
    assert reply.response.json() == MODELS


@pytest.mark.parametrize("size", [1, 100, 1_000_000])
def test_gzip_in_parts_is_read(size: int) -> None:
    # As RFC 1952 allows, each part is a whole file. The largest arrive in several pieces.
    parts = [random.Random(number).randbytes(size) for number in range(5)]
    packed = b"".join(map(gzip.compress, [*parts, b""]))
    with serve(lambda *_: Answer(200, packed, {"content-encoding": "gzip"})) as server:
        reply = get(server.url)
    assert reply.response is not None
    assert reply.response.body == b"".join(parts)


def test_the_largest_answer_in_parts() -> None:
    half = b"x" * (MAX_BODY // 2)
    packed = iter([gzip.compress(half) * 2, gzip.compress(half) * 2 + gzip.compress(b"x")])
    with serve(lambda *_: Answer(200, next(packed), {"content-encoding": "gzip"})) as server:
        whole, longer = get(server.url), get(server.url)
    assert whole.response is not None
    assert len(whole.response.body) == MAX_BODY
    assert failed(longer) == ("invalid_response", "the answer is longer than 8 MiB")


def test_a_url_is_sent_as_it_is_written() -> None:
    with serve(models) as server:
        assert get(f"{server.url}/v1//a;b/%2F/é?q='x'&y=[1]#part").status == 200
        assert get(f"{server.url}?x=1").status == 200
        assert get(server.url).status == 200
    assert [seen.path for seen in server.seen] == ["/v1//a;b/%2F/%C3%A9?q='x'&y=[1]", "/?x=1", "/"]


# Answers that are none


@pytest.mark.parametrize(
    ("misbehavior", "verdict", "words", "status"),
    [
        ("hang", "timeout", "no answer within 0.3 s", None),
        ("drip", "timeout", "the answer did not end within 0.3 s", 200),
        ("drip_headers", "timeout", "no answer within 0.3 s", None),
        ("interim", "invalid_response", "it says again and again that its answer is yet to come", None),
        ("crumbs", "invalid_response", "the answer comes in too many small parts", 200),
        ("reset", "unreachable", "the connection is reset", None),
        ("close_early", "invalid_response", "the connection is closed without an answer", None),
        ("cut_short", "invalid_response", "the answer breaks off", 200),
        ("endless_headers", "invalid_response", "the answer is not HTTP", None),
        ("not_http", "invalid_response", "the answer is not HTTP", None),
        ("two_lengths", "invalid_response", "the answer is not HTTP", None),
        ("upgrade", "invalid_response", "the answer is not HTTP", None),
        ("redirect", "invalid_response", "it redirects to https://elsewhere.test, and", 302),
        ("redirect_itself", "invalid_response", "it redirects to http://127.0.0.1:", 307),
        ("redirect_nowhere", "invalid_response", "it redirects, without saying where to", 302),
        ("redirect_odd", "invalid_response", "it redirects to what is no URL", 302),
        ("not_modified", "invalid_response", "nothing has changed (status 304), which was not asked", 304),
        ("gzip_bomb", "invalid_response", "the answer is longer than 8 MiB", 200),
        ("gzip_idle", "invalid_response", "the answer is longer than 8 MiB", 200),
        ("gzip_broken", "invalid_response", "the answer is said to be gzip and is not", 200),
        ("gzip_cut", "invalid_response", "the compressed answer breaks off", 200),
        ("gzip_trailing", "invalid_response", "the answer is said to be gzip and is not", 200),
        ("gzip_second_cut", "invalid_response", "the compressed answer breaks off", 200),
        ("gzip_second_broken", "invalid_response", "the answer is said to be gzip and is not", 200),
        ("gzip_many_bombs", "invalid_response", "the answer is longer than 8 MiB", 200),
        ("gzip_many_empty", "invalid_response", "the answer is compressed in too many parts", 200),
        ("brotli", "invalid_response", "compressed in a way that was not asked for", 200),
        ("huge_json", "invalid_response", "the answer is longer than 8 MiB", 200),
    ],
)
def test_a_server_that_misbehaves(misbehavior: str, verdict: str, words: str, status: int | None) -> None:
    slow = misbehavior in ("hang", "drip", "drip_headers")
    with serve(models, misbehave=misbehavior) as server:
        start = time.monotonic()
        reply = get(f"{server.url}/v1/models?key=not-to-be-shown", timeout=0.3 if slow else 5.0)
        took = time.monotonic() - start
    found, detail = failed(reply)
    assert (found, reply.status) == (verdict, status)
    assert words in detail
    assert "not-to-be-shown" not in detail
    assert len(server.seen) == 1
    assert took < 4


@pytest.mark.parametrize("misbehavior", ["html", "broken_json", "deep_json", "other_shape", "wrong_type"])
def test_what_an_answer_says_is_not_judged_here(misbehavior: str) -> None:
    with serve(models, misbehave=misbehavior) as server:
        assert get(server.url).status == 200


def test_every_misbehavior_is_tried() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in MISBEHAVIOR if f'"{name}"' not in text] == []


def test_the_largest_answer_that_is_read() -> None:
    sizes = iter([MAX_BODY, MAX_BODY + 1])
    with serve(lambda *_: Answer(200, b"x" * next(sizes))) as server:
        whole, longer = get(server.url), get(server.url)
    assert whole.response is not None
    assert len(whole.response.body) == MAX_BODY
    assert failed(longer)[0] == "invalid_response"


@pytest.mark.parametrize("bomb", ["gzip_bomb", "gzip_many_bombs"])
def test_a_gzip_bomb_takes_little_memory(bomb: str) -> None:
    with serve(models, misbehave=bomb) as server:
        tracemalloc.start()
        try:
            failed(get(server.url))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # Up to a gigabyte was sent; this counts what the server needs, too.
    assert peak < 6 * MAX_BODY


def test_nobody_listens() -> None:
    assert failed(get(f"http://127.0.0.1:{unused_port()}")) == ("unreachable", "the connection is refused")


@pytest.mark.parametrize(("number", "attempts"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 3)])
def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch, number: int, attempts: int) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    reply = get("https://vendor.test/v1", retries=2)
    assert failed(reply) == ("unreachable", "its name cannot be resolved")
    assert reply.attempts == attempts


def test_a_server_that_speaks_ipv6_only() -> None:
    with serve(models, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert get(f"{server.url}/v1").status == 200
    assert server.seen[0].headers["host"] == server.url.removeprefix("http://")


# Many at once


class Gauge:
    """Counts how many requests a server answers at the same time."""

    def __init__(self) -> None:
        self.now: dict[str, int] = {}
        self.most = 0
        self.most_of_one = 0


def measure(server: Server, gauge: Gauge, monkeypatch: pytest.MonkeyPatch) -> None:
    original = asyncio.sleep

    async def sleep(seconds: float) -> None:
        host = server.seen[-1].headers["host"] if seconds else ""
        gauge.now[host] = gauge.now.get(host, 0) + 1
        if seconds:
            gauge.most = max(gauge.most, sum(count for name, count in gauge.now.items() if name))
            gauge.most_of_one = max(gauge.most_of_one, gauge.now[host])
        await original(seconds)
        gauge.now[host] -= 1

    monkeypatch.setattr(asyncio, "sleep", sleep)


def test_how_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gauge = Gauge()
    with serve(models, ports=6, delay=0.05) as server:
        measure(server, gauge, monkeypatch)
        wanted = [(endpoint(url), Request(url)) for url in server.urls for _ in range(6)]
        replies = send_all(*wanted, at_once=7, per_host=3)
    assert {reply.status for reply in replies} == {200}
    assert (gauge.most, gauge.most_of_one) == (7, 3)
    assert server.connections <= 36


def test_a_slow_host_does_not_hold_up_the_others() -> None:
    async def run() -> float:
        async with HttpClient(at_once=4, per_host=2) as network:
            waiting = [asyncio.create_task(network.send(endpoint(slow.url), Request(slow.url))) for _ in range(20)]
            await asyncio.sleep(0.05)
            start = time.monotonic()
            assert (await network.send(endpoint(quick.url), Request(quick.url))).status == 200
            took = time.monotonic() - start
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            return took

    with serve(models, delay=5) as slow, serve(models) as quick:
        assert asyncio.run(run()) < 2


@pytest.mark.parametrize("secure", [False, True])
def test_no_connection_stays_open_and_few_are_idle(secure: bool, ca: trustme.CA, trusted: None) -> None:
    async def run(urls: tuple[str, ...]) -> int:
        async with HttpClient(at_once=5) as network:
            await asyncio.gather(*(network.send(endpoint(url), Request(url)) for url in urls))
            # The five that are idle, each with its end in the server, and the loop's own.
            for _ in range(100):
                if (found := open_files()) <= most:
                    break
                await asyncio.sleep(0.02)  # the server sees the end of the others a little later
            return found

    before = open_files()
    with serve(models, ports=30, tls=ca if secure else None) as server:
        most = open_files() + 16
        assert asyncio.run(run(server.urls)) <= most
    assert open_files() <= before


@pytest.mark.parametrize("secure", [False, True])
def test_a_run_that_is_broken_off_leaves_nothing_behind(secure: bool, ca: trustme.CA, trusted: None) -> None:
    async def run(url: str) -> None:
        async with HttpClient() as network:
            await asyncio.wait_for(network.send(endpoint(url), Request(url)), 0.2)

    before = open_files()
    with serve(models, misbehave="hang", tls=ca if secure else None) as server, contextlib.suppress(TimeoutError):
        asyncio.run(run(server.url))
    assert open_files() <= before


def test_a_fake_vendor_is_served() -> None:
    def answer(seen: Seen, state: State) -> Answer:
        return Answer(200 if state == "valid" else 401, {"path": seen.path})

    vendor = Vendor("fake", {"api_key": SECRET}, answer, (), {"valid": "healthy"}, base="/v1")
    with serve(vendor, "invalid") as server:
        assert server.url.endswith("/v1")
        first = get(f"{server.url}/models")
        server.state = "valid"
        second = get(f"{server.url}/models")
    assert (first.status, second.status) == (401, 200)


def test_test_servers_listen_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"), serve(models, host="192.0.2.1"):
        pass
