"""The HTTP client and its library: what httpx2 would do by itself, and does not do here."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from http_support import KEY, SECRET, endpoint, failed, get, models, send_all
from upstream.server import serve, serve_proxy
from upstream.vendor import Answer

from llmconf.adapters import Request
from llmconf.live.http import HttpClient

LIBRARIES = ("httpx2", "httpcore2", "truststore", "anyio")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    ["http://[", "https://[::1", "//", "https://", "https://a.test:port/", "https://a.test:99999999/", "https://xn--/",
     "https://a b.test/", "\xff\xfe", "https://\xe9.test/", "javascript:alert(1)", "http://999.999.999.999/",
     "https://" + "a" * 60_000, "x" * 70_000, "%zz", "?", "#", "http:///x", "https://user:pass@",
     # httpx2 raises for these: the first with ValueError, the others with errors of idna.
     ":a:", "//axn--", "//]xn--a"],
)  # fmt: skip
def test_a_location_of_any_kind_is_a_redirect_that_is_refused(location: str, status: int) -> None:
    with serve(lambda *_: Answer(status, b"", {"Location": location})) as server:
        reply = get(server.url)
    verdict, detail = failed(reply)
    assert (verdict, reply.status) == ("invalid_response", status)
    assert detail.startswith("it redirects")
    assert "pass@" not in detail
    assert len(server.seen) == 1


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, identity", "compress"])
def test_a_coding_that_was_not_asked_for_is_not_decoded(coding: str) -> None:
    with serve(lambda *_: Answer(200, b"", {"Content-Encoding": coding})) as server:
        found = failed(get(server.url))
    assert found == ("invalid_response", "the answer is compressed in a way that was not asked for")


@pytest.mark.parametrize("cookie", ["a=b", "a=b; Domain=.test; Path=/; Max-Age=99999", "=;=;=", "\xff=\xff; expires=" + "9" * 999])
def test_no_cookie_is_kept(cookie: str) -> None:
    with serve(lambda *_: Answer(200, {}, {"Set-Cookie": cookie, "Set-Cookie2": cookie})) as server:
        replies = send_all(*[(endpoint(server.url), Request(server.url))] * 3, per_host=1)
    assert [reply.status for reply in replies] == [200] * 3
    assert server.connections == 1
    assert [seen.headers for seen in server.seen if "cookie" in seen.headers or "cookie2" in seen.headers] == []


def test_no_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    # As an application does that wants to see everything.
    logging.getLogger().setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    with serve(lambda *_: Answer(200, {}, {"x-echo": SECRET})) as server:
        assert get(f"{server.url}/v1?key=not-to-be-shown").status == 200
    assert [record.name for record in caplog.records if record.name.partition(".")[0] in LIBRARIES] == []


@pytest.mark.parametrize(
    ("misbehavior", "verdict", "detail"),
    [
        ("not_http", "invalid_response", "the answer is not HTTP"),
        ("two_lengths", "invalid_response", "the answer is not HTTP"),
        ("close_early", "invalid_response", "the connection is closed without an answer"),
        ("cut_short", "invalid_response", "the answer breaks off"),
        ("gzip_bomb", "invalid_response", "the answer is longer than 8 MiB"),
        ("redirect", "invalid_response", "it redirects to https://elsewhere.test, and redirects are not followed"),
    ],
)
@pytest.mark.parametrize("through_proxy", [False, True])
def test_a_proxy_changes_no_reason(
    ca: trustme.CA, trusted: None, misbehavior: str, verdict: str, detail: str, through_proxy: bool
) -> None:
    with serve(models, tls=ca, misbehave=misbehavior) as server, serve_proxy() as proxy:
        found = failed(get(server.url, proxy=proxy.url if through_proxy else None))
    assert found == (verdict, detail)
    assert bool(proxy.seen) == through_proxy


def test_a_connection_through_a_proxy_is_used_again(ca: trustme.CA, trusted: None) -> None:
    with serve(models, tls=ca) as server, serve_proxy() as proxy:
        one = endpoint(server.url, proxy=proxy.url), Request(server.url, headers=KEY)
        replies = send_all(*[one] * 3, per_host=1)
    assert [reply.status for reply in replies] == [200] * 3
    assert [reply.timing.tls is None for reply in replies] == [False, True, True]
    assert len(proxy.seen) == server.connections == 1


def test_a_connection_through_a_proxy_that_broke_is_not_used_again(ca: trustme.CA, trusted: None) -> None:
    async def run() -> list[str]:
        found = []
        one = endpoint(server.url, proxy=proxy.url), Request(server.url, headers=KEY)
        async with HttpClient() as client:
            for misbehavior in ("cut_short", "close_early"):
                server.misbehave = misbehavior
                found.append(failed(await client.send(*one))[1])
        return found

    with serve(models, tls=ca) as server, serve_proxy() as proxy:
        found = asyncio.run(run())
    assert found == ["the answer breaks off", "the connection is closed without an answer"]
    # After a connection that was used before, the second would have been sent twice.
    assert len(server.seen) == 2


class Watched(dict[str, str]):
    """The variables of this process. `readers` are the modules that have read one."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables)
        self.readers: set[str] = set()

    def _read(self) -> None:
        frame = sys._getframe(2)
        self.readers.add(frame.f_globals["__name__"].partition(".")[0])

    def __getitem__(self, name: str) -> str:
        self._read()
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._read()
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._read()
        return super().get(name, default)

    def items(self) -> Any:
        self._read()
        return super().items()


@pytest.mark.parametrize("trusts", ["environment", "system", "endpoint"])
def test_the_library_reads_nothing_from_the_environment(
    ca: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch, trusts: str
) -> None:
    if trusts == "environment":
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    variables = Watched(dict(os.environ))
    with serve(models, tls=ca) as server, serve_proxy() as proxy:
        url = server.url.replace("127.0.0.1", "vendor.test")
        variables["HTTPS_PROXY"] = proxy.url
        monkeypatch.setattr(os, "environ", variables)
        reply = get(url, ca=ca_file if trusts == "endpoint" else None)
    assert proxy.seen
    assert (reply.failure.verdict if reply.failure else None) == ("tls_error" if trusts == "system" else None)
    assert variables.readers & set(LIBRARIES) == set()
    # The client itself reads which proxies there are, and the watch would see the library too.
    assert "urllib" in variables.readers
    httpx2.create_ssl_context()
    assert variables.readers & set(LIBRARIES) == {"httpcore2"}


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="there the system decides, not OpenSSL")
def test_the_authorities_of_the_system_are_trusted(
    ca: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def system(file: Path) -> ssl.DefaultVerifyPaths:
        return ssl.DefaultVerifyPaths(None, None, "SSL_CERT_FILE", str(file), "SSL_CERT_DIR", str(tmp_path))

    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with serve(models, tls=ca) as server:
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: system(ca_file))
        assert get(server.url).status == 200
        assert failed(get(server.url, ca=other))[0] == "tls_error"
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: system(other))
        assert failed(get(server.url))[0] == "tls_error"
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        assert get(server.url).status == 200
