"""The HTTP client and secrets: which hosts and which proxies see one."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from conformance import VENDORS, adapter_of, secrets_of, sited
from http_support import KEY, SECRET, endpoint, failed, get, models, own_address, send
from upstream.server import serve, serve_proxy, unused_port
from upstream.vendor import Answer, Vendor

from llmconf.adapters import Request
from llmconf.core.errors import RefusedError, UsageError
from llmconf.core.origins import parse_url
from llmconf.live.http._line import find_headers, find_route
from llmconf.live.http._proxies import ProxyEnvironment

# Where secrets go


def test_a_secret_is_sent_to_bound_hosts_only() -> None:
    with serve(models, ports=3) as server:
        own, bound, other = server.urls
        both = endpoint(own, bound=(parse_url(own), parse_url(bound)))
        assert send(both, Request(bound, headers=KEY)).status == 200
        for url in (other, own.replace("127.0.0.1", "localhost"), own.replace("http:", "https:")):
            with pytest.raises(RefusedError) as caught:
                send(both, Request(f"{url}/v1?key=not-to-be-shown", headers=KEY))
            assert SECRET not in str(caught.value)
            assert "not-to-be-shown" not in str(caught.value)
        assert send(endpoint(own, bound=(), has_secrets=False), Request(other)).status == 200
    assert [seen.headers.get("authorization") for seen in server.seen] == [KEY["Authorization"], None]


def test_a_secret_bound_to_a_path_stays_below_it() -> None:
    with serve(models) as server:
        below = endpoint(server.url, bound=(parse_url(f"{server.url}/mine"),))
        assert send(below, Request(f"{server.url}/mine/models", headers=KEY)).status == 200
        for path in (
            "/theirs", "/mine2", "/mine/../theirs", "/mine/%2e%2e/theirs", "/mine/..%2ftheirs", "/mine/..%5ctheirs", "",
            "/mine/..;/theirs", "/mine/..;x=1/theirs", "/mine/..%3b/theirs", "/mine/%252e%252e/theirs", "/mine/%2e.;/theirs",
            "/mine/x%00/models", "/mine/%2%65%2%65/theirs", "/mine/%%32%65%%32%65/theirs", "/mine/..%3fx/theirs",
            "/mine/..%23/theirs", "/mine/%2e%2e%09/theirs",
        ):  # fmt: skip
            with pytest.raises(RefusedError):
                send(below, Request(f"{server.url}{path}", headers=KEY))
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1@elsewhere.test/",
        "http://user:fake@127.0.0.1:1/",
        "http://127.0.0.1:1\\@elsewhere.test/",
        "http://127.0.0.1:1 .elsewhere.test/",
        "http://127.0.0.1:1\r\nx: y/",
        "ftp://127.0.0.1:1/",
        "//127.0.0.1:1/",
        "http://127.0.0.1:70000/",
        "http:127.0.0.1",
        "",
    ],
)
def test_a_url_that_can_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        send(endpoint("http://127.0.0.1:1"), Request(url, headers=KEY))


def test_headers_of_the_endpoint_go_to_the_endpoint_alone() -> None:
    with serve(models, ports=2) as server:
        own, other = server.urls
        one = endpoint(own, has_secrets=False, headers={"X-Gateway": SECRET, "User-Agent": "acme"})
        assert send(one, Request(own)).status == 200
        assert send(one, Request(other)).status == 200
    first, second = server.seen
    assert (first.headers["x-gateway"], first.headers["user-agent"]) == (SECRET, "acme")
    assert "x-gateway" not in second.headers


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Proxy-Authorization", "Content_Length"])
def test_headers_of_the_connection_cannot_be_set(name: str) -> None:
    with serve(models) as server, pytest.raises(RefusedError, match="belongs to the connection"):
        send(endpoint(server.url, headers={name: "elsewhere.test"}), Request(server.url, headers=KEY))
    assert server.seen == []


@pytest.mark.parametrize(("name", "other"), [
    ("X-Acme-Token", "x-acme-token"), ("x-acme-token", "X-ACME-TOKEN"), ("X-Acme-Token", "X_Acme_Token"),
    ("Authorization", "authorization"), ("x-amz-date", "X-Amz-Date"),
])  # fmt: skip
def test_a_header_of_the_endpoint_replaces_none_of_the_credential(name: str, other: str) -> None:
    with serve(models) as server:
        with pytest.raises(RefusedError, match=f"`{other}` is one that the request sets itself") as caught:
            send(endpoint(server.url, headers={other: "not-to-be-shown"}), Request(server.url, headers={name: SECRET}))
        assert SECRET not in str(caught.value)
        assert "not-to-be-shown" not in str(caught.value)
        # Where no credential is sent, the header of the endpoint is all there is.
        without = endpoint(server.url, has_secrets=False, headers={other: "own"})
        assert send(without, Request(server.url, headers={name: "of-the-protocol"})).status == 200
        beside = endpoint(server.url, headers={"X-Gateway": "own"})
        assert send(beside, Request(server.url, headers={name: SECRET})).status == 200
    first, second = server.seen
    assert first.headers[other.lower()] == "own"
    assert (second.headers[name.lower()], second.headers["x-gateway"]) == (SECRET, "own")


@pytest.mark.parametrize("name", ["Accept", "Content-Type", "User-Agent", "Anthropic-Version", "OpenAI-Organization"])
def test_a_header_of_the_endpoint_replaces_one_of_the_protocol(name: str) -> None:
    with serve(models) as server:
        request = Request(server.url, headers={**KEY, name.lower(): "of-the-protocol"})
        assert send(endpoint(server.url, headers={name: "own"}), request).status == 200
    assert server.seen[0].headers[name.lower()] == "own"
    assert server.seen[0].headers["authorization"] == KEY["Authorization"]


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_whatever_carries_a_credential_cannot_be_replaced(vendor: Vendor) -> None:
    """With the requests of every adapter. They lead to real vendors, so that nothing is sent."""
    site, adapter = sited(vendor), adapter_of(vendor)
    secrets = [secret for secret in (*secrets_of(vendor), site.token) if secret]
    wanted = [adapter.probe(site), adapter.check(site), adapter.models(site, None)]
    for request in filter(None, wanted):
        one = endpoint(request.url)
        route = find_route(one, request, ProxyEnvironment({}))
        carrying = [name for name, value in request.headers.items() if any(secret in value for secret in secrets)]
        assert carrying or vendor.public or not secrets
        for name in carrying:
            with pytest.raises(RefusedError, match="is one that the request sets itself"):
                find_headers(replace(one, headers={name.upper(): "own"}), request, route)


@pytest.mark.parametrize("value", [f"{SECRET}\r\nx: y", f"{SECRET}\n", f" {SECRET}", f"{SECRET}é", f"{SECRET}\0"])
def test_a_header_that_http_does_not_allow(value: str) -> None:
    with pytest.raises(RefusedError) as caught:
        get("http://127.0.0.1:1", headers={"X-Key": value})
    assert "x-key" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_redirect_is_not_followed() -> None:
    with serve(models) as target, serve(models, misbehave="redirect") as server:
        server.elsewhere = f"{target.url}/v1?token=not-to-be-shown"
        verdict, detail = failed(get(server.url, retries=2))
    assert (verdict, target.seen, len(server.seen)) == ("invalid_response", [], 1)
    assert detail == f"it redirects to {target.url}, and redirects are not followed"


def test_nothing_secret_is_shown_or_logged(caplog: pytest.LogCaptureFixture, client: tuple[Path, str]) -> None:
    for name in ("httpcore2.http11", "httpcore2.connection", "httpcore2.proxy"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    proxy = f"http://user:{SECRET}@127.0.0.1:1"
    with serve(lambda *_: Answer(200, {"key": SECRET}, {"x-echo": SECRET})) as server:
        one = endpoint(server.url, headers={"X-Gateway": SECRET}, proxy=proxy, client_key=SECRET)
        request = Request(server.url, "POST", KEY, SECRET.encode())
        replies = [get(server.url), failed(get("https://vendor.test", proxy=proxy))]
    assert server.seen
    assert SECRET not in f"{one!r} {one} {request!r} {replies!r} {replies}"
    assert SECRET not in caplog.text


# Proxies


def test_a_proxy_of_the_environment_sees_no_secret(
    ca: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(models, tls=ca) as server, serve_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//us%65r:p%40ss@"))
        url = server.url.replace("127.0.0.1", "vendor.test")
        reply = get(f"{url}/v1")
    assert reply.status == 200
    assert reply.certificate_expires is not None
    assert reply.timing.tls is not None
    assert server.seen[0].headers["authorization"] == KEY["Authorization"]
    assert "proxy-authorization" not in server.seen[0].headers
    (seen,) = proxy.seen
    assert (seen.method, seen.path) == ("CONNECT", url.removeprefix("https://"))
    assert seen.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"
    assert len(proxy.passed) > 200
    assert SECRET.encode() not in proxy.passed
    assert SECRET not in str(proxy.seen)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_for_plain_http(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with serve(models) as server, serve_proxy() as proxy:
        monkeypatch.setenv(variable, proxy.url.removeprefix("http://"))
        url = server.url.replace("127.0.0.1", "vendor.test")
        assert get(f"{url}/v1?x=1", headers={}, has_secrets=False).status == 200
        with pytest.raises(RefusedError, match="would see the secrets"):
            get(url)
        with pytest.raises(RefusedError, match="would see the secrets"):
            send(endpoint(url, has_secrets=False, headers={"X-Gateway": SECRET}), Request(url))
        plain = endpoint(url, has_secrets=False, headers={"X-Team": "search"}, private_headers=False)
        assert send(plain, Request(url)).status == 200
        # Whoever wrote the hosts may own the proxy.
        with pytest.raises(RefusedError, match="would see the secrets"):
            get(url, bound=(parse_url(url), parse_url(proxy.url)), headers={})
    assert [seen.path for seen in proxy.seen] == [f"{url}/v1?x=1", f"{url}/"]
    assert SECRET not in str(proxy.seen)
    assert server.seen[0].path == "/v1?x=1"


@pytest.mark.parametrize(
    ("exceptions", "through"),
    [
        ("", True),
        ("*", False),
        ("vendor.test", False),
        (".test", False),
        ("*.test", False),
        ("VENDOR.TEST", False),
        ("other.test, vendor.test:{port}", False),
        ("vendor.test:1", True),
        ("endor.test", True),
        ("api.vendor.test", True),
        ("127.0.0.1,10.0.0.0/8", True),
    ],
)
def test_no_proxy(monkeypatch: pytest.MonkeyPatch, exceptions: str, through: bool) -> None:
    own_address(monkeypatch, "127.0.0.1")
    with serve(models) as server, serve_proxy() as proxy:
        port = parse_url(server.url).port
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exceptions.format(port=port))
        assert get(f"http://vendor.test:{port}", headers={}, has_secrets=False).status == 200
    assert bool(proxy.seen) == through


@pytest.mark.parametrize(("exceptions", "through"), [("10.0.0.0/8", False), ("10.1.2.3", False), ("10.2.0.0/16", True)])
def test_no_proxy_for_networks(monkeypatch: pytest.MonkeyPatch, exceptions: str, through: bool) -> None:
    async def connect(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(asyncio, "open_connection", connect)
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", exceptions)
    _, detail = failed(get("http://10.1.2.3", headers={}, has_secrets=False))
    assert detail.startswith("the proxy") == through


def test_this_machine_is_not_reached_through_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{unused_port()}")
    with serve(models) as server:
        assert get(server.url).status == 200


def test_a_proxy_of_the_repository(ca: trustme.CA, ca_file: Path, trusted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{unused_port()}")
    with serve(models, tls=ca) as server, serve_proxy() as proxy:
        assert get(server.url.replace("127.0.0.1", "vendor.test"), proxy=proxy.url).status == 200
        monkeypatch.setenv("NO_PROXY", "*")
        assert get(server.url, proxy=proxy.url).status == 200
        with pytest.raises(RefusedError, match="together"):
            get(server.url, proxy=proxy.url, ca=ca_file)
        assert get(server.url, headers={}, has_secrets=False, proxy=proxy.url, ca=ca_file).status == 200
        bound = (parse_url(server.url), parse_url(proxy.url))
        with pytest.raises(RefusedError, match="together"):
            get(server.url, proxy=proxy.url, ca=ca_file, bound=bound)
    assert len(proxy.seen) == 3
    assert SECRET.encode() not in proxy.passed


def test_a_proxy_of_the_environment_with_an_authority_of_the_repository(
    ca: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(models, tls=ca) as server, serve_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert get(server.url.replace("127.0.0.1", "vendor.test"), ca=ca_file).status == 200
    assert len(proxy.seen) == 1


def test_a_proxy_that_speaks_tls(ca: trustme.CA, trusted: None) -> None:
    with serve(models, tls=ca) as server, serve_proxy(tls=ca) as proxy:
        assert get(server.url, proxy=proxy.url).status == 200
    assert server.seen[0].headers["authorization"] == KEY["Authorization"]
    assert SECRET.encode() not in proxy.passed


@pytest.mark.parametrize(("status", "words"), [(407, "asks for a user and password"), (403, "does not connect (status 403)")])
def test_a_proxy_that_refuses(ca: trustme.CA, trusted: None, status: int, words: str) -> None:
    with serve_proxy(status) as proxy:
        verdict, detail = failed(get("https://vendor.test", proxy=proxy.url.replace("//", f"//user:{SECRET}@")))
    assert verdict == "unreachable"
    assert words in detail


def test_a_proxy_that_is_not_there() -> None:
    reply = get("https://vendor.test", proxy=f"http://user:{SECRET}@127.0.0.1:{unused_port()}")
    assert failed(reply) == ("unreachable", "the proxy: the connection is refused")


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", "http://", "://", f"http://{SECRET}:x:y"])
def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    for proxy in (url, None):
        with pytest.raises(UsageError) as caught:
            get("https://vendor.test", proxy=proxy)
        assert SECRET not in str(caught.value)
