"""Small projects with a vault, for tests that use the library in this process, and what tests of the commands share."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commands import tree
from secret_support import Lab

from llmconf.check import rules
from llmconf.project.load import load_project
from llmconf.secrets import keys
from llmconf.secrets.fields import find_sites
from llmconf.secrets.sealing import Workspace
from llmconf.secrets.vault import age
from llmconf.secrets.vault.files import Recipient
from llmconf.secrets.vault.keyring import Keyring
from llmconf.workspace.tree import FolderTree

SECRET = "fakeFAKEfakeFAKEfakeFAKEfakeFAKE1234"
OTHER = "otherOTHERotherOTHERotherOTHERother9"
LLMCONF_YAML = "version: 1\nname: scratch\n"


@dataclass
class Scratch:
    """A project that one identity, kept in memory, can open."""

    root: Path
    identity: str
    public: str

    def work(self, *, key: bool = True) -> Workspace:
        """Read the project again and return it with its keys, as each command does."""
        identities = age.Identities()
        if key:
            identities = age.Identities([age.pyrage.x25519.Identity.from_str(self.identity)], [self.public])
        keyring = Keyring(self.root, self.root.parent / "pins.json", identities)
        project = load_project(FolderTree(self.root))
        return Workspace(project, keyring, lambda code: rules.has(code, "hides_secrets"))

    def opened(self) -> dict[tuple[str, str, str], str]:
        """Open all tokens of the project: layer, identity and field, and the secret."""
        work = self.work()
        return {
            (site.slot.layer, site.slot.identity, site.slot.field): work.keyring.open(site.value, site.slot)
            for site in find_sites(work.project)
        }


def scratch(
    target: Path, files: Mapping[str, str | bytes], *, vaults: tuple[str, ...] = ("default",)
) -> Scratch:
    """Write a project with these files and make the first key of its vaults."""
    root = target / "scratch"
    for name, content in {"llmconf.yaml": LLMCONF_YAML, **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    identity, public = age.generate()
    made = Scratch(root, identity, public)
    for vault in vaults:
        keys.init(made.work(), vault, [Recipient("alice", public)])
    return made


def provider(api_key: str, name: str = "openai") -> str:
    """Return a provider of a type without fixed hosts and with one credential, whose key is written as given."""
    return (
        f"kind: Provider\nname: {name}\ntype: openai_compatible\n"
        f"endpoints:\n  - name: main\n    url: https://{name}.example.org/v1\n"
        f"credentials:\n  - name: main\n    api_key: {api_key}\n"
    )


def everything(_: str) -> bool:
    """Pick all files."""
    return True


MAIN = ("credential/openai/main", "api_key")
NEW_KEY = "sk-proj-fakeCANARYchangedCANARYfakeCANARYchangedHH"


def ok(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command said that has to have worked."""
    assert done.returncode == 0, done.stderr
    return done.stdout


def opened(lab: Lab, *args: str) -> str:
    """Return an opened secret of a lab."""
    return ok(lab.run("secrets", "get", *(args or MAIN), "--reveal")).removesuffix("\n")


def program(name: str) -> str:
    """Return a program that the tests need."""
    found = shutil.which(name)
    assert found, f"`{name}` is missing: Debian has it in the package `{'openssh-client' if 'ssh' in name else 'age'}`"
    return found


def files(lab: Lab) -> dict[str, bytes]:
    """Return the files of a lab's project, without those of git."""
    return {name: data for name, data in tree(lab.root).items() if not name.startswith(".git/")}
