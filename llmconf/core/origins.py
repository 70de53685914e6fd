"""Hosts and URLs: the target of a request, and the hosts that a credential is bound to. Syntax only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_STEP_END = re.compile(r"[;?#\x00-\x20\x7f]")
_DECODED = 3
"""How often a path is decoded to find `.` and `..` steps."""
_HOST_LABEL = re.compile(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
_NUMBER = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$")
_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$")
_MAX_PORT = 65535
_MAX_HOST = 253
_DEFAULT_PORTS = {"https": 443, "http": 80}
_REMEMBERED = 32_768
"""Size of the cache of parsed URLs and hosts: several stages and rules parse the same ones."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The target of a request: scheme, host, port, and the path that its own path must begin with.

    `host` is in lower-case ASCII without a trailing dot. An IPv6 address has no brackets.
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        scheme = "" if self.scheme == "https" else f"{self.scheme}://"
        return f"{scheme}{host}{port}{self.path}"

    def covers(self, other: Origin) -> bool:
        """Tell whether a credential bound to this origin may be sent to `other`."""
        same = (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)
        return same and (not self.path or other.path == self.path or other.path.startswith(self.path + "/"))

    @property
    def is_loopback(self) -> bool:
        """Tell whether the host is this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_local(self) -> bool:
        """Tell whether the host is loopback or private, where plain HTTP is common."""
        if self.host == "localhost" or self.host.endswith((".localhost", ".local", ".internal", ".svc")):
            return True
        try:
            address = ip_address(self.host)
        except ValueError:
            return "." not in self.host
        return address.is_private or address.is_loopback or address.is_link_local


@lru_cache(maxsize=_REMEMBERED)
def parse_url(text: str) -> Origin:
    """Return the origin of a URL. Raises ValueError with the reason if it is not an absolute http(s) URL.

    User information, a query and a fragment are refused by `url_secrets` and the rules, not here.
    """
    match = _URL.match(text)
    if not match:
        raise ValueError("not an absolute URL; it begins with https://")
    scheme, authority, path = match[1].lower(), match[2], match[3]
    if scheme not in _DEFAULT_PORTS:
        raise ValueError(f"the scheme `{scheme}` is not https or http")
    if re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise ValueError("a URL has no white space, control characters or backslashes")
    host, port = _split_port(authority.rpartition("@")[2])
    return Origin(scheme, normalize_host(host), port or _DEFAULT_PORTS[scheme], _normal_path(path))


@lru_cache(maxsize=_REMEMBERED)
def parse_host(text: str) -> Origin:
    """Return the origin that an entry of `hosts` stands for. Raises ValueError with the reason."""
    if "*" in text:
        raise ValueError("wildcards are not allowed: list each host")
    if any(mark in text for mark in "@?#"):
        raise ValueError("a host has no user, query or fragment")
    return parse_url(text if "://" in text else f"https://{text}")


def url_secrets(text: str) -> str | None:
    """Return the part of a URL that could be a secret: `user information`, `query` or None."""
    match = _URL.match(text)
    if match and "@" in match[2]:
        return "user information"
    return "query" if match and match[4] else None


def normalize_host(host: str) -> str:
    """Return a host in lower-case ASCII without a trailing dot. Raises ValueError with the reason."""
    if not host.isascii():
        if len(host) > _MAX_HOST:
            raise ValueError("a host is written in ASCII and has at most 253 characters")
        try:
            suggestion = host.encode("idna").decode("ascii")
        except UnicodeError:
            suggestion = "its xn-- form"
        raise ValueError(f"a host is written in ASCII: {suggestion}")
    host = host.lower().removesuffix(".")
    if ":" in host:
        return str(ip_address(host))
    if not host:
        raise ValueError("the host is missing")
    if len(host) > _MAX_HOST:
        raise ValueError("a host has at most 253 characters")
    if not all(_HOST_LABEL.match(label) for label in host.split(".")):
        raise ValueError(f"`{host}` is not a host name")
    # A host with a number as last label is an IPv4 address, which some programs read in hex or octal.
    if _NUMBER.match(host.rpartition(".")[2]):
        try:
            return str(ip_address(host))
        except ValueError:
            raise ValueError(f"`{host}` is not an IPv4 address, as in 10.0.0.5") from None
    return host


def _split_port(authority: str) -> tuple[str, int | None]:
    match = re.match(r"^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]*))?$", authority)
    if not match:
        raise ValueError("host and port cannot be told apart")
    host, digits = match[1] if match[1] is not None else match[2], match[3]
    if match[1] is not None and ":" not in match[1]:
        raise ValueError("only an IPv6 address stands in brackets")
    if not digits:
        return host, None
    port = int(digits[:6])
    if not 0 < port <= _MAX_PORT:
        raise ValueError(f"the port {digits[:6]} is not between 1 and {_MAX_PORT}")
    return host, port


def _normal_path(path: str) -> str:
    # Before some servers resolve a path, they decode it, even twice, or remove the text after a semicolon.
    decoded = path
    for _ in range(_DECODED if "%" in path else 0):
        if _HALF_ENCODED.search(decoded):
            raise ValueError("in a path two hexadecimal digits follow a percent sign")
        decoded = _ENCODED.sub(lambda match: chr(int(match[1], 16)), decoded)
    if any(_STEP_END.split(part)[0] in (".", "..") for part in re.split(r"[/\\]", decoded)):
        raise ValueError("a path has no `.` or `..` steps")
    if "\0" in decoded:
        raise ValueError("a path has no NUL character")
    return path.rstrip("/")
