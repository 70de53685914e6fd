"""Measures what secrets cost: sealing and opening many, and rotating a repository beside a ruamel round trip.

python benchmarks/sealing.py [--values 10000] [--files 1000] [--repeat 5] [--json FILE] [--smoke]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import programs
from measure import Program, in_turns, interleave
from table import Row, as_data, compare, render

from llmconf.check import rules
from llmconf.project.load import load_project
from llmconf.secrets import keys, seal
from llmconf.secrets.fields import Site, find_sites
from llmconf.secrets.sealing import Workspace
from llmconf.secrets.vault import age, token
from llmconf.secrets.vault.files import Recipient
from llmconf.secrets.vault.keyring import Keyring
from llmconf.workspace.tree import FolderTree

BAR = 500
"""Milliseconds that 10,000 secrets may take beyond parsing."""
AT = 10_000
SECRET = "fakeBENCHMARKfakeBENCHMARKfake{:06}"
DOCUMENT = """\
# Provider {i}, with a comment that has to stay.
kind: Provider
name: p{i}
type: openai_compatible
endpoints:
  - name: main
    url: https://p{i}.example.org/v1 # its only one
credentials:
  - name: main
    hosts: [p{i}.example.org]
    api_key: {secret}
models:
  - {{id: model-a, capabilities: [chat]}}
  - {{id: model-b, capabilities: [chat, vision]}}
"""


def project(folder: Path, count: int) -> tuple[Path, str]:
    """Write a project of files with one secret each, seal them, and return its root and the identity."""
    root = folder / "repository"
    (root / "config").mkdir(parents=True)
    (root / "llmconf.yaml").write_text("version: 1\nname: benchmark\n", encoding="utf-8")
    for i in range(count):
        text = DOCUMENT.format(i=i, secret=SECRET.format(i))
        (root / "config" / f"p{i}.yaml").write_text(text, encoding="utf-8")
    identity, public = age.generate()
    keys.init(workspace(root, identity), "default", [Recipient("me", public)])
    seal.encrypt(workspace(root, identity), lambda _: True)
    return root, identity


def workspace(root: Path, identity: str) -> Workspace:
    """Return a project with its keys, which this clone trusts from a file beside it."""
    known = age.Identities([age.pyrage.x25519.Identity.from_str(identity)])
    keyring = Keyring(root, root.parent / "pins.json", known)
    return Workspace(load_project(FolderTree(root)), keyring, lambda code: rules.has(code, "hides_secrets"))


def values(folder: Path, count: int, rounds: int) -> list[Row]:
    """Measure sealing and opening in turns with reading the project that they stand in."""
    root, identity = project(folder / "values", count)
    work = workspace(root, identity)
    sites = find_sites(work.project)
    key = work.keyring.sealing_key("default")
    opened = [work.keyring.open(site.value, site.slot) for site in sites]

    def seal_one(site: Site, plaintext: str) -> str:
        return token.seal(plaintext, key, site.slot)

    actions: dict[str, Callable[[], object]] = {
        "read": lambda: find_sites(load_project(FolderTree(root))),
        "seal": lambda: list(map(seal_one, sites, opened)),
        "open": lambda: [work.keyring.open(site.value, site.slot) for site in sites],
    }
    found = in_turns(actions, rounds)
    rows = []
    for name in ("seal", "open"):
        rows.append(compare(f"{name} each value", count, found[name], ("reading the project", found["read"])))
        spent = found[name].median * 1000
        bar = BAR if count == AT else None
        rows.append(Row(f"{name}, beyond parsing", count, found[name].median, ratio=spent, bar=bar, unit=" ms"))
    return rows


def rotating(folder: Path, count: int, rounds: int) -> list[Row]:
    """Measure a rotation of a repository beside programs that edit the same files without any cryptography."""
    root, identity = project(folder / "rotate", count)
    other, _ = project(folder / "ruamel", count)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LLMCONF_", "SOPS_"))},
        "LLMCONF_AGE_KEY": identity,
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    found = interleave(
        [
            Program("mine", programs.llmconf("-C", str(root), "secrets", "rotate")),
            Program("validate", programs.llmconf("-C", str(root), "validate", "--no-cache", "--jobs", "1")),
            Program("ruamel", programs.python(str(programs.HERE / "peers" / "roundtrip.py"), str(other / "config"))),
        ],
        rounds,
        env,
    )
    mine = found["mine"]
    return [
        compare("secrets rotate", count, mine, ("ruamel round trip", found["ruamel"])),
        compare("secrets rotate", count, mine, ("validate, one process", found["validate"])),
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what secrets cost.")
    parser.add_argument("--values", type=int, default=AT, help="secrets that are sealed and opened")
    parser.add_argument("--files", type=int, default=1000, help="files of the repository that is rotated")
    parser.add_argument("--repeat", type=int, default=5, help="turns that are counted")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--smoke", action="store_true", help="20 of each and one turn: does it run at all?")
    options = parser.parse_args()
    if options.smoke:
        options.values, options.files, options.repeat = 20, 20, 1
    if min(options.values, options.files, options.repeat) < 1:
        parser.error("each number is at least 1")
    return options


def main() -> int:
    """Measure, print the table, and return the exit code."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="llmconf-benchmark-") as temporary:
        folder = Path(temporary)
        # The programs first: a new process counts the memory of the one that started it.
        rows = rotating(folder, options.files, options.repeat) + values(folder, options.values, options.repeat)
    print(render(rows))
    if options.json:
        options.json.write_text(json.dumps({"rows": as_data(rows)}, indent=2) + "\n", encoding="utf-8")
    return 1 if any(row.note.startswith("llmconf:") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
