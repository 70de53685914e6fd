"""What the tests of secrets share: a project with a vault, an identity, and a machine of its own to run on.

The machine is an environment with nothing of the developer's in it: its own home, its own folders for
configuration, cache and state, and, where a test plays CI, variables that must not get out.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import fork_server
from commands import commit_all, copy_example

OPENAI_KEY = "sk-proj-fakeCANARYopenaiCANARYfakeCANARYopenaiAAAA"
ANTHROPIC_KEY = "sk-ant-fakeCANARYanthropicCANARYfakeCANARYBBBB"
GATEWAY_KEY = "fakeCANARYgatewayCANARYheaderCANARYfakeCCCC"
PROD_KEY = "sk-proj-fakeCANARYprodCANARYfakeCANARYprodfakeDDDD"
SEALED = (OPENAI_KEY, ANTHROPIC_KEY, GATEWAY_KEY, PROD_KEY)
"""Secrets that the lab holds sealed. All of them are made up."""

CI_SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "fakeCANARYawsCANARYfakeCANARYawsEEEE",
    "GITHUB_TOKEN": "ghp_fakeCANARYgithubCANARYfakeFFFF",
}
"""Variables of a CI job that no pull request may get at."""

_PROJECT = """\
version: 1
name: lab
environments:
  dev: {}
  prod: {vault: prod}
targets:
  litellm: {}
"""
_ANTHROPIC = f"""\
kind: Provider
name: anthropic
type: anthropic
endpoints:
  - name: global
    url: https://api.anthropic.com
credentials:
  - name: main
    api_key: {ANTHROPIC_KEY}
models:
  - id: claude-fake
    capabilities: [chat]
"""
_GATEWAY = f"""\
kind: Provider
name: gateway
type: vllm
endpoints:
  - name: inner
    url: https://llm.example.org/v1
    headers: {{X-Api-Key: {GATEWAY_KEY}}}
models:
  - id: local-fake
    capabilities: [chat]
"""
_PROD = f"""\
kind: Provider
name: openai
credentials:
  - name: main
    api_key: {PROD_KEY}
"""


@dataclass
class Lab:
    """A project with two vaults in a git repository, on a machine of its own."""

    root: Path
    home: Path
    identity: str
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self, *, key: bool = True, ci: bool = False) -> dict[str, str]:
        """Return the whole environment of a process: nothing of the developer's is in it."""
        found = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "TMPDIR": str(self.home / "tmp"),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            # Nothing that a test does leaves this machine.
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            **self.extra,
        }
        if key:
            found["LLMCONF_AGE_KEY"] = self.identity
        return found | (CI_SECRETS if ci else {})

    def run(
        self,
        *args: str | Path,
        key: bool = True,
        ci: bool = False,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in the lab and return what it said."""
        environment = {**self.environment(key=key, ci=ci), **(env or {})}
        return fork_server.run([str(arg) for arg in args], self.root, environment, stdin)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project, as a pull request does."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that occurs exactly once in a file."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def token(self, name: str, index: int = 0) -> str:
        """Return a token that stands in a file."""
        text = (self.root / name).read_text(encoding="utf-8")
        return "ENC(" + text.split("ENC(")[index + 1].split(")")[0] + ")"

    def kid(self, vault: str = "default") -> str:
        """Return the id of the one key of a vault."""
        (kid,) = (folder.name for folder in (self.root / "keys" / vault).iterdir() if folder.name != "recipients")
        return kid

    @contextlib.contextmanager
    def inside(self, *, key: bool = True) -> Iterator[None]:
        """Let this very process be on the lab's machine, to use the library there."""
        before, inside = dict(os.environ), self.environment(key=key)
        os.environ.clear()
        os.environ.update(inside)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def new_identity() -> tuple[str, str]:
    """Return an age identity and its public key."""
    from llmconf.secrets.vault import age

    return age.generate()


@cache
def _template() -> tuple[Path, str]:
    """Make the lab once: everything in it is sealed by the real command."""
    base = Path(mkdtemp(prefix="llmconf-lab-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    identity, public = new_identity()
    lab = Lab(copy_example("minimal", base), base / "home", identity)
    (lab.home / "tmp").mkdir(parents=True)
    lab.write("llmconf.yaml", _PROJECT)
    lab.edit("config/openai.yaml", "env:OPENAI_API_KEY", OPENAI_KEY)
    lab.write("config/anthropic.yaml", _ANTHROPIC)
    lab.write("config/gateway.yaml", _GATEWAY)
    lab.write("environments/prod/openai.yaml", _PROD)
    commit_all(lab.root)
    for args in (
        ("secrets", "init", "--recipient", f"alice={public}"),
        ("secrets", "init", "--vault", "prod", "--recipient", f"alice={public}"),
        ("secrets", "encrypt"),
    ):
        done = lab.run(*args)
        assert done.returncode == 0, done.stderr
    commit_all(lab.root)
    return base, identity


def make_lab(target: Path) -> Lab:
    """Copy the lab to a new folder: project, git repository with its pins, and home."""
    base, identity = _template()
    shutil.copytree(base, target / "lab", symlinks=True)
    return Lab(target / "lab" / "minimal", target / "lab" / "home", identity)


def leaks(text: str | bytes, secrets: Iterable[str]) -> list[str]:
    """Return the secrets that stand in a text, whole or as half of them."""
    data = text.encode() if isinstance(text, str) else text
    return [secret for secret in secrets if _parts(secret) & _windows(data, secret)]


def _parts(secret: str) -> set[bytes]:
    half = len(secret) // 2
    return {secret[:half].encode(), secret[half:].encode()}


def _windows(data: bytes, secret: str) -> set[bytes]:
    return {part for part in _parts(secret) if part in data}


def search(folders: Iterable[Path], secrets: Iterable[str]) -> list[str]:
    """Return the files below some folders that hold one of the secrets, with which."""
    wanted = list(secrets)
    found = []
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                found += [f"{file}: {secret}" for secret in leaks(file.read_bytes(), wanted)]
    return found
