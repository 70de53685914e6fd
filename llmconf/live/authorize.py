"""Decides which endpoint is called with which opened credential, and where its secrets may go.

This module sends nothing. `http/` checks again that a secret only goes to a host that it is bound to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from llmconf import adapters
from llmconf.adapters import Adapter, CalledEndpoint
from llmconf.core.errors import RefusedError
from llmconf.core.grammar import parse_duration
from llmconf.core.origins import Origin, parse_host, parse_url
from llmconf.live.http import EndpointConnection
from llmconf.project import relations, secret_values
from llmconf.project.checked import Checked
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import CREDENTIAL_FIELDS, Credential, Endpoint, Provider
from llmconf.schema.secret_fields import SECRET_FIELDS
from llmconf.secrets.runtime import Opener


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Limits of one call. `timeout`, in seconds, is the upper limit for an endpoint's own timeout."""

    timeout: float = 10.0
    retries: int = 2


@dataclass(frozen=True, slots=True)
class Access:
    """One endpoint, ready to be called: the adapter's view of it, and the connection to it.

    `secrets` are all plaintexts that are sent with a call. They must not appear in any output about the call.
    """

    provider: Resource[Provider]
    endpoint: Resource[Endpoint]
    credential: Resource[Credential] | None
    adapter: Adapter
    site: CalledEndpoint
    connection: EndpointConnection
    secrets: tuple[str, ...] = field(repr=False)


class Authorizer:
    """Prepares calls to the endpoints of one environment. It opens each secret only when a call needs it."""

    def __init__(self, checked: Checked, name: str | None, allow: Iterable[str], limits: CallLimits) -> None:
        """`allow` lists the references that this process may open, beside LLMCONF_ALLOW_REF."""
        self.env: Resolved = checked.environments[name]
        self._root = checked.project.root
        self._limits = limits
        self._opener = Opener(checked, name, allow)
        self._credentials = relations.credentials_by_endpoint(self.env)
        self._held: dict[str, list[secret_values.SecretValue]] = {}
        for held in secret_values.secrets_in(self.env):
            self._held.setdefault(held.resource.identity, []).append(held)

    def sole_credential(self, endpoint: Resource[Endpoint]) -> Resource[Credential] | None:
        """Return the credential that fits an endpoint, or None if no credential fits or several fit."""
        found = self._credentials.get(endpoint.identity, [])
        return found[0] if len(found) == 1 else None

    def credential_of(self, endpoint: Resource[Endpoint]) -> Resource[Credential] | None:
        """Return the credential that an endpoint is called with. None if there is none and its type needs none.

        Raises RefusedError if several credentials fit, because none is guessed. Raises it also if a required
        credential is missing, because an answer without a credential proves nothing.
        """
        found = self._credentials.get(endpoint.identity, [])
        if len(found) > 1:
            names = ", ".join(credential.name for credential in found)
            raise RefusedError(f"several credentials fit {endpoint.identity}: {names}", "name one with `credential`")
        provider = relations.owner(self.env, endpoint)
        if not found and provider and adapters.preset(provider.spec.type).credential == "required":
            hint = "a credential lists in `hosts` where it may be sent"
            raise RefusedError(f"no enabled credential may be sent to {endpoint.identity}", hint)
        return found[0] if found else None

    def endpoint_of(self, credential: Resource[Credential]) -> Resource[Endpoint] | None:
        """Return an endpoint to try a credential at: one that is called with it, else one that it is bound to.

        The default endpoint comes first. Returns None if the credential may be sent to no enabled endpoint.
        """
        provider = credential.provider or ""
        default = relations.default_endpoint(self.env, provider)
        enabled = [endpoint for endpoint in self.env.endpoints_of(provider) if endpoint.spec.enabled]
        enabled.sort(key=lambda endpoint: endpoint is not default)
        bound = [endpoint for endpoint in enabled if relations.is_bound(self.env, credential, endpoint)]
        used = [endpoint for endpoint in bound if credential in self._credentials.get(endpoint.identity, ())]
        return next(iter([*used, *bound]), None)

    def open(self, endpoint: Resource[Endpoint], credential: Resource[Credential] | None) -> Access:
        """Return the access to an endpoint with an opened credential. Raises LlmconfError if that is not allowed."""
        provider = relations.owner(self.env, endpoint)
        if provider is None:
            raise RefusedError(f"{endpoint.identity} has no valid provider", "`llmconf validate` says why")
        origin = replace(parse_url(endpoint.spec.url), path="")
        adapter = adapters.adapter(provider.spec.type)
        opened = self._fields(credential, provider, endpoint) if credential else {}
        plain = [opened[name] for name in SECRET_FIELDS if name in opened]
        headers, secret_headers = self._headers(provider, endpoint)
        key = self._client_key(endpoint)
        connection = EndpointConnection(
            origin=origin,
            bound=relations.bound_hosts(self.env, credential) if credential else (),
            has_secrets=bool(plain),
            headers=headers,
            private_headers=bool(secret_headers),
            timeout=self._timeout(provider, endpoint),
            retries=self._limits.retries,
            ca=self._file(endpoint, "ca"),
            client_cert=self._file(endpoint, "client_cert"),
            client_key=key,
            proxy=endpoint.spec.proxy or provider.spec.proxy,
            plain_headers=frozenset(adapters.preset(provider.spec.type).network.get("headers", ())),
        )
        site = CalledEndpoint(
            url=endpoint.spec.url.rstrip("/"),
            preset=adapters.preset(provider.spec.type),
            options=adapter.Options.model_validate(provider.spec.options),
            region=endpoint.spec.region or provider.spec.region,
            secrets=opened,
        )
        secrets = (*plain, *secret_headers, *([key] if key else []))
        if secrets and connection.ca and adapters.is_vendor(origin.host):
            # With a certificate in the repository, an attacker on the network path could pass for the vendor.
            message = f"`tls.ca` of {endpoint.identity} may not be set for {origin.host}, the public host of a vendor"
            raise RefusedError(message, "remove it; SSL_CERT_FILE names certificates of the machine")
        return Access(provider, endpoint, credential, adapter, site, connection, secrets)

    def _fields(
        self, credential: Resource[Credential], provider: Resource[Provider], endpoint: Resource[Endpoint]
    ) -> dict[str, str]:
        """Return the opened fields that authenticate. Raises RefusedError if they are not bound to the endpoint."""
        if not relations.is_bound(self.env, credential, endpoint):
            message = f"{credential.identity} is not sealed for {endpoint.spec.url}, where it would be sent"
            raise RefusedError(message, "correct the URL, or the hosts of the credential")
        found = {name: getattr(credential.spec, name) for name in CREDENTIAL_FIELDS}
        plain = {name: value for name, value in found.items() if value is not None and name not in SECRET_FIELDS}
        origins = _origins(provider, relations.bound_hosts(self.env, credential))
        opened = {held.path[0]: self._opener.open(held, origins) for held in self._held.get(credential.identity, ())}
        return plain | opened

    def _headers(
        self, provider: Resource[Provider], endpoint: Resource[Endpoint]
    ) -> tuple[dict[str, str], list[str]]:
        """Return the extra headers of a call, and the secrets among them. The endpoint overrides its provider."""
        headers: dict[str, str] = {}
        secrets = []
        for owner in (provider, endpoint):
            held = {item.path[1]: item for item in self._held.get(owner.identity, ()) if item.path[0] == "headers"}
            for name, value in owner.spec.headers.items():
                if name in held and (owner is endpoint or name not in endpoint.spec.headers):
                    origins = _origins(provider, (replace(parse_url(endpoint.spec.url), path=""),))
                    value = self._opener.open(held[name], origins)  # noqa: PLW2901 - the token is not needed any more
                    secrets.append(value)
                headers[name] = value
        return headers, secrets

    def _client_key(self, endpoint: Resource[Endpoint]) -> str | None:
        held = next((item for item in self._held.get(endpoint.identity, ()) if item.path[0] == "tls"), None)
        if held is None:
            return None
        return self._opener.open(held, (replace(parse_url(endpoint.spec.url), path=""),))

    def _timeout(self, provider: Resource[Provider], endpoint: Resource[Endpoint]) -> float:
        """Return how long one attempt may take.

        The configured timeout is for answers of models and is often minutes, so it only shortens the limit.
        """
        own = endpoint.spec.timeout or provider.spec.timeout
        return min(float(parse_duration(own)), self._limits.timeout) if own else self._limits.timeout

    def _file(self, endpoint: Resource[Endpoint], name: str) -> Path | None:
        """Return the path of a certificate file. Raises RefusedError if the file is outside the repository."""
        value = getattr(endpoint.spec.tls, name, None)
        if value is None:
            return None
        try:
            path: Path = (self._root / value).resolve()
            inside = path.is_relative_to(self._root.resolve())
        except (OSError, RuntimeError, ValueError):  # a circular link, a NUL
            raise RefusedError(f"`tls.{name}` of {endpoint.identity} is not a valid file path") from None
        if not inside:
            message = f"`tls.{name}` of {endpoint.identity} is a path outside the repository"
            raise RefusedError(message, "SSL_CERT_FILE names certificates of the machine")
        return path


def _origins(provider: Resource[Provider], bound: Iterable[Origin]) -> tuple[Origin, ...]:
    """Return the hosts that a reference may be sent to if it is allowed without a host.

    These are the hosts of the vendors of this type, and this machine. The repository chooses the type, so it can
    only choose among vendors. Nothing but the repository would vouch for any other host.
    """
    fixed = [parse_host(host) for host in adapters.preset(provider.spec.type).hosts]
    return (*fixed, *(origin for origin in bound if origin.is_loopback))
