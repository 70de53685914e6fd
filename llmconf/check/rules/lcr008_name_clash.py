"""Two routes answer to the same name: an alias equals another route's name or alias.

Why: A gateway would spread the calls over both routes, or choose one of them by the order in the file.

Example:
    kind: Route
    name: chat
    targets: [{model: openai/gpt-5}]
    ---
    kind: Route
    name: chat-large
    aliases: [chat]
    targets: [{model: openai/gpt-5-pro}]

Fix: Rename or remove one of the names.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import name_place
from llmconf.core.diagnostics import Place
from llmconf.project.environment import Resource
from llmconf.schema.kinds import Route

CODE = "LCR008"
NAME = "name-clash"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Give each name and alias to the first route that has it, and report the next one."""
    routes = [route for route in context.env.routes.values() if route.spec.enabled]
    aliased = [route for route in routes if route.spec.aliases]
    if not aliased:
        return
    names = {route.name: route for route in routes}
    aliases: dict[str, tuple[Resource[Route], Place]] = {}
    for route in aliased:
        for index, alias in enumerate(route.spec.aliases or ()):
            place = route.place("aliases", index)
            other = names.get(alias)
            if other is not None and other is not route:
                message = f"the alias `{alias}` is the name of another route"
                yield Problem(place, message, None, (("named here", name_place(other)),))
                continue
            first, there = aliases.setdefault(alias, (route, place))
            if first is not route:
                message = f"route `{first.name}` has the alias `{alias}` too"
                yield Problem(place, message, None, (("the other alias", there),))
