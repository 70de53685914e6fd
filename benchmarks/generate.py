"""Writes a seeded, clean llmconf project of any size: the same arguments give the same bytes.

    python benchmarks/generate.py OUT --resources 10000 --seed 1 [--per-file one|many] [--environments 3]

A resource is one YAML document here. A provider carries its endpoints and its credential inside, so
the flat resources are about a fifth more. Overlays of environments come on top of the count.
"""

from __future__ import annotations

import argparse
import random
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

TYPES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
    "mistral": "https://api.mistral.ai/v1",
    "groq": "https://api.groq.com/openai/v1",
    "deepseek": "https://api.deepseek.com",
    "openrouter": "https://openrouter.ai/api/v1",
    "cohere": "https://api.cohere.com",
    "azure_openai": "https://{name}.openai.azure.com/openai/v1",
    "vllm": "https://{name}.inference.example/v1",
}
FAMILIES = ("gpt-5", "claude-sonnet", "gemini-pro", "mistral-large", "llama-4", "deepseek-chat", "command-r")
DOMAINS = ("search", "support", "billing", "growth", "risk", "legal", "docs", "research", "mobile", "data")
REGIONS = ("eu-west-1", "us-east-1", "ap-south-1", "eu-central-1")
EXTRA_CAPABILITIES = ("vision", "json_mode", "structured_output", "reasoning", "prompt_caching", "pdf_input")
ENVIRONMENTS = ("dev", "staging", "prod")
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TOKEN_LENGTH = 164
"""Characters of the data of a token that seals a key of 51 characters."""
SMALL = 10
"""Below this many resources there is one provider and the rest are models."""
ROUTES_PER_FILE = 25


@dataclass(frozen=True)
class Entry:
    """One document: the file it has for itself, the file it shares with others, and its text."""

    own: str
    shared: str
    text: str


@dataclass(frozen=True)
class Plan:
    """How many documents of each kind a project has, and what the parts of it are called."""

    providers: int
    models: int
    routes: int
    teams: int

    @classmethod
    def of(cls, resources: int) -> Plan:
        """Divide a number of resources among the kinds: about 10% providers, 75% models."""
        if resources < SMALL:
            return cls(1, resources - 1, 0, 0)
        few, teams = resources // 10, max(1, resources // 20)
        return cls(few, resources - 2 * few - teams, few, teams)

    def provider(self, index: int) -> str:
        """Return the name of the provider that the model with this index belongs to."""
        number = index % self.providers
        kind = list(TYPES)[number % len(TYPES)].replace("_", "-")
        return f"{kind}-{DOMAINS[number // len(TYPES) % len(DOMAINS)]}-{number:04}"

    def model(self, index: int) -> str:
        """Return the id of the model with this index."""
        return f"{FAMILIES[index % len(FAMILIES)]}-{index:05}"

    def has_two_endpoints(self, index: int) -> bool:
        """Tell whether the provider of this model has a second endpoint, which its models then name."""
        return self.routes > 0 and index % self.providers % 8 == 0


def token(rng: random.Random) -> str:
    """Make up a well-formed token. It seals nothing, so nothing can open it."""
    fingerprint, hint = "".join(rng.choices(BASE32, k=8)), "".join(rng.choices(BASE64URL[:62], k=4))
    data = "".join(rng.choices(BASE64URL, k=TOKEN_LENGTH))
    return f"ENC(v1;k=benchmarks;r={rng.randint(1, 9)};f={fingerprint};h={hint};d={data})"


def provider_text(plan: Plan, index: int, rng: random.Random) -> str:
    """Return the document of one provider with its endpoints and its credential."""
    name, kind = plan.provider(index), list(TYPES)[index % len(TYPES)]
    domain, url = DOMAINS[index // len(TYPES) % len(DOMAINS)], TYPES[kind].format(name=name)
    urls = [url, url.replace("://", "://backup.", 1)] if plan.has_two_endpoints(index) else [url]
    hosts = ", ".join(each.split("/")[2] for each in urls)
    endpoints = f"  - name: main\n    url: {urls[0]}\n"
    if len(urls) > 1:
        endpoints += f"    default: true\n    weight: 90\n  - {{name: backup, url: {urls[1]}, weight: 10}}\n"
    return (
        f"# Account of the {domain} group. Ask in #ai-platform before you change limits.\n"
        f"kind: Provider\nname: {name}\ntype: {kind}\n"
        f"description: Account {index} for {domain}, billed to cost center {rng.randint(1000, 9999)}\n"
        f"labels: {{owner: {domain}, tier: {rng.choice(('gold', 'silver'))}}}\n"
        f"timeout: {rng.choice((30, 60, 90))}s\nretries: {rng.randint(1, 4)}\n"
        f"limits: {{rpm: {rng.randint(1, 50) * 100}, tpm: {rng.randint(1, 50) * 10000}}}\n"
        f"endpoints:\n{endpoints}"
        f"credentials:\n  - name: main\n    hosts: [{hosts}]\n    api_key: {token(rng)}\n"
        f'    expires: "{rng.randint(2090, 2098)}-0{rng.randint(1, 9)}-{rng.randint(10, 28)}"\n'
    )


def model_text(plan: Plan, index: int, rng: random.Random) -> str:
    """Return the document of one chat model."""
    domain, price = DOMAINS[index // 3 % len(DOMAINS)], rng.randint(10, 900)
    wanted = set(rng.sample(EXTRA_CAPABILITIES, k=rng.randint(1, 4)))
    extra = "".join(f"  - {name}\n" for name in EXTRA_CAPABILITIES if name in wanted)
    named = "endpoints: [main, backup]\n" if plan.has_two_endpoints(index) else ""
    words = f"Model {index} as agreed with {domain}; good at {rng.choice(DOMAINS)} and {rng.choice(DOMAINS)}"
    return (
        f"# Reviewed with {domain}: limits follow the contract, prices the public list.\n"
        f"kind: Model\nprovider: {plan.provider(index)}\nid: {plan.model(index)}\n"
        f"description: >-\n{textwrap.indent(textwrap.fill(words + ' requests.', 60), '  ')}\n"
        f"labels:\n  owner: {domain}\n  region: {rng.choice(REGIONS)}\n"
        f"mode: chat\ncapabilities:\n  - chat\n  - function_calling\n  - streaming\n{extra}"
        f"context: {rng.choice((32768, 131072, 200000, 1048576))}\n"
        f"max_output: {rng.choice((4096, 8192, 16384))}\n{named}"
        f"price:  # USD per million tokens\n"
        f'  input: "{price / 100:.2f}"\n  output: "{price / 25:.2f}"\n  cache_read: "{price / 1000:.3f}"\n'
        f"limits: {{rpm: {rng.randint(1, 90) * 10}, parallel: {rng.randint(4, 64)}}}\n"
        f"parameters: {{temperature: 0.{rng.randint(1, 9)}}}\n"
        "lifecycle: {status: active}\n"
    )


def route_text(plan: Plan, index: int, rng: random.Random) -> str:
    """Return the document of one route. Five at a time fall back to each other in turn, never back."""
    domain = DOMAINS[index % len(DOMAINS)]
    chosen = sorted(rng.sample(range(plan.models), k=min(3, plan.models)))
    targets = "".join(
        f"  - model: {plan.provider(i)}/{plan.model(i)}\n    weight: {10 + i % 50}\n" for i in chosen
    )
    following = index + 1
    last = following % 5 == 0 or following == plan.routes
    fallbacks = "" if last else f"fallbacks: [route-{following:05}]\n"
    return (
        f"# What {domain} asks for by name; the models behind it may change at any time.\n"
        f"kind: Route\nname: route-{index:05}\n"
        f'description: "Default chat of {domain}: {rng.choice(REGIONS)} first, then wherever there is room"\n'
        f"labels: {{owner: {domain}, slo: {rng.choice(('standard', 'strict'))}}}\n"
        "strategy: weighted\nrequires: [chat, function_calling]\n"
        f"targets:\n{targets}{fallbacks}"
        f"aliases: [{domain}/chat-{index:05}]\ntimeout: {rng.choice((30, 60))}s\nretries: 2\n"
        f"parameters:\n  max_tokens: {rng.choice((1024, 2048, 4096))}\n"
    )


def team_text(plan: Plan, index: int, rng: random.Random) -> str:
    """Return the document of one team. Together the teams use every route."""
    domain, model = DOMAINS[index % len(DOMAINS)], rng.randrange(plan.models)
    routes = "".join(f"  - route/route-{number:05}\n" for number in range(index, plan.routes, plan.teams))
    return (
        f"# Owned by the leads of {domain}; the budget is agreed once a quarter.\n"
        f"kind: Team\nname: team-{domain}-{index:05}\n"
        f"description: Builds and runs what {domain} shows to customers, in {rng.choice(REGIONS)}\n"
        f'labels: {{owner: {domain}, cost-center: "{rng.randint(1000, 9999)}"}}\n'
        f"uses:\n{routes}  - model/{plan.provider(model)}/{plan.model(model)}\n"
        f"  - provider/{plan.provider(rng.randrange(plan.providers))}\n"
        f'budget:\n  amount: "{rng.randint(5, 500) * 100}"\n  currency: USD\n  per: month\n'
    )


def entries(plan: Plan, rng: random.Random) -> Iterator[Entry]:
    """Yield all documents of a project, in an order in which those of one shared file are neighbors."""
    for number in range(plan.providers):
        name = plan.provider(number)
        shared = f"config/{name}.yaml"
        yield Entry(f"config/providers/{name}.yaml", shared, provider_text(plan, number, rng))
        for index in range(number, plan.models, plan.providers):
            own = f"config/models/{name}/{plan.model(index)}.yaml"
            yield Entry(own, shared, model_text(plan, index, rng))
    for index in range(plan.routes):
        shared = f"config/routes-{index // ROUTES_PER_FILE:03}.yaml"
        yield Entry(f"config/routes/route-{index:05}.yaml", shared, route_text(plan, index, rng))
    for index in range(plan.teams):
        own = f"config/teams/team-{index:05}.yaml"
        yield Entry(own, f"config/teams-{index // ROUTES_PER_FILE:03}.yaml", team_text(plan, index, rng))


def overlays(plan: Plan, environment: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of the overlays of one environment: every fourth provider gets other limits."""
    for number in range(0, plan.providers, 4):
        name = plan.provider(number)
        limit = 77 + 100 * ENVIRONMENTS.index(environment)
        text = f"kind: Provider\nname: {name}\nlabels: {{stage: {environment}}}\nlimits: {{rpm: {limit}}}\n"
        yield f"environments/{environment}/{name}.yaml", text


def project(
    resources: int, seed: int, per_file: str = "one", environments: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield path and text of every file of a project."""
    plan, names = Plan.of(resources), ENVIRONMENTS[:environments]
    yield "llmconf.yaml", f"version: 1\nname: benchmark\nenvironments: [{', '.join(names)}]\n"
    documents = entries(plan, random.Random(seed))
    for path, group in groupby(documents, lambda entry: entry.own if per_file == "one" else entry.shared):
        yield path, "---\n".join(entry.text for entry in group)
    for name in names:
        yield from overlays(plan, name)


def write(folder: Path, files: Iterator[tuple[str, str]]) -> None:
    """Write files below a folder that is not there yet, or empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty")
    for path, text in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def main() -> None:
    """Read the arguments and write the project."""
    parser = argparse.ArgumentParser(description="Write a clean llmconf project of any size.")
    parser.add_argument("out", type=Path, help="folder to write, not there yet or empty")
    parser.add_argument("--resources", type=int, default=1000, help="number of documents, at least 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-file", choices=("one", "many"), default="one")
    parser.add_argument("--environments", type=int, choices=range(len(ENVIRONMENTS) + 1), default=0)
    options = parser.parse_args()
    if options.resources < 1:
        parser.error("--resources is at least 1")
    write(options.out, project(options.resources, options.seed, options.per_file, options.environments))


if __name__ == "__main__":
    main()
