"""What the tests of the HTTP client are given: no settings of the developer's, and an authority that is trusted."""

import os
from pathlib import Path

import pytest
import trustme


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.fixture(scope="module")
def client(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the file of a client's certificate, and its key."""
    issued = ca.issue_cert("client@acme.test")
    file = tmp_path_factory.mktemp("client") / "client.pem"
    file.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return file, issued.private_key_pem.bytes().decode()
