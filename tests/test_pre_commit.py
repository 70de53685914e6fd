"""The hook, installed by the real pre-commit from a clone of this repository, in a real git repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support import REPOSITORY, commit_all, copy_example, edit, git

PRE_COMMIT = Path(sys.executable).with_name("pre-commit")
IGNORED = shutil.ignore_patterns(
    ".git",
    ".tools",
    ".venv",
    "*.egg-info",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "build",
    "dist",
    "tests",
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this program as its only commit, as users name it in their configuration."""
    root = tmp_path_factory.mktemp("published") / "llmconf"
    shutil.copytree(REPOSITORY, root, ignore=IGNORED)
    commit_all(root)
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of pre-commit, so that the hook is installed once and away from the developer's own."""
    return tmp_path_factory.mktemp("home")


class Repository:
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


@pytest.fixture
def repository(tmp_path: Path, published: Path, home: Path) -> Repository:
    return Repository(copy_example("minimal", tmp_path), published, home)


def test_the_hook_is_described() -> None:
    text = (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hook, *_ = YAML(typ="safe", pure=True).load(text)
    assert hook["id"] == "llmconf-validate"
    assert hook["entry"] == "llmconf validate --if-present"
    assert (hook["always_run"], hook["pass_filenames"], hook["require_serial"]) == (True, False, True)
    assert hook["description"]
    done = subprocess.run([PRE_COMMIT, "validate-manifest", REPOSITORY / ".pre-commit-hooks.yaml"], check=False)
    assert done.returncode == 0


def test_good_commits_pass_and_bad_ones_do_not(repository: Repository) -> None:
    config = repository.root / "config" / "openai.yaml"
    edit(config, 'context: 400000\n    price: {input: "1.25"', 'context: 300000\n    price: {input: "1.25"')
    passed, said = repository.commit()
    assert passed, said
    assert "llmconf validate" in said
    assert "Passed" in said

    edit(config, "endpoints:", "enpoints:")
    passed, said = repository.commit()
    assert not passed
    assert "LCS003" in said
    assert "did you mean `endpoints`?" in said
    edit(config, "enpoints:", "endpoints:")

    (repository.root / "notes.txt").write_text("not YAML\n", encoding="utf-8")
    passed, said = repository.commit()
    assert passed, said


def test_a_commit_that_only_deletes_a_used_provider_fails(repository: Repository) -> None:
    (repository.root / "config" / "routes.yaml").write_text(
        "kind: Route\nname: other\ntargets: [{model: spare/gpt-5}]\n", encoding="utf-8"
    )
    provider = repository.root / "config" / "spare.yaml"
    provider.write_text(
        "kind: Provider\nname: spare\ntype: openai\n"
        "endpoints: [{name: main, url: https://api.openai.com/v1}]\n"
        "credentials: [{name: main, api_key: env:SPARE_API_KEY}]\nmodels: [{id: gpt-5}]\n",
        encoding="utf-8",
    )
    passed, said = repository.commit()
    assert passed, said
    provider.unlink()
    assert git("status", "--porcelain", cwd=repository.root) == " D config/spare.yaml\n"
    passed, said = repository.commit()
    assert not passed
    assert "LCR002" in said
    assert "config/routes.yaml" in said


def test_outside_of_a_llmconf_repository_the_hook_passes(tmp_path: Path, published: Path, home: Path) -> None:
    (tmp_path / "README.md").write_text("Nothing to configure.\n", encoding="utf-8")
    repository = Repository(tmp_path, published, home)
    (tmp_path / "config.yaml").write_text("kind: Provder\n", encoding="utf-8")
    passed, said = repository.commit()
    assert passed, said
    assert "Passed" in said
