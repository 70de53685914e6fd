"""Writes a seeded project of one provider per file, with endpoints, credential and models inside.

    python benchmarks/generate_providers.py OUT --files 10000 --seed 1 [--mistakes]

A file has 6.5 resources on average: 10,000 files are 65,000 resources. With `--mistakes`, each file has exactly
one finding, and is otherwise byte for byte the same.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from generate import EXTRA_CAPABILITIES, FAMILIES, Plan, provider_text, write

MISTAKES = (
    ("max_output:", "max_ouput:"),
    ("function_calling", "function_caling"),
    ('price: {input: "', 'price: {input: "9000'),
    ("timeout: ", "timeout: soon "),
)
"""A misspelled key, a misspelled word of a closed list, a price that no vendor asks for, a malformed duration."""


def model_item(name: str, rng: random.Random, *, backup: bool) -> str:
    """Return one model as an item of the `models` of its provider."""
    wanted = set(rng.sample(EXTRA_CAPABILITIES, k=rng.randint(1, 4)))
    capabilities = ["chat", "function_calling", "streaming", *(each for each in EXTRA_CAPABILITIES if each in wanted)]
    price = rng.randint(10, 900)
    return (
        f"  - id: {name}\n"
        f"    capabilities: [{', '.join(capabilities)}]\n"
        f"    context: {rng.choice((32768, 131072, 200000, 1048576))}\n"
        f"    max_output: {rng.choice((4096, 8192, 16384))}\n"
        f'    price: {{input: "{price / 100:.2f}", output: "{price / 25:.2f}", cache_read: "{price / 1000:.3f}"}}\n'
        + ("    endpoints: [main, backup]\n" if backup else "")
    )


def file_text(plan: Plan, index: int, rng: random.Random) -> str:
    """Return the file of one provider: 3 or 4 models, and each eighth provider has a second endpoint."""
    backup = plan.has_two_endpoints(index)
    names = [f"{FAMILIES[(index + number) % len(FAMILIES)]}-{number}" for number in range(4 if index % 8 < 3 else 3)]
    models = "".join(model_item(name, rng, backup=backup) for name in names)
    return provider_text(plan, index, rng) + f"# Prices as listed; ask before you add a model.\nmodels:\n{models}"


def project(files: int, seed: int, *, mistakes: bool = False) -> Iterator[tuple[str, str]]:
    """Yield path and text of every file of a project."""
    yield "llmconf.yaml", "version: 1\nname: benchmark\n"
    plan, rng = Plan(providers=files, models=files, routes=1, teams=0), random.Random(seed)
    for index in range(files):
        text = file_text(plan, index, rng)
        if mistakes:
            right, wrong = MISTAKES[index % len(MISTAKES)]
            text = text.replace(right, wrong, 1)
        yield f"config/providers/{index // 100:03}/{plan.provider(index)}.yaml", text


def main() -> None:
    """Read the arguments and write the project."""
    parser = argparse.ArgumentParser(description="Write a project of one provider per file.")
    parser.add_argument("out", type=Path, help="folder to write, not there yet or empty")
    parser.add_argument("--files", type=int, default=1000, help="number of providers, each in a file of its own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mistakes", action="store_true", help="one finding in each file")
    options = parser.parse_args()
    if options.files < 1:
        parser.error("--files is at least 1")
    write(options.out, project(options.files, options.seed, mistakes=options.mistakes))


if __name__ == "__main__":
    main()
