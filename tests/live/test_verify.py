"""`llmconf verify` as it is run: what vendors say of a key for free, and what an answer does not prove."""

from __future__ import annotations

import json
import time

import pytest
from live import ALLOW, KEY, Live, provider
from upstream import deepseek, openrouter
from upstream.server import Server, serve
from upstream.vendor import Answer, Seen, State


def test_a_valid_key(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    done = live.run("verify", *ALLOW)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split() == ["openai/main", "valid", "200", "-", "-"]
    found = live.ask("verify")[0]
    assert (found["credential"], found["endpoint"]) == ("credential/openai/main", "endpoint/openai/main")


def test_a_wrong_key(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    live.key = "sk-fake-another-key-that-nobody-knows"
    done = live.run("verify", *ALLOW, "--debug")
    assert done.returncode == 1
    assert " invalid   401 " in done.stdout
    assert live.key not in done.stdout + done.stderr


def test_no_funds_are_not_a_wrong_key(live: Live, server: Server) -> None:
    server.state = "no_funds"
    live.write(provider(f"{server.url}/v1"))
    assert live.ask("verify")[0]["validity"] == "no_funds"
    assert live.run("verify", *ALLOW).returncode == 1


def test_a_dead_host_says_nothing_of_the_key(live: Live, server: Server) -> None:
    server.misbehave = "reset"
    live.write(provider(f"{server.url}/v1"))
    done = live.run("verify", *ALLOW, "--retries", "0")
    assert done.returncode == 4
    assert "undetermined" in done.stdout


def test_a_public_list_is_no_proof(live: Live) -> None:
    """OpenRouter lists its models to everybody: the key is asked for itself, and tells its limits."""
    with serve(openrouter.VENDOR) as server:
        live.key = openrouter.VENDOR.credential["api_key"]
        live.write(provider(server.url, "router", "openrouter", hosts=server.url.removesuffix(openrouter.VENDOR.base)))
        found = live.ask("verify")[0]
        assert found["validity"] == "valid"
        assert found["quota"]
        live.key = "sk-or-fake-another-key"
        assert live.ask("verify")[0]["validity"] == "invalid"


@pytest.mark.parametrize(("declared", "detail"), [
    ("2027-12-31", ""), ("2027-03-31", "declared to expire on 2027-03-31, but the vendor names another day"), (None, ""),
])  # fmt: skip
def test_what_the_vendor_says_of_the_end_goes_first(live: Live, declared: str | None, detail: str) -> None:
    end = f"    expires: {declared}\n" if declared else ""
    with serve(openrouter.VENDOR) as server:
        live.key = openrouter.VENDOR.credential["api_key"]
        hosts = server.url.removesuffix(openrouter.VENDOR.base)
        live.write(provider(server.url, "router", "openrouter", hosts=hosts) + end)
        found = live.ask("verify")[0]
    assert (found["validity"], found["expires"], found["detail"]) == ("valid", "2027-12-31", detail)


def test_a_declared_end_is_shown_where_the_vendor_is_silent(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1") + "    expires: 2099-03-31\n")
    assert [(each["validity"], each["expires"]) for each in live.ask("verify")] == [("valid", "2099-03-31")]


def test_a_balance_is_told(live: Live) -> None:
    with serve(deepseek.VENDOR) as server:
        live.key = deepseek.VENDOR.credential["api_key"]
        live.write(provider(server.url, "deep", "deepseek", hosts=server.url.removesuffix(deepseek.VENDOR.base)))
        assert any("balance" in name for name in live.ask("verify")[0]["quota"])
        server.state = "no_funds"
        assert live.ask("verify")[0]["validity"] == "no_funds"


def test_a_team_credential_is_tried_where_it_may_go(live: Live, server: Server) -> None:
    second = f'  - name: search\n    hosts: ["{server.url}"]\n    api_key: env:FAKE_SECOND\n'
    team = "kind: Team\nname: search\nuses: [provider/openai]\ncredentials: [openai/search]\n"
    live.write(provider(f"{server.url}/v1") + second, team)
    found = live.ask("verify", env={"FAKE_SECOND": "sk-fake-not-the-right-one"})
    assert {each["credential"]: each["validity"] for each in found} == {
        "credential/openai/main": "valid", "credential/openai/search": "invalid"
    }  # fmt: skip


def test_only_what_is_named(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"))
    assert [each["credential"] for each in live.ask("verify", "credential/second/main")] == ["credential/second/main"]
    done = live.run("verify", "credential/openai/man")
    assert done.returncode == 2
    assert "did you mean `credential/openai/main`?" in done.stderr


def test_a_reference_that_is_not_allowed(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    done = live.run("verify")
    assert done.returncode == 4
    assert f"--allow-ref 'env:FAKE_KEY@{server.url}' allows it" in done.stdout
    assert KEY not in done.stdout + done.stderr
    assert server.seen == []


@pytest.mark.parametrize("type_", ["openai_compatible", "vllm", "litellm", "openai"])
def test_a_server_that_asks_nobody_for_a_key_proves_nothing(live: Live, type_: str) -> None:
    """Many servers ignore the key that is sent to them: the same is asked without it."""
    with serve(lambda _seen, _state: Answer(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})) as server:
        live.write(provider(f"{server.url}/v1", "farm", type_))
        done = live.run("verify", *ALLOW)
    assert done.returncode == 4
    assert "the server answers the same without a key" in done.stdout
    assert "authorization" not in server.seen[-1].headers


def test_what_is_wrong_weighs_more_than_what_is_not_known(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "other", key="env:NOT_ALLOWED"))
    live.key = "sk-fake-another-key-that-nobody-knows"
    done = live.run("verify", *ALLOW)
    assert ("invalid" in done.stdout, "undetermined" in done.stdout, done.returncode) == (True, True, 1)


def test_a_rate_limit_says_nothing_of_a_key(live: Live) -> None:
    with serve(lambda _seen, _state: Answer(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}})) as server:
        live.write(provider(f"{server.url}/v1"))
        done = live.run("verify", *ALLOW, "--retries", "0")
    assert done.returncode == 4
    assert "rate_limited" in done.stdout


def test_nothing_to_verify_is_a_result_too(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1").replace("type: openai\n", "type: openai\nenabled: false\n"))
    for output, shown in (("json", "[]\n"), ("table", "CREDENTIAL")):
        done = live.run("verify", *ALLOW, "-o", output)
        assert (done.returncode, done.stderr) == (0, "llmconf: no enabled credential to verify\n")
        assert done.stdout.startswith(shown)


def test_the_name_of_a_provider_alone_will_do(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"))
    assert [each["credential"] for each in live.ask("verify", "second")] == ["credential/second/main"]


LISTED = {"object": "list", "data": [{"id": "m", "object": "model"}]}
SORRY = {"error": {"message": "not now"}}


@pytest.mark.parametrize(
    ("status", "said"),
    [(429, "429 (rate limited)"), (404, "404 (not found)"), (500, "500 (degraded)"), (503, "503 (degraded)"), (400, "400 (invalid response)")],
)
@pytest.mark.parametrize("known", [True, False, None])
def test_a_failure_without_the_key_proves_nothing(live: Live, status: int, said: str, known: bool | None) -> None:
    """It may have another cause: then a key that nobody has is refused, taken, or fails as well."""

    def moody(seen: Seen, _state: State) -> Answer:
        sent = seen.headers.get("authorization")
        if sent == f"Bearer {KEY}" or (sent and known is False):
            return Answer(200, LISTED)
        return Answer(401 if sent and known else status, SORRY)

    with serve(moody) as server:
        live.write(provider(f"{server.url}/v1", "farm", "vllm"))
        done = live.run("verify", *ALLOW, "--retries", "0", "-o", "json")
    found = json.loads(done.stdout)[0]
    detail = {
        True: "", False: "the server answers the same with a made-up key",
        None: f"without the key it answers {said}, so the key is neither confirmed nor refused",
    }[known]  # fmt: skip
    assert (found["validity"], found["detail"]) == ("valid" if known else "undetermined", detail)
    assert done.returncode == (0 if known else 4)
    first, second, third = (seen.headers.get("authorization") for seen in server.seen)
    assert (first, second) == (f"Bearer {KEY}", None)
    assert third not in (first, None)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_without_the_key_proves_the_key(live: Live, status: int) -> None:
    def strict(seen: Seen, _state: State) -> Answer:
        return Answer(200, LISTED) if "authorization" in seen.headers else Answer(status, SORRY)

    with serve(strict) as server:
        live.write(provider(f"{server.url}/v1", "farm", "vllm"))
        assert live.ask("verify")[0]["validity"] == "valid"
    assert [seen.headers.get("authorization") for seen in server.seen] == [f"Bearer {KEY}", None]


def test_a_server_that_is_slow_without_the_key_proves_nothing(live: Live) -> None:
    def slow(seen: Seen, _state: State) -> Answer:
        if seen.headers.get("authorization") != f"Bearer {KEY}":
            time.sleep(1.5)
        return Answer(200, LISTED)

    with serve(slow) as server:
        live.write(provider(f"{server.url}/v1", "farm", "vllm"))
        done = live.run("verify", *ALLOW, "--retries", "0", "--timeout", "0.5")
    assert done.returncode == 4
    assert "without the key there is no answer (timeout), so the key is neither confirmed nor refused" in done.stdout


def test_a_page_for_people_without_the_key_proves_nothing(live: Live) -> None:
    def portal(seen: Seen, _state: State) -> Answer:
        if seen.headers.get("authorization") == f"Bearer {KEY}":
            return Answer(200, LISTED)
        return Answer(200, b"<html>Sign in</html>", {"content-type": "text/html"})

    with serve(portal) as server:
        live.write(provider(f"{server.url}/v1", "farm", "vllm"))
        done = live.run("verify", *ALLOW)
    assert done.returncode == 4
    assert "without the key it answers 200 (invalid response), so the key is neither confirmed nor refused" in done.stdout


def test_what_a_key_lacks_is_told_though_nothing_else_is_known(live: Live) -> None:
    """That the control fails by chance takes nothing from what the vendor says of the balance."""

    def poor(seen: Seen, state: State) -> Answer:
        return deepseek.VENDOR.answer(seen, "no_funds") if "authorization" in seen.headers else Answer(503, SORRY)

    with serve(poor) as server:
        live.key = deepseek.VENDOR.credential["api_key"]
        live.write(provider(server.url, "deep", "deepseek", hosts=server.url))
        done = live.run("verify", *ALLOW, "--retries", "0")
    assert (" no_funds " in done.stdout, done.returncode) == (True, 1)
