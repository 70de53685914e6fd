"""How an endpoint is reached, the result of a request, and the last guard before a secret leaves."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote

from llmconf.adapters import Failure, Request, Response
from llmconf.core.errors import RefusedError
from llmconf.core.origins import Origin, parse_url, url_secrets
from llmconf.core.version import __version__
from llmconf.live.http._proxies import Proxy, ProxyEnvironment, choose_proxy

_OF_THE_CONNECTION = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "forwarded", "host", "keep-alive",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "x-forwarded-host",
    "x-original-url", "x-rewrite-url",
})  # fmt: skip
"""Headers that a file may not set: they say where a message ends, or lead it to another host behind the same server."""
_AFTER_HOST = re.compile(r"^[^/]*//[^/?]*")
_OF_THE_PROTOCOL = frozenset({
    "accept", "anthropic-version", "content-type", "openai-organization", "openai-project", "user-agent",
})  # fmt: skip
"""Headers of a request that never carry a credential, so a file may replace them. Any other header of a request counts
as the credential's: if a file could replace it, another key would be tried than the one that is reported."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[!-~]+(?:[ \t]+[!-~]+)*)?")
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class EndpointConnection:
    """How one endpoint is reached, and where its secrets may go.

    `origin` is the origin of the endpoint's URL, without a path. `headers`, `ca`, `client_cert` and `client_key` belong
    to the endpoint and not to its credential, so they are used for requests to `origin` only. The credential may be
    sent to the origins in `bound`, and `has_secrets` says whether requests carry it. `private_headers` says whether one
    of `headers` is a secret.

    `timeout`, in seconds, covers one attempt and everything in it. `retries` is how many more attempts may follow.
    `client_key` is PEM. The repository chooses `ca`, `client_cert`, `client_key` and `proxy`.
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
    """Headers of requests that are no part of the credential, so a file may replace them."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the parts of one attempt took, in seconds. A part that did not happen is None.

    `connect` is the look-up of the name and the TCP connection, `tls` the handshake, `first_byte` the time from sending
    the request to the headers of the answer, and `total` the whole attempt. On a reused connection, `connect` and `tls`
    are None.
    """

    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a request: the `response` or the `failure` of the last of `attempts`.

    `status` is set even if the answer was refused, such as a redirect.
    """

    response: Response | None
    failure: Failure | None
    status: int | None = None
    timing: Timing = Timing()
    attempts: int = 1
    certificate_expires: date | None = None


@dataclass(frozen=True, slots=True)
class CallRoute:
    """Where one request really goes. `own` says whether this is the origin of the endpoint itself.

    `target` is path and query. The connection goes to `origin`, which was checked. Nothing parses the URL again.
    """

    origin: Origin
    target: str = field(repr=False)
    own: bool
    proxy: Proxy | None


def find_route(endpoint: EndpointConnection, request: Request, environment: ProxyEnvironment) -> CallRoute:
    """Return where a request goes.

    Raises RefusedError if a secret that it carries may not go there, or not through this proxy, and UsageError for a
    proxy that cannot be used.
    """
    origin, target = _destination(request.url)
    own = _place(origin) == _place(endpoint.origin)
    proxy = choose_proxy(endpoint.proxy, origin, environment)
    if endpoint.has_secrets and not _covered(origin, endpoint):
        raise RefusedError(
            f"{origin_text(origin)} is not among the hosts of the credential: nothing was sent",
            "seal the credential for this host, or correct the URL",
        )
    carries = endpoint.has_secrets or (own and bool(endpoint.headers) and endpoint.private_headers)
    if proxy and carries:
        _guard_proxy(endpoint, origin, own, proxy)
    return CallRoute(origin, target, own, proxy)


def _guard_proxy(endpoint: EndpointConnection, origin: Origin, own: bool, proxy: Proxy) -> None:
    """Refuse to send secrets through a proxy, except inside TLS that the repository cannot open."""
    if origin.scheme == "http":
        raise RefusedError(
            f"the proxy {origin_text(proxy.origin)} would see the secrets of a request to {origin_text(origin)}:"
            " nothing was sent",
            "use https, or name the host in NO_PROXY",
        )
    if proxy.of_repository and own and endpoint.ca:
        raise RefusedError(
            f"`proxy` and `tls.ca` together would let {origin_text(proxy.origin)} see the secrets of a request to"
            f" {origin_text(origin)}: nothing was sent",
            "set the proxy in HTTPS_PROXY, or the authority in SSL_CERT_FILE",
        )


def find_headers(endpoint: EndpointConnection, request: Request, route: CallRoute) -> list[tuple[bytes, bytes]]:
    """Return the headers to send. Headers of the endpoint replace those of the protocol, never the credential's.

    Raises RefusedError for a header that HTTP does not allow, or that a file may not set. The value is not quoted.
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
        own = {_folded(key) for key in request.headers} if endpoint.has_secrets else set()
        taken = own - _OF_THE_PROTOCOL - {_folded(key) for key in endpoint.plain_headers}
        for key, value in endpoint.headers.items():
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
    """Return the name of a header as the most careless server reads it: many treat `_` as `-`."""
    return name.lower().replace("_", "-")


def origin_text(origin: Origin) -> str:
    """Return an origin as people read it: scheme and host, and the port if it is not the default."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    port = "" if origin.port == _DEFAULT_PORTS[origin.scheme] else f":{origin.port}"
    return f"{origin.scheme}://{host}{port}"


def _destination(text: str) -> tuple[Origin, str]:
    """Return the origin of a URL, and its path and query as they are sent."""
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


def _covered(origin: Origin, endpoint: EndpointConnection) -> bool:
    return any(bound.covers(origin) for bound in endpoint.bound)
