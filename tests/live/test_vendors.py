"""Every fake vendor over real HTTP and TLS: the whole way from a project to a verdict and a model list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import trustme
from conformance import VENDORS
from live import ALLOW, Live, provider
from upstream import vertex
from upstream.server import Server, serve
from upstream.vendor import Answer, ModelRecord, Seen, State, Vendor

from llmconf.adapters import preset
from llmconf.api import validate
from llmconf.live.authorize import Authorizer, CallLimits
from llmconf.live.http import HttpClient
from llmconf.live.list_models import ModelListing, fetch
from llmconf.live.lock_update import SyncRequest, Update
from llmconf.live.probe import Health, endpoints_to_probe, probe
from llmconf.live.sync import providers_to_sync, sync
from llmconf.live.verify import Verification, credentials_to_verify, verify
from llmconf.lock.enrich import load
from llmconf.project.locks import read_text
from llmconf.schema.kinds import SECRET_FIELDS

VALIDITY = {
    "healthy": "valid", "unauthorized": "invalid", "no_funds": "no_funds", "forbidden": "forbidden",
    "rate_limited": "rate_limited", "degraded": "undetermined",
}  # fmt: skip


ALL = pytest.mark.parametrize("name", VENDORS)
STATES = pytest.mark.parametrize(("name", "state"), [(n, s) for n, vendor in VENDORS.items() for s in vendor.states])


class Site:
    """A project with one provider, which is a server on loopback."""

    def __init__(
        self, root: Path, vendor: Vendor, server: Server, monkeypatch: pytest.MonkeyPatch,
        filters: Mapping[str, list[str]] | None = None,
    ) -> None:  # fmt: skip
        origin = server.url.removesuffix(vendor.base)
        options = {**vendor.options, **({"authority": origin} if "authority" in vendor.options else {})}
        fields = dict(vendor.credential)
        if "service_account" in fields:
            fields["service_account"] = vertex.service_account(origin + vertex.TOKEN_PATH)
        self.secrets = [value for key, value in fields.items() if key in SECRET_FIELDS]
        for key in SECRET_FIELDS:
            if key in fields:
                monkeypatch.setenv(f"FAKE_{key.upper()}", fields[key])
                fields[key] = f"env:FAKE_{key.upper()}"
        document: dict[str, Any] = {
            "kind": "Provider", "name": "it", "type": vendor.type, "options": options,
            "endpoints": [{"name": "main", "url": server.url}],
            "models": [{"id": "m"}],
        }  # fmt: skip
        if vendor.region:
            document["region"] = vendor.region
        if filters:
            document["sync"] = filters
        if fields:
            document["credentials"] = [{"name": "main", "hosts": [origin], **fields}]
        (root / "config").mkdir()
        (root / "config/it.yaml").write_text(json.dumps(document), encoding="utf-8")
        (root / "llmconf.yaml").write_text("version: 1\nname: live\n", encoding="utf-8")
        self.checked = validate(root, today=date(2026, 11, 23))
        assert self.checked.worst() != "error", self.checked.diagnostics
        self.ways = Authorizer(self.checked, None, ["env:FAKE_*"], CallLimits(timeout=10.0, retries=0))
        self.server = server

    def probe(self) -> Health:
        found = probe(self.ways, endpoints_to_probe(self.ways.env), network=HttpClient)
        return found[0]

    def verify(self) -> Verification:
        return verify(self.ways, credentials_to_verify(self.ways.env), network=HttpClient)[0]

    def list(self) -> ModelListing | None:
        async def run() -> ModelListing | None:
            endpoint = endpoints_to_probe(self.ways.env)[0]
            async with HttpClient() as network:
                return await fetch(self.ways.open(endpoint, self.ways.credential_of(endpoint)), network)

        return asyncio.run(run())

    def sync(self) -> Update:
        providers = providers_to_sync(self.ways.env)
        checked, catalogs = self.checked, load(self.checked.project.root)
        return sync(self.ways, providers, checked=checked, catalogs=catalogs, wish=SyncRequest(), network=HttpClient)[0]

    def assert_keys_kept(self, *shown: object) -> None:
        """See that no secret is in what is told, nor in any URL that was asked for."""
        told = repr(shown) + "".join(seen.path for seen in self.server.seen)
        assert [secret for secret in self.secrets if secret in told] == []


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    @contextmanager
    def make(
        name: str, state: str = "valid", tls: trustme.CA | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> Iterator[Site]:
        vendor = VENDORS[name]
        with serve(vendor, state=state, tls=tls) as server:
            yield Site(tmp_path, vendor, server, monkeypatch, filters)

    return make


@STATES
def test_a_probe_tells_the_state(site: Any, name: str, state: str) -> None:
    with site(name, state) as it:
        health = it.probe()
        assert health.verdict == VENDORS[name].states[state], health
        if health.verdict == "healthy":
            # Where the list is public, and the probe asks for nothing else, a wrong key is healthy too.
            told = VENDORS[name].credential and VENDORS[name].states.get("invalid", "healthy") == "healthy"
            assert health.detail == ("this list needs no key: the key was not checked" if told else "")
        it.assert_keys_kept(health)


@STATES
def test_verifying_tells_the_state(site: Any, name: str, state: str) -> None:
    vendor = VENDORS[name]
    if not vendor.credential:
        assert preset(vendor.type).credential != "required"
        return
    with site(name, state) as it:
        found = it.verify()
        it.assert_keys_kept(found)
        verdict = (vendor.checks or vendor.states).get(state, "healthy")
        if found.validity == "undetermined" and found.status is None:
            # Nothing was asked: there is nothing to ask for free, or only at a host that this test has not.
            assert it.server.seen == []
            assert vendor.public or vendor.checks == {}
            return
        expected = "expired" if state == "expired" and found.validity == "expired" else VALIDITY[verdict]
        assert found.validity == expected, found


@ALL
def test_the_whole_list(site: Any, name: str) -> None:
    vendor = VENDORS[name]
    with site(name) as it:
        listing = it.list()
    if not vendor.models:
        assert listing is None or listing.models == ()
        return
    assert listing is not None
    assert listing.failure is None
    found = {model.id: model for model in listing.models}
    assert len(found) == len(listing.models)
    assert list(found) == list(dict.fromkeys(model.id for model in vendor.models))
    for model in _together(vendor.models).values():
        assert found[model.id] == model
    it.assert_keys_kept(listing)


def _together(models: tuple[ModelRecord, ...]) -> dict[str, ModelRecord]:
    """Join records of one id: what a first one says holds, later ones add to it."""
    found: dict[str, ModelRecord] = {}
    for model in models:
        known = found.get(model.id)
        if known is None:
            found[model.id] = model
            continue
        names = [key for key in ("mode", "capabilities", "lacks", "context", "max_output", "price", "aliases", "status",
                                 "deprecated", "retires", "replacement") if getattr(known, key) in (None, ())]  # fmt: skip
        found[model.id] = replace(known, **{key: getattr(model, key) for key in names})
    return found


@ALL
@pytest.mark.parametrize("filters", ["include", "exclude", "both", "nothing"])
def test_the_filter(site: Any, name: str, filters: str) -> None:
    ids = list(dict.fromkeys(model.id for model in VENDORS[name].models))
    # A wildcard that a vendor lists as a model cannot be asked for alone.
    plain = [each for each in ids if not set(each) & {"*", "?"}] or ["none"]
    first, last = plain[0], plain[-1]
    beginning = first[: len(first) // 2]
    written, taken = {
        "include": ({"include": [last]}, [last]),
        "exclude": ({"exclude": [first]}, [each for each in ids if each != first]),
        "both": (
            {"include": [f"{beginning}*", last], "exclude": [f"*{first}"]},
            [each for each in ids if each != first and (each.startswith(beginning) or each == last)],
        ),
        "nothing": ({"include": ["no-model-has-this-name"]}, []),
    }[filters]
    with site(name, filters=written) as it:
        update = it.sync()
    it.assert_keys_kept(update)
    if not ids:
        assert (update.new, update.failure or update.notes) in [
            (None, "the list is empty"),
            (None, [f"`{VENDORS[name].type}` has no list of models: declare them by hand"]),
        ]
    elif not taken:
        assert (update.new, update.refusal) == (None, f"the filter includes none of the {len(ids)} models that are listed")
    else:
        assert update.new, update
        lock, findings = read_text(update.new, update.file)
        assert lock, findings
        assert [model.id for model in lock.models] == sorted(taken)
        for part, patterns in (("include", lock.source.include), ("exclude", lock.source.exclude)):
            assert sorted(patterns) == sorted(written.get(part, []))


@ALL
def test_over_tls(site: Any, name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with site(name, tls=authority) as it:
        health = it.probe()
        assert (health.verdict, health.certificate_expires is not None) == ("healthy", True), health
        # A connection that the exchange of a token has opened is used again.
        assert health.timing.tls or it.ways.env.providers['provider/it'].spec.options or name == "vertex"
        assert health.url.startswith("https://127.0.0.1:")


@ALL
@pytest.mark.parametrize("misbehavior", ["html", "other_shape", "deep_json", "broken_json", "gzip_bomb"])
def test_an_answer_that_is_none(site: Any, name: str, misbehavior: str) -> None:
    with site(name) as it:
        it.server.misbehave = misbehavior
        health, listing = it.probe(), it.list()
    # An answer that says nothing but "yes" is all that some servers give to a probe.
    assert health.verdict == "invalid_response" or (health.verdict == "healthy" and misbehavior == "other_shape")
    assert listing is None or (listing.failure is not None and listing.failure.verdict == "invalid_response")


# Lists that are pages of several lists, and lists that never end


def _synced(root: Path, url: str, type_: str) -> tuple[int, str]:
    """Return the exit code of a sync with one provider, and what it says."""
    live = Live(root)
    live.write(provider(url, "it", type_))
    done = live.run("sync", *ALLOW)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("type_", ["tgi", "litellm", "ollama"])
def test_lists_that_say_the_same_are_no_repetition(tmp_path: Path, type_: str) -> None:
    def answer(seen: Seen, state: State) -> Answer:
        named = [{"id": "m", "model_group": "m", "model": "m"}]
        return Answer(body={"model_id": "m"} if seen.path == "/info" else {"data": named, "models": named})

    with serve(answer) as server:
        code, said = _synced(tmp_path, f"{server.url}/v1", type_)
    assert code == 0, said
    assert "m" in Live(tmp_path).lock("it").split()


def test_lists_of_bedrock_that_say_the_same_are_no_repetition(tmp_path: Path) -> None:
    def answer(seen: Seen, state: State) -> Answer:
        name = "inferenceProfile" if seen.path.startswith("/inference-profiles") else "model"
        return Answer(body={f"{name}Summaries": [{"modelId": "m", "inferenceProfileId": "m"}]})

    with serve(answer) as server:
        code, said = _synced(tmp_path, server.url, "bedrock")
    assert code == 0, said


@pytest.mark.parametrize("type_", ["fireworks", "openrouter", "cloudflare"])
def test_a_list_that_never_ends_is_no_list(tmp_path: Path, type_: str) -> None:
    """It hands out other cursors for ever, or a total that it never reaches, with the same models."""
    served: list[str] = []

    def answer(seen: Seen, state: State) -> Answer:
        served.append(seen.path)
        total = {"total_count": 10**6, "result_info": {"total_pages": 10**6}, "nextPageToken": f"t{len(served)}"}
        named = [{"id": "m", "name": "m"}]
        return Answer(body={"models": named, "data": named, "result": named, **total})

    with serve(answer) as server:
        code, said = _synced(tmp_path, f"{server.url}/v1", type_)
    assert code != 0
    assert "the list returns to a page that was already read" in said
    assert len(served) < 5


def test_a_list_that_goes_in_a_circle_is_no_list(tmp_path: Path) -> None:
    """Its pages differ each time, and its cursors come again."""
    served: list[str] = []

    def answer(seen: Seen, state: State) -> Answer:
        served.append(seen.path)
        return Answer(body={"models": [{"name": f"m{len(served)}"}], "next_page_token": "ab"[len(served) % 2]})

    with serve(answer) as server:
        code, said = _synced(tmp_path, server.url, "cohere")
    assert code != 0
    assert "the list returns to a page that was already read" in said
    assert len(served) < 5


# What a server says beside its list


def test_what_only_adds_to_a_list_may_be_missing_and_may_not_fail(tmp_path: Path) -> None:
    status = 404

    def answer(seen: Seen, state: State) -> Answer:
        return Answer(status if seen.path == "/props" else 200, {"models": [{"model": "m"}]})

    with serve(answer) as server:
        code, said = _synced(tmp_path, f"{server.url}/v1", "llama_cpp")
        assert (code, [seen.path for seen in server.seen][-1]) == (0, "/props"), said
        for status in (401, 403, 501):
            code, said = _synced(tmp_path, f"{server.url}/v1", "llama_cpp")
            assert (code, "up to date" in said) == ((0, True) if status < 500 else (4, False)), said


@pytest.mark.parametrize("count", [4_000, 1_400])
def test_a_server_of_very_many_models_takes_no_memory(tmp_path: Path, count: int) -> None:
    """Ollama is asked about each model, so what is still to be asked goes with every page."""
    names = [str(number).zfill(5) + "\u6f22" * 250 for number in range(count)]

    def answer(seen: Seen, state: State) -> Answer:
        return Answer(body={"models": [{"model": name} for name in names]} if seen.path == "/api/tags" else {})

    with serve(answer) as server:
        code, said = _synced(tmp_path, server.url, "ollama")
        assert (code, len(server.seen)) == (4, 1)
    assert ("more than 1,500 models" if count > 1500 else "more than 1,048,576 characters in a cursor") in said
