"""An endpoint is enabled, but nothing is sent to it.

Why: The endpoint is not the default of its provider, has no weight, and no model and no route names it. It may be
left over, or a model may be missing.

Example:
    kind: Provider
    name: openai
    type: openai
    endpoints:
      - {name: global, url: https://api.openai.com/v1, default: true}
      - {name: eu, url: https://eu.api.openai.com/v1}

Fix: Name the endpoint in the `endpoints` of a model or in a target, give it a `weight`, or disable it.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import name_place
from llmconf.project import relations
from llmconf.project.environment import Resolved

CODE = "LCE006"
NAME = "unused-endpoint"
SEVERITY = "warning"
TRAITS = ("guess",)
_HINT = "name it in `endpoints` of a model, give it a `weight`, or set `enabled: false` if it is not used"


def check(context: Context) -> Iterator[Problem]:
    """Collect the endpoints that models and targets name, and report the others, except defaults."""
    env = context.env
    used: set[str] | None = None
    for account in context.accounts:
        provider, endpoints = account.provider, account.endpoints
        if len(endpoints) < 2:  # noqa: PLR2004 - a sole endpoint is the default
            continue
        default = relations.default_endpoint(env, provider.name)
        if default is None:
            continue
        used = _used(env) if used is None else used
        for endpoint in endpoints:
            spec = endpoint.spec
            if spec.enabled and endpoint is not default and not spec.weight and endpoint.identity not in used:
                message = f"nothing uses endpoint `{endpoint.name}` of provider `{provider.name}`"
                yield Problem(name_place(endpoint), message, _HINT)


def _used(env: Resolved) -> set[str]:
    """Return the identities of endpoints that models and targets name."""
    used = {
        f"endpoint/{model.provider}/{name}"
        for model in env.models.values()
        for name in model.spec.endpoints or ()
    }
    for route in env.routes.values():
        for target in route.spec.targets:
            if target.endpoint is not None:
                used.add(f"endpoint/{target.model.partition('/')[0]}/{target.endpoint}")
    return used
