"""Where the values of a resource were set, also in long lists that merge item by item."""

from __future__ import annotations

import pytest

from llmconf.project import environment
from llmconf.project.environment import Layer, Resource
from llmconf.schema.kinds import Route, Target


def route(count: int) -> Resource[Route]:
    """Make a route with some targets, of which an overlay names each second one, the last one first."""
    low = [{"model": f"openai/m{number}", "weight": 1} for number in range(count)]
    high = [{"model": f"openai/m{number}", "weight": 2} for number in range(count - 1, -1, -2)]
    twins = [{"model": "openai/twin", "weight": weight} for weight in (3, 4)]
    changed = {item["model"] for item in high}
    merged = [{**item, "weight": 2} if item["model"] in changed else item for item in low]
    layers = (
        Layer("base", "config/a.yaml", 0, (), {"targets": [*low, *twins]}),
        Layer("prod", "environments/prod/a.yaml", 0, (), {"targets": [*high, *twins[1:]]}),
    )
    spec = Route(name="chat", targets=[Target(model="openai/m0")])
    return Resource("route/chat", "Route", "chat", None, spec, {"targets": [*merged, *twins]}, layers)


def test_items_are_found_wherever_a_layer_has_them() -> None:
    chat = route(4)
    found = {
        step: [(layer.name, real) for layer, real in chat.chain(("targets", step, "weight"))] for step in range(7)
    }
    assert found == {
        0: [("base", ("targets", 0, "weight"))],
        1: [("base", ("targets", 1, "weight")), ("prod", ("targets", 1, "weight"))],
        2: [("base", ("targets", 2, "weight"))],
        3: [("base", ("targets", 3, "weight")), ("prod", ("targets", 0, "weight"))],
        4: [("base", ("targets", 4, "weight")), ("prod", ("targets", 2, "weight"))],
        5: [("base", ("targets", 5, "weight"))],
        6: [],
    }
    assert chat.chain(("targets", 0, "model", "x")) == []


def test_a_list_is_searched_once_and_not_for_every_value(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    original = environment.item_key

    def counted(name: str, item: object) -> tuple[object, ...] | None:
        nonlocal looks
        looks += 1
        return original(name, item)

    monkeypatch.setattr(environment, "item_key", counted)
    chat = route(300)
    for step in range(300):
        for key in ("model", "weight"):
            chat.place("targets", step, key)
    assert looks < 6 * 300
