"""A credential does not say to which hosts its secrets may be sent, and its type has no fixed ones.

Why: Without hosts, anyone who can change a URL could send the secrets to any server. So llmconf sends them nowhere.

Example:
    kind: Provider
    name: farm
    type: vllm
    endpoints:
      - {name: main, url: https://llm.example.com/v1}
    credentials:
      - {name: main, api_key: "env:FARM_KEY"}

Fix: Add `hosts` with the hosts of the provider's endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from llmconf import adapters
from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import name_place
from llmconf.core.origins import parse_url
from llmconf.project import relations
from llmconf.project.environment import Resolved

CODE = "LCK012"
NAME = "missing-hosts"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Look for enabled credentials with secrets and without hosts."""
    env = context.env
    for credential in env.credentials.values():
        hosts = credential.spec.hosts
        provider = relations.owner(env, credential)
        if hosts or provider is None or not credential.spec.enabled or not relations.has_secret(credential):
            continue
        if hosts is None and adapters.preset(provider.spec.type).hosts:
            continue
        place = name_place(credential) if hosts is None else credential.place("hosts")
        message = f"credential `{credential.name}` does not say which hosts it may be sent to"
        yield Problem(place, message, _hint(env, provider.name))


def _hint(env: Resolved, provider: str) -> str:
    urls = [endpoint.spec.url for endpoint in env.endpoints_of(provider) if endpoint.spec.enabled]
    hosts = dict.fromkeys(str(replace(parse_url(url), path="")) for url in urls)
    return f"hosts: [{', '.join(list(hosts)[:3])}]" if hosts else "add `hosts`"
