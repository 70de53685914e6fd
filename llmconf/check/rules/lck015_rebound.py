"""An overlay changes the hosts that a sealed secret of a lower layer would be sent to.

Why: A sealed secret is bound to the hosts that it was sealed for, and cannot be opened for others. A sealed header
is bound to the hosts of the endpoints that it is sent to.

Example:
    # config/openai.yaml
    kind: Credential
    provider: openai
    name: main
    hosts: [api.openai.com]
    api_key: ENC(v1;k=...)
    ---
    # environments/eu/openai.yaml
    kind: Credential
    provider: openai
    name: main
    hosts: [eu.api.openai.com]

Fix: Seal the secret in the overlay as well, or list all hosts in the base.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from llmconf import adapters
from llmconf.check.rules._base import Context, Problem
from llmconf.core.origins import Origin, parse_host, parse_url
from llmconf.core.tokens import is_token_like
from llmconf.project import relations
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Credential, Endpoint, Provider
from llmconf.schema.secret_fields import secret_values

CODE = "LCK015"
NAME = "rebound"
SEVERITY = "error"
_BASE = ("defaults", "base")


def check(context: Context) -> Iterator[Problem]:
    """Compare the hosts in the layer of each token with the resolved ones."""
    yield from _moved(context.env)
    env = context.env
    for credential in env.credentials.values():
        if len(credential.layers) == 1 or not any("hosts" in layer.data for layer in credential.layers[1:]):
            continue
        final = set(relations.bound_hosts(env, credential))
        for (field,), value in secret_values(credential.kind, credential.data):
            if not is_token_like(value):
                continue
            level = max(index for index, layer in enumerate(credential.layers) if field in layer.data)
            if _hosts_at(env, credential, level) != final:
                message = f"`{field}` of credential `{credential.name}` is sealed for other hosts than these"
                related = ((f"`{field}` is sealed here", credential.place(field)),)
                yield Problem(credential.place("hosts"), message, "seal the secret here anew", related)


def _moved(env: Resolved) -> Iterator[Problem]:
    """Look for endpoints that an overlay moves or adds, and that would get a header or key sealed in the base."""
    for endpoint in env.endpoints.values():
        if endpoint.layers[-1].name in _BASE or _origins(endpoint, _BASE) == _origins(endpoint):
            continue
        owners: list[Resource[Endpoint] | Resource[Provider] | None] = [endpoint, relations.owner(env, endpoint)]
        for owner in owners:
            if owner is None:
                continue
            known = _origins(endpoint, _BASE)
            if owner is not endpoint:
                known = {each for other in env.endpoints_of(owner.name) for each in _origins(other, _BASE)}
            for path, value in secret_values(owner.kind, owner.data):
                base = owner.chain(path)[-1][0].name in _BASE
                if is_token_like(value) and base and not _origins(endpoint) <= known:
                    what, name = ("header", path[-1]) if path[0] == "headers" else ("field", ".".join(path))
                    message = f"the {what} `{name}` is sealed for other hosts than that of endpoint `{endpoint.name}`"
                    related = ((f"`{name}` is sealed here", owner.place(*path)),)
                    yield Problem(endpoint.place("url"), message, f"seal the {what} here anew", related)


def _origins(endpoint: Resource[Endpoint], layers: tuple[str, ...] | None = None) -> set[str]:
    """Return scheme, host and port of an endpoint: as resolved, or as in the last of some layers."""
    if layers is None:
        urls = [endpoint.spec.url]
    else:
        urls = [layer.data["url"] for layer in endpoint.layers if layer.name in layers and "url" in layer.data]
    return {str(replace(parse_url(url), path="")) for url in urls[-1:]}


def _hosts_at(env: Resolved, credential: Resource[Credential], level: int) -> set[Origin]:
    """Return the hosts of a credential as they are in one layer and those below."""
    provider = relations.owner(env, credential)
    layers = reversed(credential.layers[: level + 1])
    hosts = next((layer.data["hosts"] for layer in layers if "hosts" in layer.data), None)
    if hosts is None:
        hosts = adapters.preset(provider.spec.type).hosts if provider else ()
    return {parse_host(host) for host in hosts}
