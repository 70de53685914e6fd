"""The facts of a model follow its base, along chains of any length, and also in a circle."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path

import pytest
from commands import run

from llmconf import api
from llmconf.project.environment import Resolved, Resource
from llmconf.project.model_facts import NAMES, Facts, ModelFacts
from llmconf.schema.kinds import Model

LONG = 3000
"""Far more than Python allows calls inside of each other."""
HEAD = """\
kind: Provider
name: {name}
type: openai
endpoints: [{{name: global, url: https://api.openai.com/v1}}]
credentials: [{{name: main, api_key: env:OPENAI_API_KEY}}]
models:
"""
CHAIN = [
    '  - {id: gpt-5, mode: chat, context: 1000, capabilities: [chat], price: {input: "1"}}',
    "  - {id: mine, base: gpt-5, context: 500}",
    "  - {id: again, base: mine, max_output: 10}",
    "  - {id: one, base: two}",
    "  - {id: two, base: one}",
]


def write(folder: Path, *providers: list[str], rest: str = "") -> Path:
    """Write a project with the models of some providers, which are called `p0`, `p1` and so on."""
    (folder / "config").mkdir(parents=True)
    (folder / "llmconf.yaml").write_text("version: 1\nname: facts\ntargets: {litellm: {models: all}}\n", encoding="utf-8")
    for number, models in enumerate(providers):
        text = HEAD.format(name=f"p{number}") + "\n".join(models) + "\n"
        (folder / "config" / f"p{number}.yaml").write_text(text + rest, encoding="utf-8")
    return folder


def read(root: Path) -> Resolved:
    return api.validate(root, today=date(2026, 6, 1)).environments[None]


def test_facts_follow_the_base(tmp_path: Path) -> None:
    env = read(write(tmp_path / "facts", CHAIN))
    known = ModelFacts(env)
    facts = known.of(env.models["model/p0/again"])
    assert (facts.mode, facts.capabilities, facts.context, facts.max_output) == ("chat", ["chat"], 500, 10)
    assert facts.price is not None
    assert facts.price.input == "1"
    assert known.root(env.models["model/p0/again"]).name == "gpt-5"


def test_facts_of_a_circle_are_unknown(tmp_path: Path) -> None:
    env = read(write(tmp_path / "facts", CHAIN))
    assert ModelFacts(env).of(env.models["model/p0/one"]) == Facts(None, None, None, None, None)


def walk(known: ModelFacts, model: Resource[Model]) -> list[Resource[Model]]:
    """Return a model and its bases one by one, the long way."""
    way: list[Resource[Model]] = []
    while not any(model is each for each in way):
        way.append(model)
        found = known.bases(model)
        model = found[0] if len(found) == 1 else model
    return way


def some_models(draw: random.Random) -> list[str]:
    """Return models with made-up facts, most of which follow another one, maybe of another provider or in a circle."""
    lines = []
    for number in range(12):
        target = draw.choice([f"m{draw.randrange(14)}", f"p{draw.randrange(3)}/m{draw.randrange(12)}"])
        parts = [f"id: m{number}", *([f"base: {target}"] if draw.random() < 0.8 else [])]
        facts = ("mode: chat", "capabilities: [vision]", f"context: {number + 1}", f"max_output: {number + 1}",
                 f'price: {{input: "{number}"}}')  # fmt: skip
        lines.append("  - {" + ", ".join([*parts, *(fact for fact in facts if draw.random() < 0.25)]) + "}")
    return lines


@pytest.mark.parametrize("seed", range(8))
def test_each_fact_is_the_nearest_one(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    env = read(write(tmp_path / "facts", *(some_models(draw) for _ in range(3))))
    models = list(env.models.values())
    assert len(models) == 36
    draw.shuffle(models)
    known = ModelFacts(env)
    for model in models:
        way = walk(known, model)
        sources = known.sources(model)
        for name in NAMES:
            nearest = next((each for each in way if getattr(each.spec, name) is not None), None)
            assert sources.get(name) is nearest
        assert known.root(model) is way[-1]


def test_a_base_without_a_provider_is_that_of_the_own_one(tmp_path: Path) -> None:
    models = ["  - {id: gpt-5, context: 5}", "  - {id: mine, base: gpt-5}"]
    env = read(write(tmp_path / "facts", models, models, ["  - {id: mine, base: gpt-5}"]))
    known = ModelFacts(env)
    assert [base.provider for base in known.bases(env.models["model/p1/mine"])] == ["p1"]
    assert [base.provider for base in known.bases(env.models["model/p2/mine"])] == ["p0", "p1"]


@pytest.mark.parametrize("way", ["down", "up"])
def test_a_long_chain_is_built(tmp_path: Path, way: str) -> None:
    first = "  - {id: m0, capabilities: [vision], context: 7}"
    models = [first, *(f"  - {{id: m{number}, base: m{number - 1}}}" for number in range(1, LONG))]
    route = f"---\nkind: Route\nname: chat\nrequires: [vision]\ntargets: [{{model: p0/m{LONG - 1}}}]\n"
    root = write(tmp_path / "facts", models if way == "down" else models[::-1], rest=route)
    done = run("build", "--out", str(tmp_path / "dist"), cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    (bundle,) = (tmp_path / "dist").rglob("bundle.json")
    built = json.loads(bundle.read_text(encoding="utf-8"))["providers"]["p0"]["models"]
    assert len(built) == LONG
    assert {model["context"] for model in built.values()} == {7}


def test_a_long_circle_is_one_finding(tmp_path: Path) -> None:
    models = [f"  - {{id: m{number}, base: m{(number + 1) % LONG}}}" for number in range(LONG)]
    root = write(tmp_path / "facts", models)
    done = run("validate", "--report", "concise", cwd=root)
    assert done.returncode == 1
    (finding,) = [line for line in done.stdout.splitlines() if "LCM004" in line]
    assert "the bases form a circle" in finding
    assert len(run("list", "model", "-o", "name", cwd=root).stdout.splitlines()) == LONG
    env = read(root)
    known = ModelFacts(env)
    assert all(known.root(model) is not model and not known.sources(model) for model in env.models.values())
