"""How an endpoint is reached, what came of a request, and the last guard before a secret leaves."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote

from llmconf.adapters._base import Failure, Request, Response
from llmconf.core.errors import RefusedError
from llmconf.core.origins import Origin, parse_url, url_secrets
from llmconf.core.version import __version__
from llmconf.live.http._proxies import Environment, Proxy, choose

_OF_THE_CONNECTION = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "forwarded", "host", "keep-alive",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "x-forwarded-host",
    "x-original-url", "x-rewrite-url",
})  # fmt: skip
"""Headers that a file may not set: they say where a message ends, or lead it to another host behind the same door."""
_AFTER_HOST = re.compile(r"^[^/]*//[^/?]*")
_OF_THE_PROTOCOL = frozenset({
    "accept", "anthropic-version", "content-type", "openai-organization", "openai-project", "user-agent",
})  # fmt: skip
"""Headers of a request that no credential is in, so that a file may set them otherwise. Any other that a request has is
taken for the credential's: a file that sets it as well would have another key tried than the one named."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[!-~]+(?:[ \t]+[!-~]+)*)?")
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Line:
    """How one endpoint is reached, and where its secrets may go.

    `origin` is that of the endpoint's URL, without a path. What belongs to the endpoint and not to its credential
    (`headers`, `ca`, `client_cert`, `client_key`) is used for requests to `origin` only. `bound` are the origins
    that the credential may be sent to, and `has_secrets` tells whether requests on this line carry it.
    `private_headers` tells whether one of `headers` is a secret; unless said otherwise, one is.

    `timeout` is in seconds and holds for one attempt with all that belongs to it; `retries` is how many more may
    follow. `client_key` is PEM. `ca`, `client_cert`, `client_key` and `proxy` are the repository's.
    """

    origin: Origin
    bound: tuple[Origin, ...] = ()
    has_secrets: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    private_headers: bool = True
    timeout: float = 30.0
    retries: int = 0
    ca: Path | None = None
    client_cert: Path | None = None
    client_key: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    plain_headers: frozenset[str] = frozenset()
    """Headers that requests have and that are no part of the credential, so that a file may set them otherwise."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the parts of one attempt took, in seconds; None for what did not happen.

    `connect` is the look-up of the name and the TCP connection, `tls` the handshake, `first_byte` from sending
    the request to the headers of the answer, `total` everything. On a connection that was kept, `connect` and
    `tls` are None.
    """

    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request: a `response` or a `failure`, of the last of `attempts`.

    `status` is that of the answer also where the answer was refused, such as a redirect.
    """

    response: Response | None
    failure: Failure | None
    status: int | None = None
    timing: Timing = Timing()
    attempts: int = 1
    certificate_expires: date | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where one request really goes. `own` tells whether that is the origin of the endpoint itself.

    `target` is path and query. The connection is made to `origin`, which was checked: nothing reads the URL again.
    """

    origin: Origin
    target: str = field(repr=False)
    own: bool
    proxy: Proxy | None


def find_route(line: Line, request: Request, environment: Environment) -> Route:
    """Return where a request goes.

    Raises RefusedError where a secret that it carries may not go there, or not over this proxy; UsageError for a
    proxy that cannot be used.
    """
    origin, target = _destination(request.url)
    own = _place(origin) == _place(line.origin)
    proxy = choose(line.proxy, origin, environment)
    if line.has_secrets and not _covered(origin, line):
        raise RefusedError(
            f"{shown(origin)} is not among the hosts of the credential: nothing was sent",
            "seal the credential for this host, or correct the URL",
        )
    carries = line.has_secrets or (own and bool(line.headers) and line.private_headers)
    if proxy and carries:
        _guard_proxy(line, origin, own, proxy)
    return Route(origin, target, own, proxy)


def _guard_proxy(line: Line, origin: Origin, own: bool, proxy: Proxy) -> None:
    """Let secrets through a proxy only inside TLS that the repository cannot open."""
    if origin.scheme == "http":
        raise RefusedError(
            f"the proxy {shown(proxy.origin)} would see the secrets of a request to {shown(origin)}: nothing was sent",
            "use https, or name the host in NO_PROXY",
        )
    if proxy.of_repository and own and line.ca:
        raise RefusedError(
            f"`proxy` and `tls.ca` together would let {shown(proxy.origin)} see the secrets of a request to"
            f" {shown(origin)}: nothing was sent",
            "set the proxy in HTTPS_PROXY, or the authority in SSL_CERT_FILE",
        )


def find_headers(line: Line, request: Request, route: Route) -> list[tuple[bytes, bytes]]:
    """Return the headers to send. Those of the endpoint win over those of the protocol, never over the credential's.

    Raises RefusedError for what is no header, or one that is not a file's to set; the value is not quoted.
    """
    host = str(Origin("https", route.origin.host, 443))
    port = route.origin.port
    found = {
        "host": host if port == _DEFAULT_PORTS[route.origin.scheme] else f"{host}:{port}",
        "user-agent": f"llmconf/{__version__}",
        "accept": "application/json",
        "accept-encoding": "gzip",
    }
    if request.method == "POST":
        found["content-length"] = str(len(request.body or b""))
    found.update((key.lower(), value) for key, value in request.headers.items())
    if route.own:
        own = {_folded(key) for key in request.headers} if line.has_secrets else set()
        taken = own - _OF_THE_PROTOCOL - {_folded(key) for key in line.plain_headers}
        for key, value in line.headers.items():
            if _folded(key) in _OF_THE_CONNECTION:
                raise RefusedError(f"the header `{key}` belongs to the connection and cannot be set")
            if _folded(key) in taken:
                message = f"the header `{key}` is one that the request sets itself"
                raise RefusedError(message, "take it out of `headers`")
            found[key.lower()] = value
    for key, value in found.items():
        if not _NAME.fullmatch(key):
            raise RefusedError("the name of a header has characters that HTTP does not allow")
        if not _VALUE.fullmatch(value):
            raise RefusedError(f"the value of the header `{key}` has characters that HTTP does not allow")
    return [(key.encode("ascii"), value.encode("ascii")) for key, value in found.items()]


def _folded(name: str) -> str:
    """Return the name of a header as the most careless server reads it: many take `_` for `-`."""
    return name.lower().replace("_", "-")


def shown(origin: Origin) -> str:
    """Return an origin as people read it: scheme, host, and the port where it is not the usual one."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    port = "" if origin.port == _DEFAULT_PORTS[origin.scheme] else f":{origin.port}"
    return f"{origin.scheme}://{host}{port}"


def _destination(text: str) -> tuple[Origin, str]:
    """Return where a URL leads: its origin, and path with query as they are sent."""
    try:
        origin = parse_url(text)
    except ValueError:
        origin = None
    if origin is None or url_secrets(text) == "user information":
        raise RefusedError("the URL of a request cannot be understood: nothing was sent")
    rest = _AFTER_HOST.sub("", text.partition("#")[0])
    return origin, quote(rest if rest.startswith("/") else f"/{rest}", safe=string.punctuation)


def _place(origin: Origin) -> tuple[str, str, int]:
    return origin.scheme, origin.host, origin.port


def _covered(origin: Origin, line: Line) -> bool:
    return any(bound.covers(origin) for bound in line.bound)
