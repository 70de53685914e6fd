"""An overlay changes the hosts of a credential whose sealed secret comes from a lower layer.

Why: A sealed secret is bound to the hosts it was sealed for, and cannot be opened for others.

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

from llmconf import adapters, wiring
from llmconf.fields import Origin, parse_host
from llmconf.resolved import Resolved, Resource
from llmconf.rules._base import Context, Problem
from llmconf.schema.kinds import SECRET_FIELDS, Credential

CODE = "LCK015"
NAME = "rebound"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Compare the hosts in the layer of each token with those in the end."""
    env = context.env
    for credential in env.credentials.values():
        if len(credential.layers) == 1 or not any("hosts" in layer.data for layer in credential.layers[1:]):
            continue
        final = set(wiring.bound_hosts(env, credential))
        for field in SECRET_FIELDS:
            value = credential.data.get(field)
            if value is None or not value.startswith("ENC("):
                continue
            level = max(index for index, layer in enumerate(credential.layers) if field in layer.data)
            if _hosts_at(env, credential, level) != final:
                message = f"`{field}` of credential `{credential.name}` is sealed for other hosts than these"
                related = ((f"`{field}` is sealed here", credential.place(field)),)
                yield Problem(credential.place("hosts"), message, "seal the secret here anew", related)


def _hosts_at(env: Resolved, credential: Resource[Credential], level: int) -> set[Origin]:
    """Return the hosts of a credential as they are in one layer and those below."""
    provider = wiring.owner(env, credential)
    layers = reversed(credential.layers[: level + 1])
    hosts = next((layer.data["hosts"] for layer in layers if "hosts" in layer.data), None)
    if hosts is None:
        hosts = adapters.preset(provider.spec.type).hosts if provider else ()
    return {parse_host(host) for host in hosts}
