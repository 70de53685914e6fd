"""A folder and the commit that was made of it are the same tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import commit_all, git

from llmconf.core.errors import UsageError
from llmconf.workspace.tree import Entry, FolderTree, RevisionTree, Tree, TreeError, revision_tree

_LIMIT = 1000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with every kind of entry that git can hold."""
    root = tmp_path / "project"
    (root / "config" / "deep" / "er").mkdir(parents=True)
    (root / "config" / "one.yaml").write_text("one: 1\n")
    (root / "config" / "ü ñ.yaml").write_text("ü: 1\n")
    (root / "config" / "deep" / "er" / "two.yaml").write_bytes(b"two: 2\r\n")
    (root / "config" / "empty.yaml").touch()
    (root / "config" / "tool").write_text("#!/bin/sh\n")
    (root / "config" / "tool").chmod(0o755)
    (root / "config" / "inside.yaml").symlink_to("deep/er/two.yaml")
    (root / "config" / "chain.yaml").symlink_to("../config/inside.yaml")
    (root / "config" / "outside.yaml").symlink_to("../../secret")
    (root / "config" / "absolute.yaml").symlink_to("/etc/hostname")
    (root / "config" / "gone.yaml").symlink_to("nowhere.yaml")
    (root / "linked").symlink_to("config")
    (tmp_path / "secret").write_text("not for readers\n")
    return root


@pytest.fixture
def trees(root: Path) -> Iterator[tuple[FolderTree, RevisionTree]]:
    commit_all(root)
    revision = revision_tree(root, "HEAD")
    yield FolderTree(root), revision
    revision.close()


def _all(tree: Tree, folder: str = "") -> dict[str, Entry]:
    found = {}
    for entry in tree.entries(folder):
        if entry.name == ".git":
            continue
        path = f"{folder}/{entry.name}".removeprefix("/")
        found[path] = entry._replace(stamp=())
        if entry.kind == "folder":
            found |= _all(tree, path)
    return found


def test_both_list_the_same_entries(trees: tuple[FolderTree, RevisionTree]) -> None:
    folder, revision = map(_all, trees)
    # The system tells of a link to nowhere, and of one out of the tree that leads nowhere, in its own words.
    assert folder == revision
    assert {path: entry.kind for path, entry in folder.items()} == {
        "config": "folder",
        "config/absolute.yaml": "outside",
        "config/chain.yaml": "file",
        "config/deep": "folder",
        "config/deep/er": "folder",
        "config/deep/er/two.yaml": "file",
        "config/empty.yaml": "file",
        "config/gone.yaml": "unreadable",
        "config/inside.yaml": "file",
        "config/one.yaml": "file",
        "config/outside.yaml": "outside",
        "config/tool": "file",
        "config/ü ñ.yaml": "file",
        "linked": "folder_link",
    }


def test_both_tell_the_kind_of_one_entry(trees: tuple[FolderTree, RevisionTree]) -> None:
    for path, entry in _all(trees[0]).items():
        for tree in trees:
            found = tree.entry(path)
            assert found is not None
            assert found._replace(stamp=()) == entry
    for tree in trees:
        assert tree.entry("config/nothing.yaml") is None
        assert tree.entry("config/one.yaml/more") is None
        assert tree.entries("nothing") == []


def test_both_read_the_same_bytes(trees: tuple[FolderTree, RevisionTree]) -> None:
    for path, entry in _all(trees[0]).items():
        if entry.kind == "file":
            folder, revision = (tree.read(path, _LIMIT) for tree in trees)
            assert folder == revision
            assert len(folder) == entry.size
    assert [tree.read("config/chain.yaml", 4) for tree in trees] == [b"two:", b"two:"]


@pytest.mark.parametrize("path", ["config/outside.yaml", "config/absolute.yaml", "config/gone.yaml", "config", "nothing"])
def test_neither_reads_what_is_no_file_of_the_tree(trees: tuple[FolderTree, RevisionTree], path: str) -> None:
    for tree in trees:
        with pytest.raises(TreeError) as caught:
            tree.read(path, _LIMIT)
        assert str(caught.value)


def test_a_file_below_a_linked_folder_is_read_only_if_the_folder_is_inside(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.yaml").write_text("secret: 1\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "config").symlink_to("../elsewhere")
    with pytest.raises(TreeError, match="out of the repository"):
        FolderTree(tmp_path / "project").read("config/x.yaml", _LIMIT)


def test_a_revision_is_read_as_it_was_committed(root: Path, tmp_path: Path) -> None:
    (root / ".gitattributes").write_text("*.yaml filter=evil text eol=crlf\n")
    commit_all(root)
    mark = tmp_path / "mark"
    for kind in ("smudge", "clean"):
        git("config", f"filter.evil.{kind}", f"touch {mark}; cat", cwd=root)
    (root / "config" / "one.yaml").write_text("one: changed\n")
    tree = revision_tree(root, "HEAD")
    assert tree.read("config/one.yaml", _LIMIT) == b"one: 1\n"
    tree.close()
    assert not mark.exists()


def test_a_project_in_a_folder_of_its_repository(root: Path) -> None:
    commit_all(root)
    tree = revision_tree(root / "config", "main")
    assert "one.yaml" in _all(tree)
    # From here, what lies beside the folder is outside.
    assert _all(tree)["chain.yaml"].kind == "outside"
    tree.close()
    (root / "later").mkdir()
    later = revision_tree(root / "later", "HEAD")
    assert later.entries("") == []
    later.close()


def test_a_submodule_is_no_folder(root: Path) -> None:
    commit_all(root)
    commit = git("rev-parse", "HEAD", cwd=root).strip()
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},config/module", cwd=root)
    git("commit", "--quiet", "--message=module", cwd=root)
    tree = revision_tree(root, "HEAD")
    assert tree.entry("config/module") == Entry("module", "other")
    assert tree.entries("config/module") == []
    tree.close()


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    root = tmp_path / "odd"
    root.mkdir()
    (root / os.fsdecode(b"\xff.yaml")).write_text("a: 1\n")
    commit_all(root)
    tree = revision_tree(root, "HEAD")
    assert _all(tree) == _all(FolderTree(root))
    tree.close()


@pytest.mark.parametrize("revision", ["nothing", "HEAD~1", "--help", "", "HEAD:config", "-q\nHEAD"])
def test_an_unknown_revision_is_refused(root: Path, revision: str) -> None:
    commit_all(root)
    with pytest.raises(UsageError, match="no revision"):
        revision_tree(root, revision)


def test_outside_of_git(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no git repository"):
        revision_tree(tmp_path, "HEAD")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    root = tmp_path / "circle"
    root.mkdir()
    (root / "a.yaml").symlink_to("b.yaml")
    (root / "b.yaml").symlink_to("a.yaml")
    (root / "c.yaml").write_text("c: 1\n")
    commit_all(root)
    tree = revision_tree(root, "HEAD")
    for each in (tree, FolderTree(root)):
        found = each.entry("a.yaml")
        assert found is not None
        assert found.kind in ("other", "unreadable")
        with pytest.raises(TreeError):
            each.read("a.yaml", _LIMIT)
    tree.close()
