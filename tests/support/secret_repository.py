"""A git repository with a vault, for tests of diffs, hooks and merges: real git, real commands, a home of its own."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fork_server
from commands import EXAMPLES, TODAY, edit

OPENAI, SPARE = "credential/openai/main", "credential/spare/main"
FIRST = "sk-proj-FAKEfakeFAKEfakeFAKEfakeFAKEfakeFAKEfake01AAAA"
SECOND = "sk-proj-FAKEfakeFAKEfakeFAKEfakeFAKEfakeFAKEfake02BBBB"
THIRD = "sk-proj-FAKEfakeFAKEfakeFAKEfakeFAKEfakeFAKEfake03CCCC"
"""Secrets that are none."""

_SPARE = """\
kind: Provider
name: spare
type: openai
endpoints:
  - name: global
    url: https://api.openai.com/v1
    default: true
    credential: main
  - name: two
    url: https://api.openai.com/v1
    credential: second
  - name: three
    url: https://api.openai.com/v1
    credential: third
credentials:
  - name: main
    hosts: [api.openai.com]
    api_key: {first}
    # A line between two secrets, so that git can merge changes of both.
  - name: second
    hosts: [api.openai.com]
    api_key: {third}
    # A line between two secrets, so that git can merge changes of both.
  - name: third
    hosts: [api.openai.com]
    # A line between the hosts and the secret, for the same reason.
    api_key: env:SPARE_API_KEY
models: [{{id: gpt-5}}]
"""


@dataclass
class Repository:
    """A project in a git repository; `top` is the repository's root, `home` where its user keeps the key."""

    root: Path
    top: Path
    home: Path

    @property
    def key(self) -> Path:
        return self.home / "key.txt"

    def environment(self, *, key: bool = True) -> dict[str, str]:
        """Return an environment without the developer's settings, in which git finds llmconf."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "LLMCONF_", "SOPS_", "XDG_"))}
        identity = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Test"), ("EMAIL", "test@example.org"))
        }
        own = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "GIT_CONFIG_GLOBAL": str(self.home / "gitconfig"),
            "GIT_CONFIG_SYSTEM": os.devnull,
            "LLMCONF_AGE_KEY_FILE": str(self.key if key else self.home / "no-key.txt"),
            "PATH": f"{self.home / 'bin'}{os.pathsep}{kept['PATH']}",
        }
        return {**kept, **identity, **own}

    def llmconf(
        self, *args: str, stdin: str = "", key: bool = True, status: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run the command; it has to end with `status`, where that is not None."""
        done = fork_server.run([*args], self.root, self.environment(key=key), stdin)
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return done

    def try_git(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run git, whether it succeeds or not."""
        return subprocess.run(
            ["git", *args], cwd=self.root, env=self.environment(), check=False, capture_output=True,
            text=True, encoding="utf-8", errors="replace", timeout=120,
        )  # fmt: skip

    def git(self, *args: str) -> str:
        """Run git, which has to succeed without a complaint."""
        done = self.try_git(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit all that changed."""
        self.git("add", "--all", ".")
        self.git("commit", "--quiet", f"--message={message}")

    def clone(self, name: str) -> Repository:
        """Return a clone of the repository, as a colleague has it: with trust of its own, and the same key."""
        root = self.home.parent / name
        self.git("clone", "--quiet", str(self.top), str(root))
        return Repository(root / self.root.relative_to(self.top), root, self.home)

    def merge(self, other: Repository) -> list[str]:
        """Merge the work of a clone, and return the files in conflict; without one the merge is committed."""
        self.git("fetch", "--quiet", str(other.top), "HEAD")
        done = self.try_git("merge", "--no-edit", "FETCH_HEAD")
        conflicts = self.git("diff", "--name-only", "--diff-filter=U").split()
        assert (done.returncode == 0) == (not conflicts), done.stdout + done.stderr
        return conflicts

    def take(self, side: str, conflicts: list[str]) -> None:
        """End a merge with one side, `ours` or `theirs`, of each file in conflict."""
        for name in conflicts:
            self.git("checkout", f"--{side}", "--", name)
        self.commit("Merge")

    def validate(self, status: int = 0) -> str:
        """Validate without any key and return what is said."""
        return self.llmconf("validate", "--no-cache", "--today", TODAY, key=False, status=status).stdout

    def kids(self) -> set[str]:
        """Return the ids of the keys under which something is sealed."""
        texts = [file.read_text(encoding="utf-8") for file in (self.root / "config").rglob("*.yaml")]
        return {kid for text in texts for kid in re.findall(r"ENC\(v1;k=([a-z2-7]+)", text)}

    def secret(self, identity: str) -> str:
        """Return an opened secret."""
        return self.llmconf("secrets", "get", identity, "api_key", "--reveal").stdout.rstrip("\n")


def new_repository(tmp_path: Path, *, folder: str = "") -> Repository:
    """Return a repository with two providers, three secrets and one key, all of it committed on `main`."""
    made = _made(folder)
    copy = tmp_path / "copy"
    shutil.copytree(made.home.parent, copy, symlinks=True)
    top = copy / "repository"
    return Repository(top / made.root.relative_to(made.top), top, copy / "home")


@cache
def _made(folder: str) -> Repository:
    """Make the repository once, with the real commands; tests get copies of it, trust in its key included."""
    temporary = tempfile.TemporaryDirectory(prefix="llmconf-repository-")
    atexit.register(temporary.cleanup)
    top, home = Path(temporary.name, "repository"), Path(temporary.name, "home")
    (home / "bin").mkdir(parents=True)
    (home / "gitconfig").write_text("[core]\n\tpager = cat\n", encoding="utf-8")
    script = home / "bin" / "llmconf"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m llmconf "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    root = top / folder
    shutil.copytree(EXAMPLES / "minimal", root, ignore=shutil.ignore_patterns("dist"))
    repository = Repository(root, top, home)
    edit(root / "config" / "openai.yaml", "env:OPENAI_API_KEY", FIRST)
    (root / "config" / "spare.yaml").write_text(_SPARE.format(first=FIRST, third=THIRD), encoding="utf-8")
    repository.git("init", "--quiet", "--initial-branch=main", str(top))
    repository.llmconf("secrets", "keygen", "--out", str(repository.key))
    repository.llmconf("secrets", "init")
    repository.llmconf("secrets", "encrypt")
    repository.commit("Begin")
    return repository
