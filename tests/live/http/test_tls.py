"""The HTTP client and TLS: certificates of servers, authorities, client certificates."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from http_support import SECRET, endpoint, failed, get, models, open_files, own_address, send, send_all
from upstream.server import serve
from upstream.vendor import Answer

from llmconf.adapters import Request
from llmconf.core.errors import UsageError
from llmconf.core.origins import parse_url

# TLS


def test_tls_with_its_times_and_the_end_of_the_certificate(ca: trustme.CA, trusted: None) -> None:
    expires = datetime.now(UTC) + timedelta(days=20)
    with serve(models, tls=ca, expires=expires, delay=0.05) as server:
        kept = [(endpoint(server.url), Request(server.url))] * 2
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
        elsewhere = endpoint(own, ca=ca_file, has_secrets=False)
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
    monkeypatch.setattr("llmconf.live.http._trust._FILES", tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with serve(models, tls=ca, client_ca=ca) as server:
        assert get(server.url, client_cert=client[0], client_key=client[1]).status == 200
    failed(get(server.url, client_cert=client[0], client_key="not a key"))
    assert list(tmp_path.iterdir()) == []


def test_a_client_certificate_goes_to_the_endpoint_alone(
    ca: trustme.CA, trusted: None, client: tuple[Path, str]
) -> None:
    with serve(models, tls=ca, client_ca=ca) as elsewhere:
        one = endpoint("https://127.0.0.1:1", client_cert=client[0], client_key=client[1], has_secrets=False)
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
