"""Measures that commands cost in proportion: the time for each item of a large project against a small one.

python benchmarks/scaling.py [--models 3000] [--secrets 10000] [--repeat 3] [--json FILE] [--smoke]

The small project has a tenth of the items. The time of one item alone, which is the start of the program, is taken
off both.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import programs
from measure import Program, Series, in_turns, interleave
from sealing import DOCUMENT, SECRET, workspace
from table import Row, as_data, render

from llmconf.secrets import audit, keys, seal
from llmconf.secrets.vault import age
from llmconf.secrets.vault.files import Recipient

MODELS, SECRETS = 3000, 10_000
BAR = 1.25
"""Most that an item of a large project may cost, in parts of what it costs in one of a tenth of the size."""
LIST_BAR = 1000
"""Milliseconds that a list of 10,000 secrets may take beyond parsing."""
HEAD = """\
kind: Provider
name: chain
type: openai
endpoints: [{name: main, url: "https://api.openai.com/v1"}]
credentials: [{name: main, api_key: env:OPENAI_API_KEY}]
models:
  - {id: m0, capabilities: [chat, vision], context: 1000, mode: chat, price: {input: "1", output: "2"}}
"""


def chain(folder: Path, size: int) -> Path:
    """Write a project of models that follow each other in one chain, and return its root."""
    text = HEAD + "".join(f"  - {{id: m{i}, base: m{i - 1}}}\n" for i in range(1, size))
    return _write(folder / f"chain-{size}", text, "targets: {litellm: {models: all}}\n")


def plain(folder: Path, size: int) -> Path:
    """Write a project of one file with plain secrets, and return its root."""
    texts = (DOCUMENT.format(i=i, secret=SECRET.format(i)) for i in range(size))
    return _write(folder / f"plain-{size}" / "repository", "---\n".join(texts), "")


def _write(root: Path, text: str, settings: str) -> Path:
    (root / "config").mkdir(parents=True)
    (root / "llmconf.yaml").write_text(f"version: 1\nname: benchmark\n{settings}", encoding="utf-8")
    (root / "config" / "all.yaml").write_text(text, encoding="utf-8")
    return root


def sealed(folder: Path, size: int) -> tuple[Path, str]:
    """Write a project of one file with sealed secrets, and return its root and the identity."""
    root = plain(folder, size)
    shutil.copy(root / "config" / "all.yaml", root / "plain.yaml")
    identity, public = age.generate()
    keys.init(workspace(root, identity), "default", [Recipient("me", public)])
    seal.encrypt(workspace(root, identity), lambda _: True)
    shutil.copy(root / "config" / "all.yaml", root / "sealed.yaml")
    return root, identity


def growth(
    label: str, sizes: tuple[int, int], program: Callable[[int], Program], rounds: int, env: Mapping[str, str]
) -> Row:
    """Compare the time for each item between two sizes, beyond that for one."""
    found = interleave([program(size) for size in (1, *sizes)], rounds, env)
    one, small, large = (found[str(size)] for size in (1, *sizes))
    failure = next((each.failure for each in (one, small, large) if each.failure), None)
    if failure:
        return Row(label, sizes[1], note=f"llmconf: {failure}")
    ratio, cpu = (_ratio(which, one, small, large, sizes) for which in ("seconds", "cpu"))
    peer = f"each of {sizes[0]}"
    return Row(label, sizes[1], large.median, large.peak, peer, small.median, cpu, ratio, BAR)


def _ratio(which: str, one: Series, small: Series, large: Series, sizes: tuple[int, int]) -> float:
    """Return the median over the turns of what an item costs in the large project, in parts of the small one."""
    turns = zip(getattr(one, which), getattr(small, which), getattr(large, which), strict=True)
    # Of a few items nothing is left beyond the start, in a smoke run.
    each = [((c - a) / (sizes[1] - 1)) / max((b - a) / (sizes[0] - 1), 1e-9) for a, b, c in turns]
    return median(each)


def chains(folder: Path, sizes: tuple[int, int], rounds: int) -> list[Row]:
    """Measure a build of models in one chain of `base`."""
    roots = {size: chain(folder, size) for size in (1, *sizes)}

    def build(size: int) -> Program:
        out = str(folder / f"out-{size}")
        return Program(str(size), programs.llmconf("-C", str(roots[size]), "build", "--out", out))

    return [growth("build, models in one chain of base", sizes, build, rounds, _environment(folder, ""))]


def vaults(folder: Path, sizes: tuple[int, int], rounds: int) -> list[Row]:
    """Measure commands on the secrets of one file."""
    projects = {size: sealed(folder, size) for size in (1, *sizes)}
    # All identities for all sizes, so that the programs differ in the project alone.
    environment = _environment(folder, "\n".join(identity for _, identity in projects.values()))

    def command(*arguments: str) -> Callable[[int], Program]:
        return lambda size: Program(str(size), programs.llmconf("-C", str(projects[size][0]), *arguments))

    def encrypting(size: int) -> Program:
        root = projects[size][0]
        return Program(str(size), command("secrets", "encrypt")(size).command, lambda: _restore(root, "plain.yaml"))

    rows = [
        growth("secrets encrypt, one file", sizes, encrypting, rounds, environment),
        growth("secrets list, one file", sizes, command("secrets", "list"), rounds, environment),
        growth("secrets rotate, one file", sizes, command("secrets", "rotate"), rounds, environment),
    ]
    return [*rows, *_listing(*projects[sizes[1]], sizes[1], rounds)]


def imports(folder: Path, sizes: tuple[int, int], rounds: int) -> list[Row]:
    """Measure the import of single values from a file of SOPS into the fields of one file."""
    projects = {size: sealed(folder, size) for size in (1, *sizes)}
    environment = _environment(folder, "\n".join(identity for _, identity in projects.values()))
    for root, identity in projects.values():
        public = str(age.pyrage.x25519.Identity.from_str(identity).to_public())
        export = programs.llmconf("-C", str(root), "secrets", "export-sops", "--recipient", public)
        command = (*export, "--out", str(root / "all.sops.yaml"))
        subprocess.run(command, env=environment, check=True, capture_output=True)

    def importing(size: int) -> Program:
        root = projects[size][0]
        maps = [f"credential/p{i}/main.api_key=credential/p{(i + 1) % size}/main:api_key" for i in range(size)]
        arguments = [part for entry in maps for part in ("--map", entry)]
        start = programs.llmconf("-C", str(root), "secrets", "import-sops", str(root / "all.sops.yaml"))
        return Program(str(size), (*start, *arguments), lambda: _restore(root, "sealed.yaml"))

    return [growth("secrets import-sops --map, one file", sizes, importing, rounds, environment)]


def _restore(root: Path, name: str) -> None:
    shutil.copy(root / name, root / "config" / "all.yaml")


def _environment(folder: Path, identities: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LLMCONF_", "SOPS_"))}
    return {**kept, "LLMCONF_AGE_KEY": identities, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}


def _listing(root: Path, identity: str, size: int, rounds: int) -> list[Row]:
    """Measure the list of secrets in this process, beyond reading the project."""
    work = workspace(root, identity)

    def rows() -> None:
        work.__dict__.pop("sites", None)
        audit.rows(work)

    found = in_turns({"list": rows}, rounds)["list"]
    bar = LIST_BAR if size == SECRETS else None
    return [Row("secrets list, beyond parsing", size, found.median, ratio=found.median * 1000, bar=bar, unit=" ms")]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure that commands cost in proportion.")
    parser.add_argument("--models", type=int, default=MODELS, help="models in one chain of base")
    parser.add_argument("--secrets", type=int, default=SECRETS, help="secrets in one file; a tenth are imported")
    parser.add_argument("--repeat", type=int, default=3, help="turns that are counted")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--smoke", action="store_true", help="few items and one turn: does it run at all?")
    options = parser.parse_args()
    if options.smoke:
        options.models, options.secrets, options.repeat = 30, 200, 1
    if min(options.models // 20, options.secrets // 200, options.repeat) < 1:
        parser.error("at least 20 models, 200 secrets and one turn")
    return options


def main() -> int:
    """Measure, print the table, and return the exit code."""
    options = _arguments()
    rows: list[Row] = []
    parts = ((chains, options.models), (imports, options.secrets // 10), (vaults, options.secrets))
    with tempfile.TemporaryDirectory(prefix="llmconf-benchmark-") as temporary:
        for part, size in parts:
            folder = Path(temporary) / part.__name__
            folder.mkdir()
            rows += part(folder, (size // 10, size), options.repeat)
    print(render(rows))
    if options.json:
        options.json.write_text(json.dumps({"rows": as_data(rows)}, indent=2) + "\n", encoding="utf-8")
    return 1 if any(row.note.startswith("llmconf:") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
