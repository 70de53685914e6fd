"""Which proxy a request goes through: the one of the endpoint, otherwise the one of the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import getproxies_environment

from llmconf.core.errors import UsageError
from llmconf.core.origins import Origin, parse_url


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. `of_repository` is true if a file chose it, not the environment. `login` is its user and password."""

    origin: Origin
    of_repository: bool
    login: tuple[bytes, bytes] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProxyEnvironment:
    """HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY as they were at the start. Names in lower case win."""

    proxies: dict[str, str] = field(repr=False)

    @classmethod
    def read(cls) -> ProxyEnvironment:
        """Read the variables of this process. In a CGI program HTTP_PROXY is a header, so it is ignored."""
        return cls(getproxies_environment())

    def proxy_for(self, origin: Origin) -> str | None:
        """Return the URL of the proxy for an origin, or None. Hosts on this machine never have one."""
        found = self.proxies.get(origin.scheme) or self.proxies.get("all")
        return None if found is None or _is_loopback(origin.host) or self._excepts(origin) else found

    def _excepts(self, origin: Origin) -> bool:
        entries = self.proxies.get("no", "").replace(",", " ").split()
        return any(entry == "*" or _matches(entry.lower(), origin) for entry in entries)


def choose_proxy(of_repository: str | None, origin: Origin, environment: ProxyEnvironment) -> Proxy | None:
    """Return the proxy to go through, or None. Raises UsageError if it is not http or https."""
    text = of_repository or environment.proxy_for(origin)
    if not text:
        return None
    source = "`proxy`" if of_repository else "the proxy of the environment"
    text = text if "://" in text else f"http://{text}"
    try:
        found = parse_url(text)
        parts = urlsplit(text)
    except ValueError:
        found = None
    if found is None:
        raise UsageError(f"{source} is not the URL of an HTTP proxy", "write http://host:port or https://host:port")
    login = None
    if parts.username is not None:
        login = unquote_to_bytes(parts.username), unquote_to_bytes(parts.password or "")
    return Proxy(Origin(found.scheme, found.host, found.port), bool(of_repository), login)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _matches(entry: str, origin: Origin) -> bool:
    """Return whether an entry of NO_PROXY covers a host. It is a domain, an address or a network."""
    try:
        network = ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        network = None
    if network is not None:
        try:
            return ip_address(origin.host) in network
        except ValueError:
            return False
    host, colon, port = entry.rpartition(":")
    if colon:
        if port != str(origin.port):
            return False
        entry = host.strip("[]")
    entry = entry.removeprefix("*").lstrip(".")
    return bool(entry) and (origin.host == entry or origin.host.endswith(f".{entry}"))
