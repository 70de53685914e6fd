"""A git repository whose commits go through a hook of this program, which the real pre-commit has installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from commands import commit_all, git

PRE_COMMIT = Path(sys.executable).with_name("pre-commit")


class Hooked:
    """A git repository whose commits go through the hook."""

    def __init__(self, root: Path, published: Path, home: Path) -> None:
        self.root, self.home = root, home
        commit = git("rev-parse", "HEAD", cwd=published).strip()
        (root / ".pre-commit-config.yaml").write_text(
            f"repos:\n  - repo: {published.as_uri()}\n    rev: {commit}\n    hooks:\n      - id: llmconf-validate\n",
            encoding="utf-8",
        )
        commit_all(root)
        self.run(str(PRE_COMMIT), "install")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "LLMCONF_"))}
        # The hook has an environment of its own; what tests use to find the package must not leak into it.
        clean.pop("PYTHONPATH", None)
        settings = {
            "PRE_COMMIT_HOME": str(self.home / "pre-commit"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org",
            "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.org",
        }  # fmt: skip
        return subprocess.run(
            command, cwd=self.root, check=False, capture_output=True, text=True, env={**clean, **settings}
        )

    def commit(self) -> tuple[bool, str]:
        """Commit all changes; return whether there is a new commit, and what was said."""
        before = git("rev-parse", "HEAD", cwd=self.root)
        git("add", "--all", cwd=self.root)
        done = self.run("git", "commit", "--message=A change")
        assert (done.returncode == 0) == (git("rev-parse", "HEAD", cwd=self.root) != before)
        return done.returncode == 0, done.stdout + done.stderr
