"""Routes fall back to each other in a circle, or a route falls back to itself.

Why: If all targets fail, a gateway follows the circle instead of giving up. This multiplies the load on providers
that already fail.

Example:
    kind: Route
    name: chat
    targets: [{model: openai/gpt-5}]
    fallbacks: [chat]

Fix: Remove the fallback that closes the circle.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.project.environment import Resource
from llmconf.schema.kinds import Route

CODE = "LCR004"
NAME = "fallback-cycle"
SEVERITY = "error"

_SHOWN = 6


def check(context: Context) -> Iterator[Problem]:
    """Walk the fallbacks depth first. A step back to a route on the current path closes a circle."""
    routes = {
        route.name: route
        for route in context.env.routes.values()
        if route.spec.enabled and route.spec.fallbacks
    }
    done: set[str] = set()
    for name in routes:
        if name not in done:
            yield from _walk(name, routes, done)


def _walk(start: str, routes: dict[str, Resource[Route]], done: set[str]) -> Iterator[Problem]:
    """Walk from one route without recursion, since a chain may be as long as the project."""
    way = {start: 0}
    steps = [(start, iter(enumerate(routes[start].spec.fallbacks or ())))]
    while steps:
        name, rest = steps[-1]
        index, fallback = next(rest, (-1, ""))
        if index < 0:
            done.add(name)
            del way[name]
            steps.pop()
        elif fallback in way:
            first = way[fallback]
            yield _problem(routes[name], index, [step[0] for step in steps[first : first + _SHOWN]])
        elif fallback in routes and fallback not in done:
            way[fallback] = len(way)
            steps.append((fallback, iter(enumerate(routes[fallback].spec.fallbacks or ()))))


def _problem(route: Resource[Route], index: int, circle: list[str]) -> Problem:
    """Report the fallback that closes a circle, of which the first routes are given."""
    place = route.place("fallbacks", index)
    if circle == [route.name]:
        return Problem(place, f"route `{route.name}` falls back to itself", "remove the fallback")
    shown = circle if circle[-1] == route.name else [*circle, "...", route.name]
    way = " -> ".join([*shown, circle[0]])
    return Problem(place, f"the fallbacks form a circle: `{way}`", "remove one of them")
