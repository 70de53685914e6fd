"""A route has the same target twice: the same model at the same endpoint.

Why: With `priority` the second target is never used. With weights the target gets another share than it seems. An
overlay cannot tell the two targets apart.

Example:
    kind: Route
    name: chat
    targets:
      - model: openai/gpt-5
      - model: openai/gpt-5

Fix: Remove one of the targets, or give them different endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem

CODE = "LCR009"
NAME = "duplicate-target"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Compare the targets of each route."""
    for route in context.env.routes.values():
        targets = route.spec.targets
        if len(targets) < 2:  # noqa: PLR2004 - a sole target has no duplicate
            continue
        first: dict[tuple[str, str | None], int] = {}
        for index, target in enumerate(targets):
            known = first.setdefault((target.model, target.endpoint), index)
            if known != index:
                where = f" at endpoint `{target.endpoint}`" if target.endpoint else ""
                yield Problem(
                    route.place("targets", index, "model"),
                    f"route `{route.name}` has the target `{target.model}`{where} twice",
                    "remove one of them",
                    (("first here", route.place("targets", known, "model")),),
                )
