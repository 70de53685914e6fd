"""What the tests of commands are given: a repository with a vault, and this program as pre-commit installs it."""

import shutil
from pathlib import Path

import pytest
from commands import REPOSITORY, commit_all
from secret_repository import Repository, new_repository

IGNORED = shutil.ignore_patterns(
    ".git",
    ".tools",
    ".venv",
    "*.egg-info",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "dist",
    "tests",
)


def _ignored(folder: str, names: list[str]) -> set[str]:
    # `build` at the root is what packaging leaves behind; `llmconf/build` is a package.
    return IGNORED(folder, names) | ({"build"} if Path(folder) == REPOSITORY else set())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A project with sealed secrets in a git repository."""
    return new_repository(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this program as its only commit, as users name it in their configuration."""
    root = tmp_path_factory.mktemp("published") / "llmconf"
    shutil.copytree(REPOSITORY, root, ignore=_ignored)
    commit_all(root)
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of pre-commit, so that the hook is installed once and away from the developer's own."""
    return tmp_path_factory.mktemp("home")
