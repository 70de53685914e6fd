"""An endpoint's host is not among the hosts that the provider's credential may be sent to.

Why: A credential is bound to hosts, so that a changed URL cannot send it to somebody else's server.
A sealed secret cannot be opened for another host.

Example:
    kind: Provider
    name: openai
    type: openai
    endpoints:
      - {name: main, url: https://api.openai.example/v1}
    credentials:
      - {name: main, hosts: [api.openai.com], api_key: "env:OPENAI_API_KEY"}

Fix: Correct the URL. If the credential is meant for this host, add it to `hosts` and seal the secrets anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import Suggestions, listed, name_place
from llmconf.core.diagnostics import Place
from llmconf.core.origins import Origin, parse_url
from llmconf.project import relations
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Credential, Endpoint

CODE = "LCE004"
NAME = "host-not-bound"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Look for live endpoints that no credential of their provider is bound to."""
    env = context.env
    suggestions = Suggestions()
    secret: dict[str, tuple[list[Resource[Credential]], relations.Bindings]] = {}
    for endpoint in context.live_endpoints:
        if endpoint.spec.credential is not None:
            unbound = [c for c in context.credentials[endpoint.identity] if _lacks(env, c, endpoint)]
        elif context.credentials[endpoint.identity]:
            continue
        else:
            provider = endpoint.provider or ""
            if provider not in secret:
                secret[provider] = _with_secrets(env, provider)
            unbound, index = secret[provider]
            if relations.bound_to(index, endpoint):
                continue
        if unbound and not _lacks_tls_only(env, unbound, endpoint):
            yield _problem(env, endpoint, unbound, suggestions)


def _lacks(env: Resolved, credential: Resource[Credential], endpoint: Resource[Endpoint]) -> bool:
    """Tell whether a credential with secrets and hosts is not bound to an endpoint."""
    bound = relations.bound_hosts(env, credential)
    target = parse_url(endpoint.spec.url)
    return bool(bound) and relations.has_secret(credential) and not any(host.covers(target) for host in bound)


def _with_secrets(env: Resolved, provider: str) -> tuple[list[Resource[Credential]], relations.Bindings]:
    """Return the enabled credentials with secrets and hosts, including those of teams, and their index."""
    if f"provider/{provider}" not in env.providers:
        return [], {}
    found = [
        credential
        for credential in env.credentials_of(provider)
        if credential.spec.enabled and relations.has_secret(credential) and relations.bound_hosts(env, credential)
    ]
    return found, relations.bindings(env, found)


def _lacks_tls_only(
    env: Resolved, credentials: Sequence[Resource[Credential]], endpoint: Resource[Endpoint]
) -> bool:
    """Tell whether `http://` to a public host is the only problem. Another rule reports that."""
    target = parse_url(endpoint.spec.url)
    if target.scheme != "http" or target.is_local:
        return False
    secure = replace(target, scheme="https", port=443 if target.port == 80 else target.port)  # noqa: PLR2004
    return any(host.covers(secure) for each in credentials for host in relations.bound_hosts(env, each))


def _problem(
    env: Resolved,
    endpoint: Resource[Endpoint],
    credentials: Sequence[Resource[Credential]],
    suggestions: Suggestions,
) -> Problem:
    target = parse_url(endpoint.spec.url)
    bound = {str(host): host for each in credentials[:3] for host in relations.bound_hosts(env, each)}
    written = _differing(target, bound.values())
    match = suggestions.closest(written, bound)
    what = "credential" if len(credentials) == 1 else "credentials"
    entry = replace(target, path="")
    hint = f"did you mean `{match}`?" if match else f'if the secret is meant for this host, add "{entry}" to `hosts`'
    return Problem(
        endpoint.place("url"),
        f"host `{written}` is not among the hosts of {what} {listed(each.name for each in credentials)}",
        hint,
        tuple((f"credential `{each.name}`", _hosts_place(each)) for each in credentials[:3]),
    )


def _differing(target: Origin, bound: Collection[Origin]) -> str:
    """Write the part of an origin that differs from the bound ones: the host, or also scheme, port and path."""
    if not any(host.host == target.host for host in bound):
        return target.host
    without_path = replace(target, path="")
    return str(target) if any(replace(host, path="") == without_path for host in bound) else str(without_path)


def _hosts_place(credential: Resource[Credential]) -> Place:
    return credential.place("hosts") if credential.spec.hosts is not None else name_place(credential)
