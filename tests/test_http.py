"""The HTTP client, against real servers and proxies on loopback that behave as badly as they can."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
import sys
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from upstream.server import MISBEHAVIOR, Server, serve, serve_proxy, unused_port
from upstream.vendor import Answer, Seen, State, Vendor

from llmconf.adapters._base import Request
from llmconf.errors import RefusedError, UsageError
from llmconf.fields import Origin, parse_url
from llmconf.http import MAX_BODY, Line, Network, Reply
from llmconf.version import __version__

SECRET = "sk-fake-" + "x" * 24
KEY = {"Authorization": f"Bearer {SECRET}"}
MODELS = {"data": [{"id": "fake-1"}]}


def models(_seen: Seen, _state: State) -> Answer:
    return Answer(200, MODELS)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the developer's environment says of proxies and trust."""
    for name in [*os.environ]:
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT") or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return file


@pytest.fixture
def trusted(ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment trust the authority of the tests, as a company's environment does."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))


def line(url: str, **changes: Any) -> Line:
    """Return a line to a URL, with a secret that is bound to it."""
    origin = parse_url(url)
    origin = Origin(origin.scheme, origin.host, origin.port)
    settings: dict[str, Any] = {"bound": (origin,), "has_secrets": True, "timeout": 5.0, **changes}
    return Line(origin, **settings)


def send(line: Line, request: Request, **settings: Any) -> Reply:
    (reply,) = send_all((line, request), **settings)
    return reply


def send_all(*requests: tuple[Line, Request], **settings: Any) -> list[Reply]:
    async def run() -> list[Reply]:
        async with Network(**settings) as network:
            return await asyncio.gather(*(network.send(*request) for request in requests))

    return asyncio.run(run())


def get(url: str, headers: dict[str, str] = KEY, **changes: Any) -> Reply:
    """Send a GET with the key to a URL that it is bound to."""
    return send(line(url, **changes), Request(url, headers=headers), backoff=0.01)


def failed(reply: Reply) -> tuple[str, str]:
    assert reply.response is None
    assert reply.failure is not None
    assert SECRET not in repr(reply) + reply.failure.detail
    return reply.failure.verdict, reply.failure.detail


def own_address(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name resolve to these addresses of this machine."""
    original = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if str(host).replace(".", "").isdigit() or ":" in str(host):
            return original(host, port, *args, **kwargs)
        return [found for address in addresses for found in original(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


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
        reply = send(line(url), Request(url, "POST", {"Content-Type": "text/plain"}, b"grant=fake"))
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
        first, second = send_all(*[(line(server.url), Request(server.url))] * 2, per_host=1)
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
        first, second, third = send_all(*[(line(server.url), Request(server.url))] * 3, per_host=1)
    assert server.connections == 1
    assert first.timing.connect is not None
    assert (second.timing.connect, third.timing.connect) == (None, None)


def test_a_connection_that_was_closed_meanwhile_is_not_used_again() -> None:
    # This server closes after its answer, without saying so.
    with serve(models, misbehave="html") as server:
        replies = send_all(*[(line(server.url), Request(server.url))] * 3, per_host=1)
    assert [reply.status for reply in replies] == [200] * 3
    assert server.connections == 3


def test_an_idle_connection_that_is_closed_under_a_request() -> None:
    with serve(models) as server:

        def answer(seen: Seen, state: State) -> Answer:
            server.misbehave = "close_once"
            return models(seen, state)

        server.answer = answer
        one = line(server.url)
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
        ("gzip_bomb", "invalid_response", "the answer is longer than 8 MiB", 200),
        ("gzip_idle", "invalid_response", "the answer is longer than 8 MiB", 200),
        ("gzip_broken", "invalid_response", "the answer is said to be gzip and is not", 200),
        ("gzip_cut", "invalid_response", "the compressed answer breaks off", 200),
        ("gzip_trailing", "invalid_response", "the answer is said to be gzip and is not", 200),
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


def test_a_gzip_bomb_takes_little_memory() -> None:
    with serve(models, misbehave="gzip_bomb") as server:
        tracemalloc.start()
        try:
            failed(get(server.url))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # A gigabyte was sent; this counts what the server needs, too.
    assert peak < 6 * MAX_BODY


def test_nobody_listens() -> None:
    assert failed(get(f"http://127.0.0.1:{unused_port()}")) == ("unreachable", "the connection is refused")


def test_nobody_listens_on_any_address_of_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    own_address(monkeypatch, "127.0.0.1", "::1")
    reply = get(f"http://vendor.test:{unused_port()}")
    assert failed(reply) == ("unreachable", "the connection is refused")


@pytest.mark.parametrize(("number", "attempts"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 3)])
def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch, number: int, attempts: int) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    reply = get("https://vendor.test/v1", retries=2)
    assert failed(reply) == ("unreachable", "its name cannot be resolved")
    assert reply.attempts == attempts


def test_names_that_take_long_do_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    original = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if "slow" in str(host):
            time.sleep(1)
        return original("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serve(models) as server:
        port = server.url.rpartition(":")[2]
        slow = [f"http://slow-{number}.test:{port}" for number in range(40)]
        quick = f"http://quick.test:{port}"
        replies = send_all(*((line(url, timeout=0.5), Request(url)) for url in [*slow, quick]))
    assert replies[-1].status == 200
    assert {failed(reply) for reply in replies[:-1]} == {("timeout", "no connection within 0.5 s")}


def test_a_server_that_speaks_ipv6_only() -> None:
    with serve(models, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert get(f"{server.url}/v1").status == 200
    assert server.seen[0].headers["host"] == server.url.removeprefix("http://")


def test_a_host_of_which_one_address_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    own_address(monkeypatch, "::1", "127.0.0.1")
    with serve(models) as server:
        assert get(server.url.replace("127.0.0.1", "vendor.test")).status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse where this one keeps waiting")
def test_a_host_of_which_one_address_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    own_address(monkeypatch, "::1", "127.0.0.1")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serve(models))
        port = parse_url(server.url).port
        full = stack.enter_context(socket.create_server(("::1", port), family=socket.AF_INET6, backlog=0))
        for _ in range(4):  # the queue of those who wait to be accepted is full, and others hear nothing
            waiting = stack.enter_context(socket.socket(socket.AF_INET6))
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        assert get(f"http://vendor.test:{port}", timeout=3).status == 200


# TLS


def test_tls_with_its_times_and_the_end_of_the_certificate(ca: trustme.CA, trusted: None) -> None:
    expires = datetime.now(UTC) + timedelta(days=20)
    with serve(models, tls=ca, expires=expires, delay=0.05) as server:
        kept = [(line(server.url), Request(server.url))] * 2
        reply, again = send_all(*kept, per_host=1)
        server.first.append(Answer(401, {}))
        refused = get(server.url)
        server.misbehave = "hang"
        hanging = get(server.url, timeout=0.3)
    assert reply.timing.connect is not None
    assert reply.timing.tls is not None
    assert reply.timing.first_byte is not None
    assert reply.timing.total is not None
    assert 0 < reply.timing.connect < reply.timing.total
    assert 0 < reply.timing.tls < reply.timing.total
    assert 0.05 <= reply.timing.first_byte < reply.timing.total
    assert again.timing.tls is None
    found = {one.certificate_expires for one in (reply, again, refused, hanging)}
    assert found == {expires.date()}
    assert (refused.status, hanging.status) == (401, None)


def test_plain_http_has_no_certificate() -> None:
    with serve(models) as server:
        assert get(server.url).certificate_expires is None


def test_a_certificate_that_is_not_trusted(ca: trustme.CA) -> None:
    with serve(models, tls=ca) as server:
        found = failed(get(server.url, retries=2))
    assert found == ("tls_error", "its certificate comes from an authority that is not trusted")
    assert server.seen == []


def test_a_certificate_that_has_expired(ca: trustme.CA, trusted: None) -> None:
    with serve(models, tls=ca, expires=datetime.now(UTC) - timedelta(days=1)) as server:
        assert failed(get(server.url)) == ("tls_error", "its certificate has expired")
    assert server.seen == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://127.0.0.1", "its certificate is for another address"),
        ("https://vendor.test", "its certificate is for another host"),
    ],
)
def test_a_certificate_of_another_host(
    ca: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    own_address(monkeypatch, "127.0.0.1")
    with serve(models, tls=ca, names=["elsewhere.test"]) as server:
        assert failed(get(f"{url}:{parse_url(server.url).port}")) == ("tls_error", words)
    assert server.seen == []


def test_a_server_without_tls() -> None:
    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        reply = get(f"https://127.0.0.1:{listening.getsockname()[1]}")
    assert failed(reply) == ("tls_error", "it does not speak TLS")


def test_plain_http_to_a_server_with_tls(ca: trustme.CA) -> None:
    with serve(models, tls=ca) as server:
        verdict, _ = failed(get(server.url.replace("https:", "http:")))
    assert verdict in ("invalid_response", "unreachable")
    assert server.seen == []


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_trust_from_the_environment(
    ca: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(ca_file))
    with serve(models, tls=ca) as server:
        assert get(server.url).status == 200
        monkeypatch.setenv(variable, "missing.pem")
        with pytest.raises(UsageError, match=variable):
            get(server.url)


def test_session_keys_are_written_nowhere(
    ca: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with serve(models, tls=ca) as server:
        assert get(server.url).status == 200
    assert list(tmp_path.iterdir()) == []


def test_an_authority_of_the_endpoint_is_for_the_endpoint_alone(ca: trustme.CA, ca_file: Path) -> None:
    with serve(models, tls=ca, ports=2) as server:
        own, other = server.urls
        assert get(own, ca=ca_file).status == 200
        elsewhere = line(own, ca=ca_file, has_secrets=False)
        assert failed(send(elsewhere, Request(other)))[0] == "tls_error"


def test_an_authority_of_the_endpoint_replaces_the_others(ca: trustme.CA, trusted: None, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with serve(models, tls=ca) as server:
        assert failed(get(server.url, ca=other))[0] == "tls_error"


def test_an_authority_with_words_of_its_own(ca: trustme.CA, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes("# Autorité de Acme\n".encode() + ca.cert_pem.bytes())
    with serve(models, tls=ca) as server:
        assert get(server.url, ca=file).status == 200


@pytest.mark.parametrize("content", [None, b"", b"no certificates", b"\xff\x00"])
def test_an_authority_that_cannot_be_read(ca: trustme.CA, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "broken.pem"
    if content is not None:
        file.write_bytes(content)
    verdict, detail = failed(get("https://127.0.0.1:1", ca=file))
    assert verdict == "tls_error"
    assert "tls.ca" in detail
    assert "broken.pem" in detail


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_an_authority_that_would_never_end(tmp_path: Path) -> None:
    pipe = tmp_path / "ca.pem"
    os.mkfifo(pipe)
    opened: list[Path] = []

    def write() -> None:
        os.close(os.open(pipe, os.O_WRONLY))  # waits for a reader
        opened.append(pipe)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    for file in (pipe, Path("/dev/zero")):
        assert failed(get("https://127.0.0.1:1", ca=file)) == ("tls_error", f"`tls.ca`: {file.name} cannot be read")
    assert opened == []
    os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
    writer.join(5)


# Client certificates


@pytest.fixture(scope="module")
def client(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the file of a client's certificate, and its key."""
    issued = ca.issue_cert("client@acme.test")
    file = tmp_path_factory.mktemp("client") / "client.pem"
    file.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return file, issued.private_key_pem.bytes().decode()


def open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - the folder of this process


def test_a_client_certificate(
    ca: trustme.CA, trusted: None, client: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_disk(*_: object, **__: object) -> None:
        raise AssertionError("the key was written to a file")

    monkeypatch.setattr("tempfile.mkstemp", on_disk)
    cert, key = client
    with serve(models, tls=ca, client_ca=ca) as server:
        assert get(server.url, client_cert=cert, client_key=key).status == 200
        failed(get(server.url))
    assert len(server.seen) == 1


def test_a_server_that_asks_for_a_client_certificate(ca: trustme.CA, trusted: None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED

    def refuse(listening: socket.socket) -> None:
        # Not asyncio, which closes the connection without saying why.
        connection, _ = listening.accept()
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secure:
            with contextlib.suppress(ssl.SSLError):
                secure.do_handshake()
            # To close with the request unread would reset the connection, perhaps before the reason has arrived.
            with socket.socket(fileno=secure.detach()) as plain, contextlib.suppress(OSError):
                plain.settimeout(2)
                while plain.recv(4096):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=refuse, args=(listening,), daemon=True).start()
        reply = get(f"https://127.0.0.1:{listening.getsockname()[1]}")
    assert failed(reply) == ("tls_error", "it asks for a client certificate")


def test_a_client_certificate_where_open_files_have_no_paths(
    ca: trustme.CA, trusted: None, client: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("llmconf.http._trust._FILES", tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with serve(models, tls=ca, client_ca=ca) as server:
        assert get(server.url, client_cert=client[0], client_key=client[1]).status == 200
    failed(get(server.url, client_cert=client[0], client_key="not a key"))
    assert list(tmp_path.iterdir()) == []


def test_a_client_certificate_goes_to_the_endpoint_alone(
    ca: trustme.CA, trusted: None, client: tuple[Path, str]
) -> None:
    with serve(models, tls=ca, client_ca=ca) as elsewhere:
        one = line("https://127.0.0.1:1", client_cert=client[0], client_key=client[1], has_secrets=False)
        failed(send(one, Request(elsewhere.url)))
    assert elsewhere.seen == []


@pytest.mark.parametrize("problem", ["garbage", "other", "encrypted", "long", "missing", "no certificate"])
def test_a_client_key_that_cannot_be_used(
    ca: trustme.CA, client: tuple[Path, str], tmp_path: Path, problem: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from cryptography.hazmat.primitives import serialization as forms

    cert: Path | None = client[0]
    other = trustme.CA().issue_cert("other.test").private_key_pem.bytes()
    key = other.decode()
    if problem == "garbage":
        key = SECRET
    elif problem == "encrypted":
        sealed = forms.BestAvailableEncryption(b"fake")
        private = forms.load_pem_private_key(other, None)
        key = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, sealed).decode()
    elif problem == "long":
        key = SECRET * 10_000
    elif problem == "missing":
        cert = tmp_path / "missing.pem"
    elif problem == "no certificate":
        cert = None
    failed(get("https://127.0.0.1:1", client_cert=client[0], client_key=client[1]))
    before = open_files()
    verdict, detail = failed(get("https://127.0.0.1:1", client_cert=cert, client_key=key))
    assert verdict == "tls_error"
    assert "tls" in detail
    assert open_files() == before
    assert "pass phrase" not in "".join(capfd.readouterr())


# Where secrets go


def test_a_secret_is_sent_to_bound_hosts_only() -> None:
    with serve(models, ports=3) as server:
        own, bound, other = server.urls
        both = line(own, bound=(parse_url(own), parse_url(bound)))
        assert send(both, Request(bound, headers=KEY)).status == 200
        for url in (other, own.replace("127.0.0.1", "localhost"), own.replace("http:", "https:")):
            with pytest.raises(RefusedError) as caught:
                send(both, Request(f"{url}/v1?key=not-to-be-shown", headers=KEY))
            assert SECRET not in str(caught.value)
            assert "not-to-be-shown" not in str(caught.value)
        assert send(line(own, bound=(), has_secrets=False), Request(other)).status == 200
    assert [seen.headers.get("authorization") for seen in server.seen] == [KEY["Authorization"], None]


def test_a_secret_bound_to_a_path_stays_below_it() -> None:
    with serve(models) as server:
        below = line(server.url, bound=(parse_url(f"{server.url}/mine"),))
        assert send(below, Request(f"{server.url}/mine/models", headers=KEY)).status == 200
        for path in ("/theirs", "/mine2", "/mine/../theirs", "/mine/%2e%2e/theirs", "/mine/..%2ftheirs", "/mine/..%5ctheirs", ""):
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
        send(line("http://127.0.0.1:1"), Request(url, headers=KEY))


def test_headers_of_the_endpoint_go_to_the_endpoint_alone() -> None:
    with serve(models, ports=2) as server:
        own, other = server.urls
        one = line(own, has_secrets=False, headers={"X-Gateway": SECRET, "User-Agent": "acme"})
        assert send(one, Request(own)).status == 200
        assert send(one, Request(other)).status == 200
    first, second = server.seen
    assert (first.headers["x-gateway"], first.headers["user-agent"]) == (SECRET, "acme")
    assert "x-gateway" not in second.headers


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Proxy-Authorization"])
def test_headers_of_the_connection_cannot_be_set(name: str) -> None:
    with serve(models) as server, pytest.raises(RefusedError, match="belongs to the connection"):
        send(line(server.url, headers={name: "elsewhere.test"}), Request(server.url, headers=KEY))
    assert server.seen == []


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
    logging.getLogger("httpcore.http11").setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    proxy = f"http://user:{SECRET}@127.0.0.1:1"
    with serve(lambda *_: Answer(200, {"key": SECRET}, {"x-echo": SECRET})) as server:
        one = line(server.url, headers={"X-Gateway": SECRET}, proxy=proxy, client_key=SECRET)
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
            send(line(url, has_secrets=False, headers={"X-Gateway": SECRET}), Request(url))
        plain = line(url, has_secrets=False, headers={"X-Team": "search"}, private_headers=False)
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


# Attempts


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
        reply = send(line(server.url, retries=3), Request(server.url, "POST", body=b"{}"))
    assert (reply.status, reply.attempts, len(server.seen)) == (503, 1, 1)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "0.2"}, True),
        ({"Retry-After-Ms": "200", "Retry-After": "90"}, True),
        ({"Retry-After": "90"}, False),
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


def test_no_time_out_waits_for_its_turn() -> None:
    with serve(models, delay=0.1) as server:
        one = line(server.url, timeout=0.9), Request(server.url)
        replies = send_all(*[one] * 12, per_host=1)
    assert {reply.status for reply in replies} == {200}


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
        host = server.seen[-1].headers["host"]
        gauge.now[host] = gauge.now.get(host, 0) + 1
        gauge.most = max(gauge.most, sum(gauge.now.values()))
        gauge.most_of_one = max(gauge.most_of_one, gauge.now[host])
        await original(seconds)
        gauge.now[host] -= 1

    monkeypatch.setattr(asyncio, "sleep", sleep)


def test_how_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gauge = Gauge()
    with serve(models, ports=6, delay=0.05) as server:
        measure(server, gauge, monkeypatch)
        wanted = [(line(url), Request(url)) for url in server.urls for _ in range(6)]
        replies = send_all(*wanted, at_once=7, per_host=3)
    assert {reply.status for reply in replies} == {200}
    assert (gauge.most, gauge.most_of_one) == (7, 3)
    assert server.connections <= 36


def test_a_slow_host_does_not_hold_up_the_others() -> None:
    async def run() -> float:
        async with Network(at_once=4, per_host=2) as network:
            waiting = [asyncio.create_task(network.send(line(slow.url), Request(slow.url))) for _ in range(20)]
            await asyncio.sleep(0.05)
            start = time.monotonic()
            assert (await network.send(line(quick.url), Request(quick.url))).status == 200
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
        async with Network(at_once=5) as network:
            await asyncio.gather(*(network.send(line(url), Request(url)) for url in urls))
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
        async with Network() as network:
            await asyncio.wait_for(network.send(line(url), Request(url)), 0.2)

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
