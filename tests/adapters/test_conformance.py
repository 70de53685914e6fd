"""One table over all fake vendors: what each adapter makes of what its vendor answers, and of what it does not.

The adapter is called directly, and its requests are handed to the vendor without a socket in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, get_args
from urllib.parse import unquote_plus

import pytest
from conformance import (
    VENDORS,
    adapter_of,
    ask,
    assert_sound,
    called,
    check_answer,
    check_check,
    check_key,
    check_list,
    check_probe,
    check_without_a_key,
    checks_of,
    pages,
    secrets_of,
    sited,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from upstream.vendor import State, Vendor

from llmconf import adapters
from llmconf.adapters._base import Response, Unreadable, Verdict

LONGEST_DETAIL = 200


ALL = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)


def each_state(of: Callable[[Vendor], Any]) -> pytest.MarkDecorator:
    """Run a test for every vendor in every state that it tells apart."""
    pairs = {f"{name}-{state}": (vendor, state) for name, vendor in VENDORS.items() for state in of(vendor)}
    return pytest.mark.parametrize(("vendor", "state"), pairs.values(), ids=pairs)


def test_every_type_has_a_fake_vendor() -> None:
    assert set(adapters.types()) - {vendor.type for vendor in VENDORS.values()} == set()


@ALL
def test_the_list_is_read_to_its_end_with_all_facts(vendor: Vendor) -> None:
    check_list(vendor)


@each_state(lambda vendor: vendor.states)
def test_a_probe_gives_the_verdict_of_the_state(vendor: Vendor, state: State) -> None:
    check_probe(vendor, state)


@each_state(checks_of)
def test_a_check_gives_the_verdict_of_the_state(vendor: Vendor, state: State) -> None:
    check_check(vendor, state)


@ALL
def test_a_public_list_is_no_check(vendor: Vendor) -> None:
    site, adapter = sited(vendor), adapter_of(vendor)
    request, listing = adapter.check(site), adapter.models(site, None)
    if vendor.checks == {}:
        assert request is None
    elif vendor.public:
        assert request
        assert listing
        assert request.url != listing.url


@ALL
def test_without_a_key_the_vendor_refuses(vendor: Vendor) -> None:
    check_without_a_key(vendor)


@ALL
def test_the_key_goes_where_the_vendor_wants_it_and_nowhere_else(vendor: Vendor) -> None:
    check_key(vendor)


NO_ANSWERS: list[Any] = [
    [], [{}], None, "Hi", {}, {"message": "Unauthorized: upgrade your plan"}, {"error": {"message": "no"}},
    {"detail": "no"}, {"text": "no"}, {"response": "no"}, {"output": "no"}, {"content": "no"},
    {"choices": []}, {"choices": {}}, {"choices": ["no"]}, {"choices": [{}]},
    {"choices": [{"message": "no"}]}, {"choices": None, "base_resp": {"status_code": 1004}},
    {"candidates": []}, {"candidates": ["no"]}, {"promptFeedback": {"blockReason": "OTHER"}}, {"content": ["no"]},
    {"output": {"message": "no"}}, {"object": "list", "data": [{"id": "m"}]},
]  # fmt: skip
"""Successes that no protocol has for the answer of a model, each close to one that some protocol has."""


@ALL
def test_what_is_no_answer_of_a_model_is_not_taken_for_one(vendor: Vendor) -> None:
    site, adapter = sited(vendor), adapter_of(vendor)
    own = json.loads(ask(vendor, adapter.completion(site, called(vendor)), "valid").body)
    for body in NO_ANSWERS:
        if isinstance(body, dict) and body and all(isinstance(own.get(name), str) for name in body):
            continue  # a protocol in which that is an answer: it has a text there
        for model in ("some-model", "claude-9"):
            with pytest.raises(Unreadable) as raised:
                adapter.read_completion(site, Response(200, {}, json.dumps(body).encode()), model)
            assert "Unauthorized" not in str(raised.value)
    with pytest.raises(Unreadable):
        adapter.read_completion(site, Response(200, {}, b"<html>"), called(vendor))


@ALL
def test_the_answer_of_a_model_is_one_at_its_own_protocol_only(vendor: Vendor) -> None:
    check_answer(vendor)


@ALL
def test_a_call_of_a_model_names_it_and_asks_for_little(vendor: Vendor) -> None:
    request = adapter_of(vendor).completion(sited(vendor), "org/some model")
    assert request.method == "POST"
    assert " " not in request.url
    assert "some model" in unquote_plus(request.url) + (request.body or b"").decode()
    assert len(request.body or b"") < 300


NOT_A_LIST = {
    "html": b"<!doctype html><title>Welcome</title>",
    "nothing": b"",
    "null": b"null",
    "number": b"42",
    "text": b'"models"',
    "empty object": b"{}",
    "broken": b'{"data": [',
    "not utf-8": b'{"data": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "nan": b'{"data": [{"id": "a", "context_length": NaN}]}',
    "digits": b"[" + b"9" * 10_000 + b"]",
    "a map of models": b'{"data": {"id": "a"}, "models": {"id": "a"}}',
}
"""Bodies that are no list of any vendor."""
NO_MODELS = {
    "numbers": [1, 2, 3],
    "nulls": [None, None],
    "no ids": [{"object": "model"}, {"name": ""}],
    "odd ids": [{"id": 5}, {"id": "a b"}, {"id": "x" * 257}, {"id": "\u202e"}, {"id": "a\n"}],
}
"""Lists of which nothing is a model: not the same as an empty list."""


@pytest.mark.parametrize("body", NOT_A_LIST.values(), ids=NOT_A_LIST)
@ALL
def test_what_is_no_list_is_not_taken_for_one(vendor: Vendor, body: bytes) -> None:
    site, adapter = sited(vendor), adapter_of(vendor)
    response = Response(200, {"content-type": "text/html; charset=utf-8"}, body)
    with pytest.raises(Unreadable) as raised:
        adapter.read_models(site, response, None)
    assert "Welcome" not in str(raised.value)


@pytest.mark.parametrize("items", NO_MODELS.values(), ids=NO_MODELS)
@ALL
def test_a_list_of_something_else_is_not_an_empty_one(vendor: Vendor, items: list[Any]) -> None:
    if not vendor.models:
        return
    site, adapter = sited(vendor), adapter_of(vendor)
    cursor, real = next(pages(vendor))
    data = json.loads(real.body)
    for place in adapters_list_places(data):
        with pytest.raises(Unreadable):
            adapter.read_models(site, Response(200, {}, json.dumps(place(items)).encode()), cursor)


def adapters_list_places(data: Any) -> list[Callable[[list[Any]], Any]]:
    """Return how to put another list in the place of that of a real answer."""
    if isinstance(data, list):
        return [lambda items: items]
    for name, inner in data.items():
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            return [lambda items, name=name: {**data, name: items}]
        if isinstance(inner, dict):
            deeper = adapters_list_places(inner)
            return [lambda items, name=name, put=put: {**data, name: put(items)} for put in deeper]
    return []


@pytest.mark.parametrize("name", ["html", "nothing", "null", "number", "text", "broken", "not utf-8", "deep"])
@ALL
def test_a_success_with_any_other_body_is_not_healthy(vendor: Vendor, name: str) -> None:
    site, adapter = sited(vendor), adapter_of(vendor)
    response = Response(200, {"content-type": "text/html"}, NOT_A_LIST[name])
    with pytest.raises(Unreadable):
        adapter.read_probe(site, response)
    if adapter.check(site) is not None:
        with pytest.raises(Unreadable):
            adapter.read_check(site, response)


STATUSES = {
    400: "invalid_response", 401: "unauthorized", 402: "no_funds", 404: "not_found", 429: "rate_limited",
    500: "degraded", 502: "degraded", 503: "degraded", 529: "degraded",
}  # fmt: skip


@pytest.mark.parametrize("status", STATUSES)
@ALL
def test_an_error_that_says_nothing_is_read_by_its_status(vendor: Vendor, status: int) -> None:
    site, adapter = sited(vendor), adapter_of(vendor)
    for body in (
        b"",
        b"<html>gateway</html>",
        b"null",
        b"[]",
        b"{}",
        b'{"error": null}',
        b'{"error": 1, "message": []}',
    ):
        assert adapter.read_error(site, Response(status, {}, body)).verdict == STATUSES[status]


@ALL
def test_the_code_of_an_error_repeats_no_key(vendor: Vendor) -> None:
    site, adapter = sited(vendor), adapter_of(vendor)
    for key in secrets_of(vendor):
        for body in (
            {"error": {"code": key, "message": "x"}},
            {"code": f"bad-{key}"},
            {"error_code": key, "__type": key},
        ):
            failure = adapter.read_error(site, Response(401, {}, json.dumps(body).encode()))
            assert key not in (failure.code or "")
            assert key not in repr(failure)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from(["active", "chat", "2027-02-30", "2027-13-01T00:00:00Z", "1e999999", "-1", "NaN", "\x00", "models/"]),
    st.sampled_from([1e300, -1, 0, 2**63, 10**40, 253402300800]),
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "data",
        "models",
        "error",
        "errors",
        "id",
        "name",
        "code",
        "message",
        "pricing",
        "capabilities",
        "result",
        "details",
    ]
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in inner:
        yield from places(value, (*path, name))


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of some JSON with another value at one place."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = put(data[path[0]], path[1:], value)
    return copy


REAL: list[tuple[Vendor, str | None, Any]] = []
"""Every page of every list, as the vendors answer it."""


def real_pages() -> list[tuple[Vendor, str | None, Any]]:
    if not REAL:
        for vendor in VENDORS.values():
            REAL.extend((vendor, cursor, json.loads(response.body)) for cursor, response in pages(vendor))
    return REAL


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_list_with_one_thing_wrong_is_read_or_unreadable(data: st.DataObject) -> None:
    vendor, cursor, body = data.draw(st.sampled_from(real_pages()))
    where = data.draw(st.sampled_from(list(places(body))))
    wrong = put(body, where, data.draw(JSON))
    site, adapter = sited(vendor), adapter_of(vendor)
    try:
        page = adapter.read_models(site, Response(200, {}, json.dumps(wrong).encode()), cursor)
    except Unreadable:
        return
    for model in page.models:
        assert_sound(model)
    assert page.next is None or isinstance(page.next, str)
    if page.next is not None:
        assert adapter.models(site, page.next)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(VENDORS)), JSON, st.sampled_from([200, 400, 401, 403, 404, 418, 429, 500, 503]))
def test_any_json_is_read_or_unreadable(name: str, body: Any, status: int) -> None:
    vendor = VENDORS[name]
    site, adapter = sited(vendor), adapter_of(vendor)
    response = Response(status, {}, json.dumps(body).encode())
    readers: list[Callable[[], Any]] = [
        lambda: adapter.read_models(site, response, None),
        lambda: adapter.read_probe(site, response),
        lambda: adapter.read_check(site, response),
        lambda: adapter.read_exchange(site, response),
        lambda: adapter.read_completion(site, response, "claude-9"),
    ]
    for read in readers:
        try:
            read()
        except Unreadable as error:
            assert str(error)
    failure = adapter.read_error(site, response)
    assert failure.verdict in get_args(Verdict)
    assert len(failure.detail) <= LONGEST_DETAIL
    assert failure.detail.isprintable()
