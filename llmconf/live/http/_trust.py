"""Which certificates are trusted, and with which one a client shows itself."""

from __future__ import annotations

import os
import ssl
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmconf.core.errors import UsageError
from llmconf.live.http._line import Line

_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_MAX_PEM = 1024 * 1024
_FILES = Path("/dev/fd")


class Unusable(Exception):
    """A certificate or key of the repository cannot be used; the message says which."""


class Trust:
    """The TLS settings of a run: one that all share, and one for each set of files that endpoints name."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[Path | None, Path | None, str | None], ssl.SSLContext] = {}
        self.nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        """For plain HTTP: should it come to TLS all the same, no certificate is good enough."""

    def context(self, line: Line | None) -> ssl.SSLContext:
        """Return the settings for requests to the endpoint of a line, or for any other host.

        `ca` replaces the authorities that are trusted otherwise. Raises Unusable for the files of the line, and
        UsageError for those that the environment names.
        """
        key = (line.ca, line.client_cert, line.client_key) if line else (None, None, None)
        if key not in self._contexts:
            self._contexts[key] = _build(*key)
        return self._contexts[key]


def _build(ca: Path | None, client_cert: Path | None, client_key: str | None) -> ssl.SSLContext:
    # Not ssl.create_default_context, which would write the keys of sessions where SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None:
        _trust_system(context)
    else:
        pem = _read(ca, "tls.ca")
        try:
            context.load_verify_locations(cadata=pem.decode("ascii", "ignore"))
        except (ssl.SSLError, ValueError):
            pem = b""
        if not pem.strip():
            raise Unusable(f"`tls.ca`: {ca.name} holds no certificates")
    if client_cert is not None:
        _show(context, client_cert, client_key)
    elif client_key is not None:
        raise Unusable("`tls.client_key` has no `tls.client_cert` beside it")
    return context


def _trust_system(context: ssl.SSLContext) -> None:
    """Trust what the environment names, else the system's authorities, else those of certifi."""
    named = next(((name, os.environ[name]) for name in _BUNDLES if os.environ.get(name)), None)
    folder = os.environ.get("SSL_CERT_DIR")
    if named or folder:
        file = named[1] if named else None
        # REQUESTS_CA_BUNDLE may be a folder.
        if file and Path(file).is_dir():
            file, folder = None, file
        try:
            context.load_verify_locations(cafile=file, capath=folder)
        except (OSError, ValueError):
            file = ""
        if file == "":
            raise UsageError(f"{named[0] if named else 'SSL_CERT_DIR'} names no certificates that can be read")
        return
    context.load_default_certs()
    paths = ssl.get_default_verify_paths()
    # A folder of authorities is read when one is looked for, so that nothing is loaded yet.
    if not context.cert_store_stats()["x509_ca"] and not (paths.capath and any(Path(paths.capath).iterdir())):
        import certifi

        context.load_verify_locations(cafile=certifi.where())


def _show(context: ssl.SSLContext, client_cert: Path, client_key: str | None) -> None:
    """Let a client show its certificate. The key is in memory, and OpenSSL reads it from a path."""
    pem = _read(client_cert, "tls.client_cert")

    def no_password() -> str:
        # Without it, OpenSSL would ask on the terminal.
        return ""

    try:
        with _path_of(pem) as cert, _path_of((client_key or "").encode() or pem) as key:
            context.load_cert_chain(cert, key, password=no_password)
        return
    except (OSError, ValueError):
        # The key may stand in the cause: the words are ours, raised outside of it.
        pass
    raise Unusable(f"`tls`: {client_cert.name} and its key cannot be used, or do not belong together")


def _read(file: Path, what: str) -> bytes:
    """Return a file that the repository names. It may name a device or a pipe, which would never end."""
    try:
        if stat.S_ISREG(file.stat().st_mode):
            with file.open("rb") as stream:
                return stream.read(_MAX_PEM)
    except (OSError, ValueError):
        pass
    raise Unusable(f"`{what}`: {file.name} cannot be read")


@contextmanager
def _path_of(data: bytes) -> Iterator[str]:
    """Give bytes a path for as long as the block runs: a pipe, which is memory, and can be read once.

    Only where paths of open files are unknown (Windows) it is a private file, gone with the block. Raises
    OSError where the data is longer than a pipe holds.
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
