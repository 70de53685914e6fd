"""Builds LiteLLM's `router_settings`: with them it chooses, falls back and resolves aliases as the routes say.

Tested with its version 1.106:
- LiteLLM takes deployments by `order` without any further setting, also after a failure.
- An alias has no fallbacks unless they are written for the alias too.
- Deployments that share by weight replace each other only with `enable_weighted_failover`.
- LiteLLM enforces `rpm` and `tpm` only with a check before the call.
- No more than `max_fallbacks` attempts are nested.
"""

from __future__ import annotations

from typing import Any

from llmconf.build.targets._base import Note
from llmconf.build.targets._litellm_plan import Group, Plan
from llmconf.core.diagnostics import Place
from llmconf.core.grammar import PROJECT_FILE

_USUAL_FALLBACKS = 5
_LIMIT_CHECK = "enforce_model_rate_limits"


def router_settings(
    plan: Plan, deployments: list[dict[str, Any]], given: dict[str, Any], notes: list[Note]
) -> dict[str, Any]:
    """Return the router's settings. Settings that follow from the routes override the given ones."""
    own = _own(plan)
    for key in own:
        if key in given and given[key] != own[key]:
            place = Place(PROJECT_FILE, 0, ("targets", "litellm", "router_settings", key), on_key=True)
            notes.append(Note(place, f"`{key}` is left out: the routes determine it"))
    defaults: dict[str, Any] = {}
    if any(params.keys() & {"rpm", "tpm"} for params in (item["litellm_params"] for item in deployments)):
        defaults["optional_pre_call_checks"] = [_LIMIT_CHECK]
    return own | defaults | {key: value for key, value in given.items() if key not in own}


def _own(plan: Plan) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if any(turn.weight is not None for group in plan.groups for turn in group.turns):
        settings |= {"routing_strategy": "simple-shuffle", "enable_weighted_failover": True}
    routes = {group.name: group for group in plan.groups if group.route}
    fallbacks = _fallbacks(routes)
    aliases = {
        alias: name
        for name, group in routes.items()
        for alias in (group.route.spec.aliases if group.route else None) or ()
    }
    if fallbacks:
        both = [(alias, fallbacks[name]) for alias, name in aliases.items() if name in fallbacks]
        settings["fallbacks"] = [{name: others} for name, others in (*fallbacks.items(), *both)]
    if aliases:
        settings["model_group_alias"] = aliases
    depth = max((_depth(name, routes, fallbacks) for name in routes), default=0)
    if depth > _USUAL_FALLBACKS:
        settings["max_fallbacks"] = depth
    return settings


def _fallbacks(routes: dict[str, Group]) -> dict[str, list[str]]:
    """Return the fallbacks of each route, without routes that do not exist."""
    named = {name: group.route.spec.fallbacks or [] for name, group in routes.items() if group.route}
    live = {name: [other for other in others if other in routes] for name, others in named.items()}
    return {name: others for name, others in live.items() if others}


def _depth(name: str, routes: dict[str, Group], fallbacks: dict[str, list[str]]) -> int:
    """Return the maximum number of attempts: those of a route and of all routes it falls back to, each once."""
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        current = ahead.pop()
        if current not in seen:
            seen.add(current)
            ahead += fallbacks.get(current, [])
    return sum(len(routes[reached].turns) for reached in seen)
