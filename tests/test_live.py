"""Every fake vendor over real HTTP and TLS: the whole way from a project to a verdict and a model list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import trustme
from upstream import vertex
from upstream.server import Server, serve
from upstream.vendor import ModelRecord, Vendor

from llmconf.access import Accesses, Limits
from llmconf.adapters import preset
from llmconf.api import validate
from llmconf.catalog import load
from llmconf.http import Network
from llmconf.listing import Listing, fetch
from llmconf.locked import read_text
from llmconf.lockupdate import Update, Wish
from llmconf.probe import Health, endpoints_to_probe, probe
from llmconf.schema.kinds import SECRET_FIELDS
from llmconf.sync import providers_to_sync, sync
from llmconf.verify import Verification, credentials_to_verify, verify

VALIDITY = {
    "healthy": "valid", "unauthorized": "invalid", "no_funds": "no_funds", "forbidden": "forbidden",
    "rate_limited": "rate_limited", "degraded": "undetermined",
}  # fmt: skip


def _vendors() -> dict[str, Vendor]:
    files = sorted((Path(__file__).parent / "upstream").glob("[a-z]*.py"))
    modules = {file.stem: import_module(f"upstream.{file.stem}") for file in files}
    return {name: module.VENDOR for name, module in modules.items() if hasattr(module, "VENDOR")}


VENDORS = _vendors()
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
        self.ways = Accesses(self.checked, None, ["env:FAKE_*"], Limits(timeout=10.0, retries=0))
        self.server = server

    def probe(self) -> Health:
        found = probe(self.ways, endpoints_to_probe(self.ways.env), network=Network)
        return found[0]

    def verify(self) -> Verification:
        return verify(self.ways, credentials_to_verify(self.ways.env), network=Network)[0]

    def list(self) -> Listing | None:
        async def run() -> Listing | None:
            endpoint = endpoints_to_probe(self.ways.env)[0]
            async with Network() as network:
                return await fetch(self.ways.open(endpoint, self.ways.credential_of(endpoint)), network)

        return asyncio.run(run())

    def sync(self) -> Update:
        providers = providers_to_sync(self.ways.env)
        checked, catalogs = self.checked, load(self.checked.project.root)
        return sync(self.ways, providers, checked=checked, catalogs=catalogs, wish=Wish(), network=Network)[0]

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
        assert (update.new, update.refusal) == (None, f"the filter takes none of the {len(ids)} models that are listed")
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
