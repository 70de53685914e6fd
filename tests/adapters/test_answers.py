"""What adapters share, one by one: values, errors, paging, URLs, and what a preset may say of a vendor."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from decimal import Decimal
from types import ModuleType
from typing import Any, get_args

import conformance
import pytest
from commands import REPOSITORY
from pydantic import ValidationError
from upstream.vendor import State, Vendor

from llmconf import adapters
from llmconf.adapters import _answers, _errors, _paging, _urls, openai, openai_compatible
from llmconf.adapters._base import CalledEndpoint, Preset, Response, Unreadable
from llmconf.adapters._errors import ErrorRule
from llmconf.adapters._network import ListRequest, Paging, PresetProtocol, network
from llmconf.adapters._positions import Position, following
from llmconf.core import grammar, json_values, origins
from llmconf.schema.types import Capability, Mode
from llmconf.yamltext import load as yaml_load

COMPATIBLE = [
    name for name in adapters.types() if adapters.preset(name).protocol in ("openai", "openai_compatible", "openrouter")
]
KEY = "sk-fake-0000000000000000"


def site(**changes: Any) -> CalledEndpoint:
    preset = adapters.preset("openai_compatible")
    made = CalledEndpoint("https://llm.test/v1", preset, openai_compatible.Options(), secrets={"api_key": KEY})
    return replace(made, **changes)


def answer(status: int, body: Any, **headers: str) -> Response:
    return Response(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("0.00000125", "1000000", "1.25"),
        ("0", "1000000", "0"),
        (12500, "0.0001", "1.25"),
        (Decimal("1.5E-7"), "1000000", "0.15"),
        (Decimal("3.00"), "1", "3"),
        (100, "1", "100"),
        (Decimal("0.1234567890123456"), "1", "0.123456789012"),
        ("-1", "1000000", None),
        ("1000001", "1", None),
        (Decimal("1e999999"), "1", None),
        (Decimal("1e-999999"), "1", None),
        ("1e999999", "1", None),
        ("NaN", "1", None),
        ("Infinity", "1", None),
        ("free", "1", None),
        ("", "1", None),
        (True, "1", None),
        (None, "1", None),
        ([], "1", None),
    ],
)
def test_money_is_a_plain_decimal_string_or_not_told(value: Any, scale: str, expected: str | None) -> None:
    found = json_values.money(value, Decimal(scale))
    assert found == expected
    assert found is None or re.match(grammar.MONEY_PATTERN, found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1754425777, "2025-08-05"),
        ("1754425777", "2025-08-05"),
        (1754425777000, "2025-08-05"),
        (Decimal("1754425777.5"), "2025-08-05"),
        ("2027-03-31", "2027-03-31"),
        ("2027-03-31T23:30:00-02:00", "2027-04-01"),
        ("2025-08-21T01:02:03.123456789Z", "2025-08-21"),
        ({"year": 2027, "month": 1, "day": 9}, "2027-01-09"),
        ({"year": 2027, "month": 13, "day": 9}, None),
        ({"year": 2027}, None),
        ({"year": 10**20, "month": 1, "day": 1}, None),
        ("1970-01-01T00:00:00Z", None),
        ("9999-12-31", None),
        ("9999-12-31T23:59:59-23:00", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("2027-02-30", None),
        ("soon", None),
        ("", None),
        (0, None),
        (-5, None),
        (10**30, None),
        (True, None),
        (None, None),
    ],
)
def test_days_come_from_every_form_of_a_time(value: Any, expected: str | None) -> None:
    assert json_values.day(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (8192, 8192), ("8192", 8192), (Decimal("8192.0"), 8192), (Decimal("0.5"), None), (0, None), (-1, None),
        (10**9, 10**9), (10**9 + 1, None), (True, None), ("many", None), (None, None), ([8192], None),
    ],
)  # fmt: skip
def test_a_number_of_tokens_is_whole_and_positive(value: Any, expected: int | None) -> None:
    assert json_values.count(value) == expected


@pytest.mark.parametrize("wrong", ["", "a b", "a\n", "\ta", "a\x00", "\u200b", "\u202eabc", "x" * 257, 5, None, ["a"]])
def test_an_id_that_cannot_be_called_is_none(wrong: Any) -> None:
    assert json_values.model_id(wrong) is None


@pytest.mark.parametrize("right", ["a", "x" * 256, "accounts/f/models/m", "@cf/meta/llama", "m:free", "模型", "a*"])
def test_an_id_is_kept_as_the_vendor_writes_it(right: str) -> None:
    assert json_values.model_id(right) == right


def test_ids_that_are_left_out_are_counted() -> None:
    body = {"data": [{"id": "good"}, {"id": "a b"}, {"object": "model"}, 7]}
    page = openai_compatible.read_models(site(), answer(200, body), None)
    assert [model.id for model in page.models] == ["good"]
    assert page.skipped == 3


@pytest.mark.parametrize(
    "body",
    [
        [{"id": "m"}], {"data": [{"id": "m"}]}, {"models": [{"name": "m"}]}, {"result": [{"name": "m"}]},
        {"modelSummaries": [{"modelId": "m"}]}, {"publisherModels": [{"name": "m"}]}, {"endpoints": [{"name": "m"}]},
        {"output": {"models": [{"model": "m"}]}}, {"value": [{"name": "m"}]}, {"models": [{"key": "m"}]},
        {"object": "list", "data": [{"id": "m", "model": "other"}]},
    ],
)  # fmt: skip
def test_a_list_is_found_in_every_known_shape(body: Any) -> None:
    page = openai_compatible.read_models(site(), answer(200, body), None)
    assert [model.id for model in page.models] == ["m"]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"message": "no", "type": "t", "param": None, "code": "c"}}, "c", "no"),
        ({"error": {"message": "no", "type": "t", "code": None}}, "t", "no"),
        ({"error": {"message": "no", "code": 1113}}, "1113", "no"),
        ({"error": {"message": "no", "code": 418, "type": "no_db_connection"}}, "no_db_connection", "no"),
        ({"error": {"message": "no", "code": "418"}}, None, "no"),
        ({"error": "no"}, None, "no"),
        ({"code": "c", "error": "no"}, "c", "no"),
        ({"message": "no", "code": "c"}, "c", "no"),
        ({"object": "error", "message": "no", "type": "t", "code": "3"}, "3", "no"),
        ({"detail": "no"}, None, "no"),
        ({"errors": [{"code": 10000, "message": "no"}, {"code": 2, "message": "other"}]}, "10000", "no"),
        ({"error_code": "PERMISSION_DENIED", "message": "no"}, "PERMISSION_DENIED", "no"),
        ({"__type": "com.amazon#ThrottlingException", "message": "no"}, "ThrottlingException", "no"),
        ([{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}], "400", "no"),
        ({"detail": [{"loc": ["body"], "msg": "x"}]}, None, ""),
        (b"<html>no</html>", None, ""),
        (b"", None, ""),
    ],
)
def test_an_error_is_read_in_every_known_shape(body: Any, code: str | None, message: str) -> None:
    failure = _errors.failure(site(), answer(418, body))
    assert (failure.verdict, failure.code, failure.detail) == ("invalid_response", code, message)


def test_the_header_of_amazon_is_a_code() -> None:
    headers = {"x-amzn-errortype": "AccessDeniedException:http://internal.amazon.com/"}
    response = Response(403, headers, b'{"message": "no"}')
    assert _errors.failure(site(), response).code == "AccessDeniedException"
    rule = ErrorRule("no_funds", codes=("accessdeniedexception",))
    assert _errors.failure(site(), response, [rule]).verdict == "no_funds"


def test_a_detail_is_one_short_printable_line() -> None:
    message = "bad\x1b[31m key\r\n\n  " + "long " * 200
    detail = _errors.failure(site(), answer(400, {"error": {"message": message}})).detail
    assert detail.startswith("bad [31m key long")
    assert len(detail) == 200
    assert detail.endswith("…")


@pytest.mark.parametrize("code", [KEY, f"bad:{KEY}", KEY[:12]])
def test_a_code_that_repeats_a_key_is_left_out(code: str) -> None:
    failure = _errors.failure(site(), answer(401, {"error": {"code": code, "message": f"bad key {KEY}"}}))
    assert failure.code is None
    assert KEY not in repr(failure)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (400, "invalid_response"), (401, "unauthorized"), (402, "no_funds"), (403, "forbidden"), (404, "not_found"),
        (405, "invalid_response"), (408, "degraded"), (410, "not_found"), (429, "rate_limited"), (500, "degraded"),
        (503, "degraded"), (529, "degraded"), (599, "degraded"), (302, "invalid_response"),
    ],
)  # fmt: skip
def test_a_status_means_the_same_everywhere_without_a_rule(status: int, verdict: str) -> None:
    assert _errors.failure(site(), answer(status, b"")).verdict == verdict


def test_the_first_rule_that_holds_wins() -> None:
    rules = [
        ErrorRule("no_funds", status=(403,), codes=("a", "b"), message="Money"),
        ErrorRule("unauthorized", status=(403,), expired=True),
        ErrorRule("degraded"),
    ]
    said = {"error": {"code": "B", "message": "no money left"}}
    assert _errors.failure(site(), answer(403, said), rules).verdict == "no_funds"
    assert _errors.failure(site(), answer(403, {"error": {"code": "b"}}), rules).expired
    assert _errors.failure(site(), answer(400, said), rules).verdict == "degraded"


def test_an_empty_account_is_told_from_a_rate_limit_at_every_vendor() -> None:
    body = {"error": {"message": "quota", "code": "insufficient_quota"}}
    assert _errors.failure(site(), answer(429, body)).verdict == "no_funds"


TOKEN = Paging(kind="page_token", parameter="t", next="next")
OFFSET = Paging(kind="limit_offset", parameter="offset", total="total", size="limit")
PAGES = Paging(kind="page_no", parameter="page", pages="pages", total="total", size="limit")
AFTER = Paging(kind="after", parameter="after", more="more")
THREE = [{"id": "a"}, {"id": "b"}, {"id": "c"}]


def after(paging: Paging, data: Any, items: list[Any], cursor: str | None = None, lists: int = 1) -> Position | None:
    listing = ListRequest(path="/models", paging=paging, query={"limit": 3})
    found = following(Position.of(cursor), (listing,) * lists, data, items)
    return Position.of(found) if found else None


@pytest.mark.parametrize(
    ("paging", "data", "items", "cursor", "expected"),
    [
        (TOKEN, {"next": "a b+/="}, THREE, None, Position(0, 3, "a b+/=")),
        (TOKEN, {"next": ""}, THREE, None, None),
        (TOKEN, {}, THREE, "0 3 x", None),
        (OFFSET, {"total": 5}, THREE, None, Position(0, 3, "3")),
        (OFFSET, {"total": 5}, THREE[:2], "0 3 3", None),
        (OFFSET, {}, THREE, "0 3 3", Position(0, 6, "6")),
        (OFFSET, {}, THREE[:2], None, None),
        (PAGES, {"pages": 2}, THREE, None, Position(0, 3, "2")),
        (PAGES, {"pages": 2}, THREE, "0 3 2", None),
        (PAGES, {"total": 4}, THREE, None, Position(0, 3, "2")),
        (PAGES, {}, THREE, "0 3 2", Position(0, 6, "3")),
        (PAGES, {}, [], "0 3 2", None),
        (AFTER, {"more": True}, THREE, None, Position(0, 3, "c")),
        (AFTER, {"more": False}, THREE, None, None),
    ],
)
def test_what_comes_after_a_page(
    paging: Paging, data: Any, items: list[Any], cursor: str | None, expected: Position | None
) -> None:
    assert after(paging, data, items, cursor) == expected


def test_the_next_list_comes_after_the_last_page() -> None:
    assert after(TOKEN, {}, THREE, None, lists=2) == Position(1, 0, "")
    assert after(TOKEN, {}, THREE, "1 3 x", lists=2) is None


def test_a_list_that_stops_before_its_total_is_no_list() -> None:
    for paging in (OFFSET, PAGES):
        with pytest.raises(Unreadable, match="ends before"):
            after(paging, {"total": 9}, [], "0 3 2")
    with pytest.raises(Unreadable, match="ends before"):
        after(PAGES, {"pages": 5}, [], "0 3 2")
    with pytest.raises(Unreadable, match="continues"):
        after(AFTER, {"more": True}, [])


@pytest.mark.parametrize("mark", [{"has_more": True}, {"nextPageToken": "x"}, {"next": "https://a/?page=2"}])
def test_a_list_that_goes_on_where_no_pages_are_known_is_no_list(mark: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="continues"):
        following(Position(), (ListRequest(path="/models"),), mark, THREE)


def test_a_page_that_leads_to_itself_ends_the_listing() -> None:
    with pytest.raises(Unreadable, match="same page"):
        after(TOKEN, {"next": "x"}, THREE, "0 3 x")


@pytest.mark.parametrize("token", [5, ["x"], {"t": 1}, True, "x" * 5000])
def test_a_page_token_that_cannot_be_sent_back_is_not_the_end(token: Any) -> None:
    with pytest.raises(Unreadable, match="continues"):
        _paging.next_token(token)


@pytest.mark.parametrize(
    ("base", "path", "start", "expected"),
    [
        ("https://h.test/v1", "/models", "base", "https://h.test/v1/models?a=b+c%2F"),
        ("https://h.test", "/models", "base", "https://h.test/models?a=b+c%2F"),
        ("https://h.test:8443/a/b/", "/models", "origin", "https://h.test:8443/models?a=b+c%2F"),
        ("https://h.test/acc/1/ai/v1", "/../models/search", "base", "https://h.test/acc/1/ai/models/search?a=b+c%2F"),
        ("http://h.test/v1", "/../../../x", "base", "http://h.test/x?a=b+c%2F"),
    ],
)
def test_urls_are_joined(base: str, path: str, start: _urls.Start, expected: str) -> None:
    assert _urls.join(base, path, {"a": "b c/"}, start) == expected


@pytest.mark.parametrize("text", ["..", ".", "a/../b", "a?b#c", "a b", "ü"])
def test_a_part_of_a_path_stays_one_part(text: str) -> None:
    assert not re.search(r"[/?# ]|^\.+$", _urls.part(text))


@pytest.mark.parametrize("name", COMPATIBLE)
def test_what_a_preset_says_of_its_vendor_is_known_and_sound(name: str) -> None:
    preset = adapters.preset(name)
    read = network(preset)
    meanings = {*read.facts.flags.values(), *read.facts.meanings.values()}
    assert meanings <= set(get_args(Capability))
    modes = {*read.facts.modes.values(), *(listing.mode for listing in read.list if listing.mode)}
    assert modes <= set(get_args(Mode))
    assert all(word == _answers.word(word) for word in (*read.facts.modes, *read.facts.meanings, *read.facts.statuses))
    assert read.list or read.probe, "a vendor without a list has something else to ask"
    assert all(listing in read.list[1:] and listing is read.list[-1] for listing in read.list if listing.sole)
    assert not read.key or bool(read.key.path) != bool(read.key.url)
    if read.key and read.key.url:
        asked = origins.parse_url(read.key.url)
        assert any(origins.parse_host(host).covers(asked) for host in preset.hosts)


def test_the_shared_words_are_those_of_the_schemas() -> None:
    assert {*_answers.WORDS.values(), *_answers.INPUTS.values(), *_answers.OUTPUTS.values()} <= set(get_args(Capability))
    assert set(_answers.MODES.values()) == set(get_args(Mode))
    for mode in get_args(Mode):
        assert set(_answers.capabilities([], mode) or ()) <= set(get_args(Capability))


@pytest.mark.parametrize(
    "wrong",
    [
        {"lst": {"path": "/models"}},
        {"list": {"path": "models"}},
        {"list": {"path": "/models", "paging": {"kind": "pages", "parameter": "p"}}},
        {"key": {"url": "http://plain.test/key"}},
        {"facts": {"contxt": "a"}},
        {"facts": {"price": {"input": "a", "output": "b"}}},
        {"errors": [{"verdict": "broke"}]},
        {"errors": [{"verdict": "no_funds", "status": ["402"]}]},
        {"errors": [{"verdict": "no_funds", "statuses": [402]}]},
        {"public": "yes"},
        {"headers": {"X-Upper": "a"}},
        {"headers": {"x-version": 2}},
        {"headers": {"x-version": "a\r\nx-more: b"}},
    ],
)
def test_a_preset_with_a_mistake_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        network(replace(adapters.preset("openai_compatible"), network=wrong))


def test_openai_counts_calls_for_whom_the_options_name() -> None:
    made = site(preset=adapters.preset("openai"), options=openai.Options(organization="org-1"))
    requests = [openai.probe(made), openai.check(made), openai.models(made, None), openai.completion(made, "m")]
    for request in requests:
        assert request
        assert request.headers["openai-organization"] == "org-1"
        assert "openai-project" not in request.headers
        assert request.headers["authorization"] == f"Bearer {KEY}"
    bare = openai.probe(replace(made, options=openai.Options()))
    assert not any(name.startswith("openai-") for name in bare.headers)


def test_what_a_vendor_wants_to_be_told_goes_with_every_request() -> None:
    preset = replace(adapters.preset("openai_compatible"), network={"headers": {"x-version": "2"}, "key": {"path": "/me"}})
    made = site(preset=preset)
    requests = [
        openai_compatible.probe(made), openai_compatible.check(made), openai_compatible.models(made, None),
        openai_compatible.completion(made, "m"),
    ]  # fmt: skip
    assert [request and request.headers["x-version"] for request in requests] == ["2"] * 4


def test_groq_without_room_for_flexible_calls_is_busy() -> None:
    made = site(preset=adapters.preset("groq"))
    body = {"error": {"message": "capacity is exceeded", "type": "capacity_exceeded"}}
    assert openai_compatible.read_error(made, answer(498, body)).verdict == "rate_limited"
    assert openai_compatible.read_error(made, answer(498, b"")).verdict == "rate_limited"


@pytest.mark.parametrize("url", ["https://gateway.test/v1", "http://127.0.0.1:9/v1", "https://huggingface.co.test/v1"])
def test_another_host_is_asked_only_about_an_endpoint_of_the_vendor(url: str) -> None:
    own = site(preset=adapters.preset("huggingface"), url="https://router.huggingface.co/v1")
    request = openai_compatible.check(own)
    assert request
    assert request.url == "https://huggingface.co/api/whoami-v2"
    assert openai_compatible.check(replace(own, url=url)) is None


@pytest.mark.parametrize(
    ("name", "body", "verdict"),
    [
        ("xai", {"team_blocked": True}, "forbidden"),
        ("xai", {"team_blocked": "true"}, None),
        ("xai", {"team_blocked": 1}, None),
        ("moonshot", {"data": {"available_balance": 0}}, "no_funds"),
        ("moonshot", {"data": {"available_balance": "-0.01"}}, "no_funds"),
        ("moonshot", {"data": {"available_balance": None}}, None),
        ("openrouter", {"data": {"limit_remaining": None}}, None),
        ("openrouter", {"data": {"limit_remaining": False}}, None),
        ("deepseek", {"is_available": False, "balance_infos": "none"}, "no_funds"),
    ],
)
def test_a_check_believes_only_what_is_there(name: str, body: Any, verdict: str | None) -> None:
    check = openai_compatible.read_check(site(preset=adapters.preset(name)), answer(200, body))
    assert (check.failure.verdict if check.failure else None) == verdict


def test_a_key_tells_when_it_ends() -> None:
    body = {"data": {"limit": None, "usage": 0, "expires_at": "2027-12-31T23:59:59Z"}}
    check = openai_compatible.read_check(site(preset=adapters.preset("openrouter")), answer(200, body))
    assert check.expires == "2027-12-31"
    assert dict(check.quota) == {"used": "0 USD"}


def test_a_vendor_without_a_list_has_no_request_for_it() -> None:
    made = site(preset=adapters.preset("perplexity"))
    assert openai_compatible.models(made, None) is None
    with pytest.raises(Unreadable):
        openai_compatible.read_models(made, answer(200, {"data": []}), None)


def test_what_only_the_network_needs_is_not_loaded_before() -> None:
    script = (
        "import sys\nfrom llmconf import adapters\n"
        "for name in adapters.types(): adapters.adapter(name).CREDENTIAL_FORMS\n"
        "print('llmconf.adapters._network' in sys.modules, 'httpx' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=REPOSITORY, timeout=60
    )
    assert done.stdout.split() == ["False", "False"]


def _example() -> tuple[Preset, Vendor]:
    """Return the preset and the fake vendor that the page on adapters shows."""
    page = (REPOSITORY / "docs" / "adapters.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```\w+ (preset|vendor)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    documents, findings = yaml_load.load(blocks["preset"], "acme.yaml")
    assert findings == []
    data = documents[0]
    module = ModuleType("acme")
    exec(blocks["vendor"], module.__dict__)  # noqa: S102 - our own page
    return Preset(type="acme", **{**data, "hosts": tuple(data["hosts"])}), module.VENDOR


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    preset, vendor = _example()
    known = adapters.preset
    monkeypatch.setattr(adapters, "preset", lambda name: preset if name == "acme" else known(name))
    return vendor


def test_the_example_of_the_page_conforms(acme: Vendor) -> None:
    conformance.check_list(acme)
    states: list[State] = [*acme.states]
    for state in states:
        conformance.check_probe(acme, state)
        conformance.check_check(acme, state)
    conformance.check_without_a_key(acme)
    conformance.check_key(acme)
    conformance.check_answer(acme)


def test_the_page_names_every_part_of_the_network() -> None:
    page = (REPOSITORY / "docs" / "adapters.md").read_text(encoding="utf-8")
    shown = set(PresetProtocol.model_fields) - {"limit", "smallest"}
    assert [name for name in sorted(shown) if f"`{name}" not in page] == []


@pytest.mark.parametrize("item", [b'{"":0}', b"[[]]", b"1.5", b'{"id":"m"}'])
def test_an_answer_of_very_many_values_is_not_read(item: bytes) -> None:
    """As Python has them, small values take up to fifty times what they take on the way."""
    body = b'{"data":[' + b",".join([item] * (8_000_000 // (len(item) + 1))) + b"]}"
    tracemalloc.start()
    with pytest.raises(Unreadable, match="more values than any list of models"):
        Response(200, {}, body).json()
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_page_of_more_items_than_there_are_models_is_no_list() -> None:
    with pytest.raises(Unreadable, match="more than 25,000 items on one page"):
        _answers.page([{"id": "m"}] * 25_001, lambda item: None)
