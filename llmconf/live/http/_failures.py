"""The reason of a failure in plain words. The words of an exception are never used: they may quote what was sent."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Literal

from llmconf.adapters import Failure
from llmconf.live.http._httpx2 import ProxyError, closed_without_answer, is_not_http

Phase = Literal["connecting", "handshake", "waiting", "reading"]

# Numbers of OpenSSL's X509_V_ERR_*.
_CERTIFICATE = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate comes from an authority that is not trusted",
    20: "its certificate comes from an authority that is not trusted",
    21: "its certificate comes from an authority that is not trusted",
    23: "its certificate was revoked",
    62: "its certificate is for another host",
    64: "its certificate is for another address",
}
_HANDSHAKE = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "HTTP_REQUEST": "it does not speak TLS",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not accept the client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the client certificate has expired",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not accept the client certificate",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks no version of TLS that is safe",
    "UNSUPPORTED_PROTOCOL": "it speaks no version of TLS that is safe",
    "TLSV1_UNRECOGNIZED_NAME": "it does not know this host",
}
_NETWORK = {
    errno.ECONNREFUSED: "the connection is refused",
    errno.ECONNRESET: "the connection is reset",
    errno.ECONNABORTED: "the connection is reset",
    errno.EPIPE: "the connection is reset",
    errno.EHOSTUNREACH: "there is no route to it",
    errno.ENETUNREACH: "there is no route to it",
    errno.EADDRNOTAVAIL: "there is no route to it",
    errno.EMFILE: "this process has too many open files",
    errno.EAGAIN: "this process cannot start more threads",
}
_LATE = {
    "connecting": "no connection",
    "handshake": "no TLS handshake",
    "waiting": "no answer",
    "reading": "the answer did not end",
}


def too_late(phase: Phase, timeout: float) -> Failure:
    """Return the failure of an attempt that took longer than `timeout` seconds: what had not happened by then."""
    return Failure("timeout", f"{_LATE[phase]} within {timeout:g} s")


def explain(error: Exception, phase: Phase) -> tuple[Failure, bool]:
    """Return the failure that an exception of the client means, and whether it is retryable."""
    if isinstance(error, ProxyError):
        return _refused_by_proxy(error), False
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return Failure("tls_error", _why_untrusted(error)), False
    if isinstance(error, socket.gaierror):
        return Failure("unreachable", "its name cannot be resolved"), error.errno == socket.EAI_AGAIN
    if isinstance(error, TimeoutError):
        # This is the system's own time-out: it sent again and again, and nothing came back.
        return Failure("timeout", f"{_LATE[phase]}: the network gave up"), True
    if phase == "handshake":
        return Failure("tls_error", "it breaks off the TLS handshake"), True
    if isinstance(error, OSError):
        return Failure("unreachable", _NETWORK.get(error.errno or 0, "there is no connection")), True
    return _why_unreadable(error, phase)


def _why_untrusted(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, "its certificate cannot be trusted")
    return _HANDSHAKE.get(error.reason or "", "the TLS handshake failed")


def _why_unreadable(error: Exception, phase: Phase) -> tuple[Failure, bool]:
    if phase == "reading":
        return Failure("invalid_response", "the answer breaks off"), True
    if is_not_http(error):
        return Failure("invalid_response", "the answer is not HTTP"), False
    if closed_without_answer(error):
        return Failure("invalid_response", "the connection is closed without an answer"), True
    return Failure("unreachable", "there is no connection"), False


def _refused_by_proxy(error: ProxyError) -> Failure:
    # The message is `<status> <reason>`. The proxy chooses the reason, so it is not shown.
    status = str(error)[:3]
    if status == "407":
        return Failure("unreachable", "the proxy asks for a user and password (status 407)")
    suffix = f" (status {status})" if status.isdecimal() else ""
    return Failure("unreachable", f"the proxy does not connect{suffix}")
