"""Which certificate authorities are trusted, and which certificate the client presents."""

from __future__ import annotations

import os
import ssl
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmconf.core.errors import UsageError
from llmconf.live.http._httpx2 import system_trust
from llmconf.live.http._line import EndpointConnection

_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_MAX_PEM = 1024 * 1024
_FILES = Path("/dev/fd")


class UnusableCertificate(Exception):
    """A certificate or key of the repository cannot be used. The message says which one."""


class TlsTrust:
    """The TLS settings of a run: one shared by all hosts, and one for each set of files that endpoints name."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[Path | None, Path | None, str | None], ssl.SSLContext] = {}
        self.nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        """For plain HTTP. If TLS were used all the same, no certificate would be accepted."""

    def context(self, endpoint: EndpointConnection | None) -> ssl.SSLContext:
        """Return the settings for requests to an endpoint, or to any other host if it is None.

        `ca` replaces the authorities that are trusted otherwise. Raises UnusableCertificate for the files of the
        endpoint, and UsageError for those that the environment names.
        """
        key = (endpoint.ca, endpoint.client_cert, endpoint.client_key) if endpoint else (None, None, None)
        if key not in self._contexts:
            self._contexts[key] = _build(*key)
        return self._contexts[key]


def _build(ca: Path | None, client_cert: Path | None, client_key: str | None) -> ssl.SSLContext:
    context = _trust_file(ca) if ca else _trust_environment() or system_trust()
    if client_cert is not None:
        _present(context, client_cert, client_key)
    elif client_key is not None:
        raise UnusableCertificate("`tls.client_key` has no `tls.client_cert` beside it")
    return context


def _trust_file(ca: Path) -> ssl.SSLContext:
    # ssl.create_default_context would write the keys of sessions to the file that SSLKEYLOGFILE names.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pem = _read(ca, "tls.ca")
    try:
        context.load_verify_locations(cadata=pem.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        pem = b""
    if not pem.strip():
        raise UnusableCertificate(f"`tls.ca`: {ca.name} holds no certificates")
    return context


def _trust_environment() -> ssl.SSLContext | None:
    """Return settings that trust the authorities that the environment names, or None if it names none."""
    named = next(((name, os.environ[name]) for name in _BUNDLES if os.environ.get(name)), None)
    file, folder = named[1] if named else None, os.environ.get("SSL_CERT_DIR")
    if not (file or folder):
        return None
    # REQUESTS_CA_BUNDLE may be a folder.
    if file and Path(file).is_dir():
        file, folder = None, file
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=file, capath=folder)
        return context
    except (OSError, ValueError):
        pass
    raise UsageError(f"{named[0] if named else 'SSL_CERT_DIR'} names no certificates that can be read")


def _present(context: ssl.SSLContext, client_cert: Path, client_key: str | None) -> None:
    """Let the client present its certificate. OpenSSL reads the key, which is in memory, only from a path."""
    pem = _read(client_cert, "tls.client_cert")

    def no_password() -> str:
        # Without this function OpenSSL would ask on the terminal.
        return ""

    try:
        with _path_of(pem) as cert, _path_of((client_key or "").encode() or pem) as key:
            context.load_cert_chain(cert, key, password=no_password)
        return
    except (OSError, ValueError):
        # The exception may quote the key, so it must not become the cause of ours.
        pass
    raise UnusableCertificate(f"`tls`: {client_cert.name} and its key cannot be used, or do not belong together")


def _read(file: Path, what: str) -> bytes:
    """Return the content of a file that the repository names. A device or a pipe is refused: it may never end."""
    try:
        if stat.S_ISREG(file.stat().st_mode):
            with file.open("rb") as stream:
                return stream.read(_MAX_PEM)
    except (OSError, ValueError):
        pass
    raise UnusableCertificate(f"`{what}`: {file.name} cannot be read")


@contextmanager
def _path_of(data: bytes) -> Iterator[str]:
    """Give bytes a path while the block runs: that of a pipe, which stays in memory and can be read once.

    On systems where open files have no paths (Windows) it is a private file, which is removed after the block. Raises
    OSError if the data is longer than a pipe can hold.
    """
    if not _FILES.is_dir():
        yield from _path_on_disk(data)
        return
    read, write = os.pipe()
    try:
        try:
            os.set_blocking(write, False)
            if os.write(write, data) != len(data):
                raise OSError("too long")
        finally:
            os.close(write)
        yield str(_FILES / str(read))
    finally:
        os.close(read)


def _path_on_disk(data: bytes) -> Iterator[str]:
    handle, path = tempfile.mkstemp(prefix="llmconf-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        yield path
    finally:
        Path(path).unlink()
