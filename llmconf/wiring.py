"""Who is called with what: the endpoints of a model, the credential of an endpoint, its hosts."""

from __future__ import annotations

from llmconf import adapters
from llmconf.fields import Origin, parse_host, parse_url
from llmconf.resolved import Resolved, Resource
from llmconf.schema.kinds import SECRET_FIELDS, Credential, Endpoint, Model, Provider


def owner(env: Resolved, resource: Resource[Endpoint] | Resource[Credential] | Resource[Model]) -> Resource[Provider] | None:
    """Return the provider that a resource belongs to, or None where it is missing or broken."""
    return env.providers.get(f"provider/{resource.provider}")


def default_endpoint(env: Resolved, provider: str) -> Resource[Endpoint] | None:
    """Return the enabled endpoint that is taken where none is named, or None where that is not clear."""
    enabled = [endpoint for endpoint in env.endpoints_of(provider) if endpoint.spec.enabled]
    chosen = [endpoint for endpoint in enabled if endpoint.spec.default] if len(enabled) > 1 else enabled
    return chosen[0] if len(chosen) == 1 else None


def endpoints_of_model(env: Resolved, model: Resource[Model]) -> list[Resource[Endpoint]]:
    """Return the enabled endpoints that serve a model: those it names, or the provider's default."""
    provider = model.provider or ""
    if model.spec.endpoints is None:
        endpoint = default_endpoint(env, provider)
        return [endpoint] if endpoint else []
    named = [env.endpoints.get(f"endpoint/{provider}/{name}") for name in model.spec.endpoints]
    return [endpoint for endpoint in named if endpoint and endpoint.spec.enabled]


def has_secret(credential: Resource[Credential]) -> bool:
    """Tell whether a credential holds any secret field."""
    return any(getattr(credential.spec, field) is not None for field in SECRET_FIELDS)


def bound_hosts(env: Resolved, credential: Resource[Credential]) -> tuple[Origin, ...]:
    """Return the origins that a credential may be sent to: its own, or the fixed ones of its type."""
    provider = owner(env, credential)
    hosts = credential.spec.hosts
    if hosts is None:
        hosts = list(adapters.preset(provider.spec.type).hosts) if provider else []
    return tuple(parse_host(host) for host in hosts)


def is_bound(env: Resolved, credential: Resource[Credential], endpoint: Resource[Endpoint]) -> bool:
    """Tell whether a credential may be sent to an endpoint."""
    target = parse_url(endpoint.spec.url)
    return any(origin.covers(target) for origin in bound_hosts(env, credential))


def team_credentials(env: Resolved) -> set[str]:
    """Return the identities of credentials that belong to a team."""
    own = (name for team in env.teams.values() for name in team.spec.credentials or ())
    return {f"credential/{name}" for name in own}


def credentials_of_endpoint(env: Resolved, endpoint: Resource[Endpoint]) -> list[Resource[Credential]]:
    """Return the enabled credentials an endpoint may be called with.

    The one that the endpoint names; else those of its provider that are bound to its host and belong to
    no team. More than one means that the endpoint has to name one.
    """
    provider = endpoint.provider or ""
    if endpoint.spec.credential is not None:
        named = env.credentials.get(f"credential/{provider}/{endpoint.spec.credential}")
        return [named] if named and named.spec.enabled else []
    own = team_credentials(env)
    return [
        credential
        for credential in env.credentials_of(provider)
        if credential.spec.enabled and credential.identity not in own and is_bound(env, credential, endpoint)
    ]
