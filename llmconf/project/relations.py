"""Relations between resources: the endpoints of a model, the credential of an endpoint, a model's price."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from llmconf import adapters
from llmconf.core.origins import Origin, parse_host, parse_url
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Credential, Endpoint, Model, Provider
from llmconf.schema.parts import Price
from llmconf.schema.secret_fields import SECRET_FIELDS

Bindings: TypeAlias = dict[tuple[str, str, int], list[tuple[Origin, Resource[Credential]]]]
"""Credentials by the scheme, host and port that they are bound to."""
DefaultEndpoints: TypeAlias = dict[str, Resource[Endpoint] | None]
"""The default endpoint by the name of its provider."""


def owner(
    env: Resolved, resource: Resource[Endpoint] | Resource[Credential] | Resource[Model]
) -> Resource[Provider] | None:
    """Return the provider that a resource belongs to, or None if it is missing or broken."""
    return env.providers.get(f"provider/{resource.provider}")


def default_endpoint(env: Resolved, provider: str) -> Resource[Endpoint] | None:
    """Return the enabled endpoint that is used if none is named, or None if that is not clear."""
    enabled = [endpoint for endpoint in env.endpoints_of(provider) if endpoint.spec.enabled]
    chosen = [endpoint for endpoint in enabled if endpoint.spec.default] if len(enabled) > 1 else enabled
    return chosen[0] if len(chosen) == 1 else None


def default_endpoints(env: Resolved) -> DefaultEndpoints:
    """Return the result of `default_endpoint` for all providers, by their name."""
    names = dict.fromkeys(endpoint.provider or "" for endpoint in env.endpoints.values())
    return {name: default_endpoint(env, name) for name in names}


def endpoints_of_model(
    env: Resolved, model: Resource[Model], defaults: DefaultEndpoints | None = None
) -> list[Resource[Endpoint]]:
    """Return the enabled endpoints that serve a model: those it names, or the provider's default.

    For many models, pass `default_endpoints(env)`.
    """
    provider = model.provider or ""
    if model.spec.endpoints is None:
        endpoint = default_endpoint(env, provider) if defaults is None else defaults.get(provider)
        return [endpoint] if endpoint else []
    named = [env.endpoints.get(f"endpoint/{provider}/{name}") for name in model.spec.endpoints]
    return [endpoint for endpoint in named if endpoint and endpoint.spec.enabled]


def has_secret(credential: Resource[Credential]) -> bool:
    """Tell whether a credential holds any secret field."""
    return any(getattr(credential.spec, field) is not None for field in SECRET_FIELDS)


def bound_hosts(env: Resolved, credential: Resource[Credential]) -> tuple[Origin, ...]:
    """Return the origins that a credential may be sent to: its own, or the fixed ones of its type."""
    hosts = credential.spec.hosts
    if hosts is None:
        provider = owner(env, credential)
        hosts = list(adapters.preset(provider.spec.type).hosts) if provider else []
    return tuple(parse_host(host) for host in hosts)


def is_bound(env: Resolved, credential: Resource[Credential], endpoint: Resource[Endpoint]) -> bool:
    """Tell whether a credential may be sent to an endpoint."""
    target = parse_url(endpoint.spec.url)
    return any(origin.covers(target) for origin in bound_hosts(env, credential))


def bindings(env: Resolved, credentials: Iterable[Resource[Credential]]) -> Bindings:
    """Index credentials by the origins that they are bound to, so that many endpoints can be looked up."""
    found: Bindings = {}
    for credential in credentials:
        for origin in bound_hosts(env, credential):
            found.setdefault((origin.scheme, origin.host, origin.port), []).append((origin, credential))
    return found


def bound_to(index: Bindings, endpoint: Resource[Endpoint]) -> list[Resource[Credential]]:
    """Return the indexed credentials that may be sent to an endpoint, each once."""
    target = parse_url(endpoint.spec.url)
    near = index.get((target.scheme, target.host, target.port), ())
    return list({item.identity: item for origin, item in near if origin.covers(target)}.values())


def team_credentials(env: Resolved) -> set[str]:
    """Return the identities of credentials that belong to a team."""
    own = (name for team in env.teams.values() for name in team.spec.credentials or ())
    return {f"credential/{name}" for name in own}


def credentials_by_endpoint(env: Resolved) -> dict[str, list[Resource[Credential]]]:
    """Return the enabled credentials that each enabled endpoint may be called with, by its identity.

    This is the credential that the endpoint names. If it names none, these are the credentials of its provider that
    are bound to its host and belong to no team. If there are several, the endpoint has to name one.
    """
    teams = team_credentials(env)
    indexes: dict[str, Bindings] = {}
    found: dict[str, list[Resource[Credential]]] = {}
    for endpoint in env.endpoints.values():
        if not endpoint.spec.enabled:
            continue
        if endpoint.spec.credential is not None:
            found[endpoint.identity] = _named_credential(env, endpoint)
            continue
        provider = endpoint.provider or ""
        if provider not in indexes:
            indexes[provider] = _own_bindings(env, provider, teams)
        found[endpoint.identity] = bound_to(indexes[provider], endpoint)
    return found


def _named_credential(env: Resolved, endpoint: Resource[Endpoint]) -> list[Resource[Credential]]:
    named = env.credentials.get(f"credential/{endpoint.provider}/{endpoint.spec.credential}")
    return [named] if named and named.spec.enabled else []


def _own_bindings(env: Resolved, provider: str, teams: Collection[str]) -> Bindings:
    credentials = env.credentials_of(provider)
    return bindings(env, (c for c in credentials if c.spec.enabled and c.identity not in teams))


def cost(price: Price | None) -> Decimal | None:
    """Return the price of a million tokens in and a million out, in USD, as far as it is known."""
    amounts = [amount for amount in (price.input, price.output) if amount is not None] if price else []
    return sum((Decimal(amount) for amount in amounts), Decimal(0)) if amounts else None


def header_hosts(env: Resolved, resource: Resource[Endpoint] | Resource[Provider]) -> tuple[str, ...]:
    """Return the origins that the headers of an endpoint, or of all endpoints of a provider, are sent to."""
    owners = env.endpoints_of(resource.name) if resource.provider is None else [resource]
    urls = (owner.spec.url for owner in owners if isinstance(owner.spec, Endpoint))
    return tuple(sorted({str(replace(parse_url(url), path="")) for url in urls}))
