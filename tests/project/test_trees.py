"""A project is the same, whether it is read from a folder or from the commit that was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from commands import TODAY, commit_all, copy_example, edit, git

from llmconf import api
from llmconf.core.errors import RefusedError
from llmconf.project.checked import Checked
from llmconf.workspace.tree import FolderTree, RevisionTree, Tree, revision_tree

DAY = date.fromisoformat(TODAY)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    root = copy_example("acme", tmp_path)
    commit_all(root)
    return root


@pytest.fixture
def committed(acme: Path) -> Iterator[RevisionTree]:
    tree = revision_tree(acme, "HEAD")
    yield tree
    tree.close()


def _data(checked: Checked) -> dict[str | None, dict[str, object]]:
    return {
        name: {resource.identity: (resource.data, resource.layers) for resource in env}
        for name, env in checked.environments.items()
    }


def _check(tree: Tree) -> Checked:
    return api.validate(tree, today=DAY)


def test_acme_is_the_same_from_a_folder_and_from_a_commit(acme: Path, committed: RevisionTree) -> None:
    folder, revision = _check(FolderTree(acme)), _check(committed)
    assert folder.diagnostics == revision.diagnostics == []
    assert [file.name for file in folder.project.files] == [file.name for file in revision.project.files]
    assert folder.resources == revision.resources == 161
    assert _data(folder) == _data(revision)


def test_a_commit_stays_what_it_was(acme: Path, committed: RevisionTree) -> None:
    before = _data(_check(committed))
    edit(acme / "config/providers/openai.yaml", "name: openai\n", "name: opanai\n")
    assert _check(FolderTree(acme)).diagnostics != []
    assert _data(_check(committed)) == before


def test_findings_have_their_place_in_a_commit_too(acme: Path) -> None:
    edit(acme / "config/providers/openai.yaml", "name: openai\n", "name: opanai\n")
    git("commit", "--all", "--quiet", "--message=A slip", cwd=acme)
    tree = revision_tree(acme, "HEAD")
    assert _check(tree).diagnostics == _check(FolderTree(acme)).diagnostics != []
    tree.close()


def test_a_commit_has_no_folder_to_write_to(committed: RevisionTree) -> None:
    with pytest.raises(RefusedError, match="cannot be changed"):
        _ = _check(committed).project.root
