"""No team uses a route, and no other route falls back to it.

Why: The route may be left over, or a team may be missing. This is reported only if the project has teams.

Example:
    kind: Route
    name: old-chat
    targets: [{model: openai/gpt-5}]
    ---
    kind: Team
    name: search
    uses: [route/chat]

Fix: Add the route to the `uses` of a team, or remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import name_place

CODE = "LCR007"
NAME = "unused-route"
SEVERITY = "info"
TRAITS = ("guess",)


def check(context: Context) -> Iterator[Problem]:
    """Collect the routes that teams and fallbacks name, and report the others."""
    env = context.env
    if not env.teams or any(identity.startswith("team/") for identity in env.broken):
        return
    used = {use for team in env.teams.values() for use in team.spec.uses}
    for route in env.routes.values():
        used.update(f"route/{name}" for name in route.spec.fallbacks or () if name != route.name)
    for route in env.routes.values():
        if route.spec.enabled and route.identity not in used:
            yield Problem(name_place(route), f"route `{route.name}` is used by no team and no other route")
