"""The grammar of single values: names, durations, money, dates, hosts, URLs, tokens, references.

Syntax only: nothing here opens a token, reads a file or looks at the environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address

NAME_PATTERN = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
"""Names of providers, endpoints, credentials, routes, teams and environments."""

MODEL_ID_CHARACTER = r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
"""No white space, and nothing that drives a terminal, hides, or turns text around."""
MODEL_ID_PATTERN = rf"^{MODEL_ID_CHARACTER}{{1,256}}$"
"""Model ids are the vendor's: nearly anything."""

DURATION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)$"
MONEY_PATTERN = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?$"
DATE_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
TOKEN_PATTERN = (
    r"^ENC\(v1;k=(?P<kid>[a-z2-7]{1,32});r=(?P<revision>[1-9][0-9]{0,8});"
    r"f=(?P<fingerprint>[a-z2-7]{8})(?:;h=(?P<hint>[A-Za-z0-9_-]{4}))?"
    r"(?:;b=(?P<binding>[a-z2-7]{26}))?;d=(?P<data>[A-Za-z0-9_-]{95,})\)$"
)
REFERENCE_PATTERN = r"^(?P<scheme>[a-z][a-z0-9+.-]{1,31}):(?P<target>\S(?:.*\S)?)$"
ENV_NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"

REFERENCE_SCHEMES = {
    "env": "an environment variable",
    "file": "a file of the repository or under /run/secrets",
    "op": "1Password",
    "vault": "HashiCorp Vault",
    "awssm": "AWS Secrets Manager",
    "gcpsm": "Google Secret Manager",
    "azkv": "Azure Key Vault",
}
"""Schemes that a secret field may refer to. llmconf opens `env` and `file`; the rest are passed on."""

_SECONDS = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
_TOKEN = re.compile(TOKEN_PATTERN)
_REFERENCE = re.compile(REFERENCE_PATTERN)
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_STEP_END = re.compile(r"[;?#\x00-\x20\x7f]")
_DECODED = 3
"""How often a path is decoded to see where it might lead."""
_ENV_NAME = re.compile(ENV_NAME_PATTERN)
_HOST_LABEL = re.compile(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
_NUMBER = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$")
_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$")
_MAX_PORT = 65535
_MAX_HOST = 253
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Token:
    """A sealed secret, taken apart but not opened."""

    kid: str
    revision: int
    fingerprint: str
    hint: str | None
    binding: str | None
    data: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A secret kept elsewhere: `env:NAME`, `file:path`, `op://vault/item`."""

    scheme: str
    target: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes: scheme, host and port, and the path below which it stays.

    `host` is in lower-case ASCII without a trailing dot; an IPv6 address stands without brackets.
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


def parse_token(text: str) -> Token | None:
    """Take `ENC(v1;k=...;...)` apart. Returns None where the text is not a well-formed token."""
    match = _TOKEN.fullmatch(text)
    if not match:
        return None
    kid, revision, fingerprint, hint, binding, data = match.groups()
    return Token(kid, int(revision), fingerprint, hint, binding, data)


def parse_reference(text: str) -> Reference | None:
    """Take `scheme:target` apart. Returns None for an unknown scheme or a malformed target."""
    match = _REFERENCE.fullmatch(text)
    if not match or match["scheme"] not in REFERENCE_SCHEMES:
        return None
    scheme, target = match["scheme"], match["target"]
    if scheme == "env" and not _ENV_NAME.fullmatch(target):
        return None
    if scheme not in ("env", "file") and not target.startswith("//"):
        return None
    return Reference(scheme, target)


def is_sealed(text: str) -> bool:
    """Tell whether a secret field holds what it may hold: a token or a reference."""
    return parse_token(text) is not None or parse_reference(text) is not None


def mask(text: str) -> str:
    """Show a secret field to people: the hint of a token, a reference as it is, never a plaintext."""
    token = parse_token(text)
    if token:
        return f"****{token.hint or ''}"
    return text if parse_reference(text) else "****"


def parse_duration(text: str) -> Decimal:
    """Return a duration such as `30s` or `1.5m` in seconds. Raises ValueError on another form."""
    match = re.match(DURATION_PATTERN, text)
    if not match:
        raise ValueError("not a duration")
    unit = match.group(2)
    return Decimal(text[: -len(unit)]) * _SECONDS[unit]


@lru_cache(maxsize=4096)
def parse_url(text: str) -> Origin:
    """Return where a URL leads. Raises ValueError with the reason, for what is no absolute http(s) URL.

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


@lru_cache(maxsize=4096)
def parse_host(text: str) -> Origin:
    """Return the origin that an entry of `hosts` stands for. Raises ValueError with the reason."""
    if "*" in text:
        raise ValueError("wildcards are not allowed: list each host")
    if any(mark in text for mark in "@?#"):
        raise ValueError("a host has no user, query or fragment")
    return parse_url(text if "://" in text else f"https://{text}")


def url_secrets(text: str) -> str | None:
    """Return what in a URL could be a secret: `user information` or `query`; None where nothing is."""
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
    # A last label that is a number makes all of it an IPv4 address, which some programs read in hex or octal.
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
    # Some servers decode a path, even twice, or leave out what follows a semicolon, before they look where it leads.
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


def environment_variable(provider: str, credential: str, field: str) -> str:
    """Return the name of the environment variable that carries one secret field at run time."""
    return re.sub(r"[^A-Z0-9]", "_", f"LLMCONF_{provider}_{credential}_{field}".upper())
