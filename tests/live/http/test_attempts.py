"""The HTTP client and its attempts: which failures are tried again, and when."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from http_support import MODELS, endpoint, failed, get, models, send, send_all
from upstream.server import serve
from upstream.vendor import Answer, Seen, State

from llmconf.adapters import Request


def test_failures_that_pass() -> None:
    first = [Answer(503, {}), Answer(429, {}, {"Retry-After": "0"}), Answer(529, {})]
    with serve(models, first=first) as server:
        reply = get(server.url, retries=3)
    assert (reply.status, reply.attempts, len(server.seen)) == (200, 4, 4)


def test_attempts_are_bounded() -> None:
    with serve(lambda *_: Answer(500, {})) as server:
        reply = get(server.url, retries=2)
    assert (reply.status, reply.attempts, len(server.seen)) == (500, 3, 3)


@pytest.mark.parametrize("misbehavior", ["hang", "reset", "close_early", "cut_short"])
def test_broken_connections_are_tried_again(misbehavior: str) -> None:
    with serve(models, misbehave=misbehavior) as server:
        reply = get(server.url, retries=1, timeout=0.2)
    failed(reply)
    assert (reply.attempts, len(server.seen)) == (2, 2)


def test_a_post_is_sent_once() -> None:
    with serve(lambda *_: Answer(503, {})) as server:
        reply = send(endpoint(server.url, retries=3), Request(server.url, "POST", body=b"{}"))
    assert (reply.status, reply.attempts, len(server.seen)) == (503, 1, 1)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "0.2"}, True),
        ({"Retry-After-Ms": "200", "Retry-After": "90"}, True),
        ({"Retry-After": "0.1, 0.2"}, True),
        ({"Retry-After": "0.2\r\nRetry-After: 0.1"}, True),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT,0.2"}, True),
        ({"Retry-After": "0.2, soon"}, True),
        ({"Retry-After-Ms": "100, 200"}, True),
        ({"Retry-After": "90"}, False),
        ({"Retry-After": "0, 90"}, False),
        ({"Retry-After": "0, Wed, 21 Oct 2065 07:28:00 GMT"}, False),
        ({"Retry-After": "inf"}, False),
        ({"Retry-After": "soon"}, False),
        ({}, False),
    ],
)
def test_retry_after(headers: dict[str, str], waits: bool) -> None:
    with serve(models, first=[Answer(429, {}, headers)]) as server:
        start = time.monotonic()
        reply = get(server.url, retries=1)
        took = time.monotonic() - start
    assert (reply.status, reply.attempts) == ((200, 2) if waits else (429, 1))
    assert (0.2 if waits else 0) <= took < 5


@pytest.mark.parametrize(("seconds", "attempts"), [(1, 2), (3600, 1), (-3600, 2)])
def test_retry_after_a_date(seconds: int, attempts: int) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    with serve(models, first=[Answer(503, {}, {"Retry-After": when})]) as server:
        assert get(server.url, retries=1).attempts == attempts


@pytest.mark.parametrize(
    "said",
    ["99999999999", "9" * 5000, "3600.5", "5.01, 5", "Wed, 21 Oct 2065 07:28:00", "Wed, 21 Oct 9999999 07:28:00 GMT",
     "Wed, 21 Oct 99999999999999999999999999 07:28:00 GMT"],
)  # fmt: skip
def test_whoever_asks_for_too_long_is_not_asked_again(said: str) -> None:
    with serve(models, first=[Answer(503, {}, {"Retry-After": said})]) as server:
        assert get(server.url, retries=1).attempts == 1


@pytest.mark.parametrize("said", ["0", "0.0", "0, 0", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-1", ""])
def test_no_attempt_follows_at_once(said: str) -> None:
    with serve(models, first=[Answer(503, {}, {"Retry-After": said})] * 2) as server:
        start = time.monotonic()
        reply = send(endpoint(server.url, retries=2), Request(server.url), backoff=0.1)
        took = time.monotonic() - start
    assert (reply.status, reply.attempts) == (200, 3)
    assert 0.3 <= took < 3


@pytest.mark.parametrize("headers", [{"Retry-After": "0.5"}, {"Retry-After": "0"}, {}])
def test_attempts_of_many_are_spread(headers: dict[str, str]) -> None:
    first: dict[str, float] = {}
    pauses: list[float] = []

    def answer(seen: Seen, _state: State) -> Answer:
        now = time.monotonic()
        if seen.path not in first:
            first[seen.path] = now
            return Answer(503, {}, headers)
        pauses.append(now - first[seen.path])
        return Answer(200, MODELS)

    with serve(answer) as server:
        urls = [f"{server.url}/{number}" for number in range(8)]
        wanted = [(endpoint(url, retries=1), Request(url)) for url in urls]
        replies = send_all(*wanted, per_host=8, backoff=0.4)
    assert {(reply.status, reply.attempts) for reply in replies} == {(200, 2)}
    assert min(pauses) >= (0.5 if headers.get("Retry-After") == "0.5" else 0.4)
    # By chance they would be this much alike once in a million runs.
    assert max(pauses) - min(pauses) > 0.04


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system has no time zone of a process")
def test_retry_after_a_date_without_a_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    when = (datetime.now(UTC) + timedelta(hours=1)).strftime("%d %b %Y %H:%M:%S")
    try:
        monkeypatch.setenv("TZ", "EAST-14")
        time.tzset()
        with serve(models, first=[Answer(503, {}, {"Retry-After": when})]) as server:
            assert get(server.url, retries=1).attempts == 1
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_time_out_waits_for_its_turn() -> None:
    with serve(models, delay=0.1) as server:
        one = endpoint(server.url, timeout=0.9), Request(server.url)
        replies = send_all(*[one] * 12, per_host=1)
    assert {reply.status for reply in replies} == {200}
