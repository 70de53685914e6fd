"""The fake vendors as their adapters see them, without a socket in between, and what is checked of each.

A check takes a vendor, and fails if the adapter and the vendor do not agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote_plus, urlsplit

import pytest
from upstream.vendor import ModelRecord, Seen, State, Vendor

from llmconf import adapters
from llmconf.adapters._base import Adapter, CalledEndpoint, Check, Failure, Request, Response, Unreadable
from llmconf.core import grammar
from llmconf.schema.kinds import SECRET_FIELDS
from llmconf.schema.parts import Lifecycle, Price
from llmconf.schema.types import Capability, Mode

NOW = 1_790_000_000
MAX_PAGES = 30
"""Pages after which the list of a fake vendor counts as endless."""
ANSWERS: dict[str, Any] = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}],
    "content": [{"type": "text", "text": "Hi"}],
    "candidates": [{"content": {"parts": [{"text": "Hi"}]}}],
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
    "message": {"role": "assistant", "content": "Hi"},
}
"""What models answer, by its place in one protocol or another."""


def _vendors() -> dict[str, Vendor]:
    found = {}
    for file in sorted((Path(__file__).parent / "upstream").glob("[a-z]*.py")):
        vendor = getattr(import_module(f"upstream.{file.stem}"), "VENDOR", None)
        if vendor is not None:
            found[file.stem] = vendor
    return found


VENDORS = _vendors()


def checks_of(vendor: Vendor) -> Any:
    return vendor.states if vendor.checks is None else vendor.checks


def adapter_of(vendor: Vendor) -> Adapter:
    return adapters.adapter(vendor.type)


def site_of(vendor: Vendor, *, with_key: bool = True) -> CalledEndpoint:
    """Return the site of a vendor: at its own URL where that has the path of the fake one."""
    preset = adapters.preset(vendor.type)
    own = preset.url is not None and urlsplit(preset.url).path == vendor.base
    options = adapter_of(vendor).Options.model_validate(vendor.options)
    secrets = vendor.credential if with_key else {}
    return CalledEndpoint(
        str(preset.url) if own else f"https://vendor.test{vendor.base}", preset, options, vendor.region, secrets
    )


def secrets_of(vendor: Vendor) -> list[str]:
    """Return what of a credential is secret: a tenant or a client id is not."""
    return [value for name, value in vendor.credential.items() if name in SECRET_FIELDS]


def ask(vendor: Vendor, request: Request, state: State) -> Response:
    """Hand a request to the vendor, and see that no secret is where it can be logged."""
    split = urlsplit(request.url)
    assert split.scheme in ("https", "http")
    assert split.hostname
    for secret in secrets_of(vendor):
        assert secret not in unquote_plus(request.url)
        assert secret not in repr(request)
    path = f"{split.path}?{split.query}" if split.query else split.path
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = vendor.answer(Seen(request.method, path, headers, request.body or b""), state)
    told = {"content-type": "application/json", **{name.lower(): value for name, value in answer.headers.items()}}
    return Response(answer.status, told, answer.content)


def ready(vendor: Vendor, state: State = "valid", *, with_key: bool = True) -> CalledEndpoint | Failure:
    """Return the site with its token, or why there is none."""
    site, adapter = site_of(vendor, with_key=with_key), adapter_of(vendor)
    request = adapter.exchange(site, NOW)
    if request is None:
        return site
    response = ask(vendor, request, state)
    token = adapter.read_exchange(site, response) if response.ok else adapter.read_error(site, response)
    return token if isinstance(token, Failure) else replace(site, token=token)


def sited(vendor: Vendor) -> CalledEndpoint:
    site = ready(vendor)
    assert isinstance(site, CalledEndpoint)
    return site


def probed(vendor: Vendor, state: State, *, with_key: bool = True) -> Failure | None:
    site, adapter = ready(vendor, state, with_key=with_key), adapter_of(vendor)
    if isinstance(site, Failure):
        return site
    response = ask(vendor, adapter.probe(site), state)
    return adapter.read_probe(site, response) if response.ok else adapter.read_error(site, response)


def checked(vendor: Vendor, state: State) -> Check:
    site, adapter = ready(vendor, state), adapter_of(vendor)
    if isinstance(site, Failure):
        return Check(site)
    request = adapter.check(site)
    assert request is not None, "a vendor without a check has no `checks`"
    response = ask(vendor, request, state)
    return adapter.read_check(site, response) if response.ok else Check(adapter.read_error(site, response))


def pages(vendor: Vendor) -> Iterator[tuple[str | None, Response]]:
    """Yield cursor and answer of every page of the list."""
    site, adapter, cursor = sited(vendor), adapter_of(vendor), None
    seen: set[str | None] = set()
    for _ in range(MAX_PAGES):
        assert cursor not in seen, "a cursor that comes again never ends"
        seen.add(cursor)
        request = adapter.models(site, cursor)
        if request is None:
            return
        response = ask(vendor, request, "valid")
        assert response.ok, response.body
        yield cursor, response
        cursor = adapter.read_models(site, response, cursor).next
        if cursor is None:
            return
    pytest.fail("the list does not end")


def verdict(failure: Failure | None) -> str:
    return failure.verdict if failure else "healthy"


def assert_sound(record: ModelRecord) -> None:
    """Check that a record can go into a lock and a schema, whatever it was read from."""
    assert re.match(grammar.MODEL_ID_PATTERN, record.id)
    assert record.mode is None or record.mode in get_args(Mode)
    if record.capabilities is not None:
        assert set(record.capabilities) <= set(get_args(Capability))
        assert list(record.capabilities) == sorted(set(record.capabilities))
    for limit in (record.context, record.max_output):
        assert limit is None or (type(limit) is int and 0 < limit <= 10**9)
    if record.price is not None:
        Price.model_validate(dict(record.price))
        assert not any(value.endswith(".") for value in record.price.values() if isinstance(value, str))
    lifecycle = ("status", "deprecated", "retires", "replacement")
    Lifecycle.model_validate({name: getattr(record, name) for name in lifecycle})
    assert type(record.callable) is bool
    for alias in record.aliases:
        assert re.match(grammar.MODEL_ID_PATTERN, alias)


def called(vendor: Vendor) -> str:
    """Return the id of a model that can be called, or a made-up one where none is listed."""
    return next((model.id for model in vendor.models if model.callable), "some-deployment")


def proofs(site: CalledEndpoint, request: Request) -> list[str]:
    """Return the headers that hold a secret field or the token of a site, or else a signature made with a secret."""
    kept = [site.token, *(value for name, value in site.secrets.items() if name in SECRET_FIELDS)]
    held = [name for name, value in request.headers.items() if any(secret and secret in value for secret in kept)]
    return held or [name for name in request.headers if name.lower() == "authorization"]


def check_list(vendor: Vendor) -> None:
    """The whole list is read, with all facts, and each record is sound."""
    site, adapter = sited(vendor), adapter_of(vendor)
    read = [adapter.read_models(site, response, cursor) for cursor, response in pages(vendor)]
    models = [model for page in read for model in page.models]
    assert models == list(vendor.models)
    assert sum(page.skipped for page in read) == 0
    for model in models:
        assert_sound(model)


def check_probe(vendor: Vendor, state: State) -> None:
    """A probe gives the verdict of the state."""
    failure = probed(vendor, state)
    assert verdict(failure) == vendor.states[state]
    if state == "expired":
        assert failure
        assert failure.expired
    elif failure:
        assert not failure.expired


def check_check(vendor: Vendor, state: State) -> None:
    """A check gives the verdict of the state."""
    check = checked(vendor, state)
    assert verdict(check.failure) == checks_of(vendor)[state]
    assert (check.failure is not None and check.failure.expired) == (state == "expired")
    if state == "valid":
        assert dict(check.quota) == dict(vendor.quota)


def check_without_a_key(vendor: Vendor) -> None:
    """Without a key the vendor refuses, unless its probe needs none."""
    found = verdict(probed(vendor, "valid", with_key=False))
    open_probe = vendor.public and "invalid" not in vendor.states
    assert found in (("healthy",) if open_probe else ("unauthorized", "forbidden"))


def check_key(vendor: Vendor) -> None:
    """Each request carries the key once, where the vendor wants it."""
    site, adapter = sited(vendor), adapter_of(vendor)
    call = adapter.completion(site, called(vendor))
    for request in (adapter.probe(site), adapter.check(site), adapter.models(site, None), call):
        if request is None:
            continue
        response = ask(vendor, request, "valid")
        unknown = request is call and not any(model.callable for model in vendor.models)
        assert response.ok or (unknown and response.status not in (401, 403)), request.url
        assert len(proofs(site, request)) == (1 if secrets_of(vendor) else 0)


def check_answer(vendor: Vendor) -> None:
    """The answer of a model is valid in the protocol of its vendor only."""
    site, adapter = sited(vendor), adapter_of(vendor)
    own = ask(vendor, adapter.completion(site, called(vendor)), "valid")
    if not own.ok:
        assert not any(model.callable for model in vendor.models), "what is called is a deployment, which is not listed"
        return
    adapter.read_completion(site, own, called(vendor))
    for place in ANSWERS.keys() - json.loads(own.body).keys():
        with pytest.raises(Unreadable):
            adapter.read_completion(site, Response(200, {}, json.dumps({place: ANSWERS[place]}).encode()), "some-model")
