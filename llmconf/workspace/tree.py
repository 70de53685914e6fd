"""A tree of files as a value that lists and reads: a folder of this machine, or a revision in git.

Whoever reads a project takes a tree and never a path, so that two revisions can be compared without a checkout.
Paths within a tree are relative to its root, with `/` between the steps; the root itself is the empty path.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from llmconf.core.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from llmconf.workspace.objects import GitObjects

Kind = Literal["file", "folder", "folder_link", "outside", "other", "unreadable"]
"""The kind of an entry: a regular file or a link to one within the tree, a folder, a link to a folder, a link that
leads out of the tree, anything else (a device, a submodule), or an entry that cannot be read."""


class Entry(NamedTuple):
    """An entry of a folder. `size` is in bytes; `stamp` changes if the file may have changed, and is empty in git.

    `is_link` tells whether a file is reached through a link. `reason` says why an entry is `unreadable`.
    """

    name: str
    kind: Kind
    size: int = 0
    stamp: tuple[int, ...] = ()
    is_link: bool = False
    reason: str = ""


class TreeError(Exception):
    """A folder or file of a tree cannot be read; the message says why."""


class Tree(Protocol):
    """What both kinds of trees can do."""

    def entries(self, folder: str) -> list[Entry]:
        """Return the entries of a folder, sorted by name; none if it is missing. Raises TreeError."""
        ...

    def entry(self, path: str) -> Entry | None:
        """Return the entry at a path, or None if nothing is there."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """Return the content of a file, at most `limit` bytes of it. Raises TreeError, also if it lies outside."""
        ...


class FolderTree:
    """The files below a folder. A link is read only if it leads to a file below the same folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)
        self._inside: dict[str, bool] = {}
        """Whether a folder lies below the root, determined once for all files in it."""

    def entries(self, folder: str) -> list[Entry]:
        """Return the entries of a folder, sorted by name; none if it is missing. Raises TreeError."""
        try:
            with os.scandir(self._path(folder)) as found:
                return sorted(map(self._entry_of, found))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TreeError(error.strerror or str(error)) from None

    def entry(self, path: str) -> Entry | None:
        """Return the entry at a path, or None if nothing is there."""
        name, real = path.rpartition("/")[2], self._path(path)
        try:
            info = os.lstat(real)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return _unreadable(name, error)
        try:
            return self._linked(name, real) if stat.S_ISLNK(info.st_mode) else _described(name, info)
        except OSError as error:
            return _unreadable(name, error)

    def read(self, path: str, limit: int) -> bytes:
        """Return the content of a file, at most `limit` bytes of it. Raises TreeError, also if it lies outside."""
        real = self._path(path)
        folder = os.path.dirname(real)  # noqa: PTH120 - a Path for each of many files costs more than the call
        if folder not in self._inside:
            self._inside[folder] = self._is_inside(folder)
        if not self._inside[folder] or (os.path.islink(real) and not self._is_inside(real)):  # noqa: PTH114
            raise TreeError("is a link out of the repository")
        try:
            # A pipe must not keep the reader waiting for a writer.
            handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            try:
                data = os.read(handle, limit)
                while len(data) < limit and (more := os.read(handle, limit - len(data))):
                    data += more
            finally:
                os.close(handle)
        except OSError as error:
            raise TreeError(error.strerror or str(error)) from None
        return data

    def _path(self, path: str) -> str:
        return f"{self.root}/{path}" if path else str(self.root)

    def _is_inside(self, real: str) -> bool:
        resolved = os.path.realpath(real)
        return resolved == self._real_root or resolved.startswith(self._real_root.rstrip(os.sep) + os.sep)

    def _entry_of(self, found: os.DirEntry[str]) -> Entry:
        try:
            if found.is_symlink():
                return self._linked(found.name, found.path)
            return _described(found.name, found.stat(follow_symlinks=False))
        except OSError as error:
            return _unreadable(found.name, error)

    def _linked(self, name: str, real: str) -> Entry:
        """Return the entry for a link. Raises OSError if it leads nowhere."""
        info = os.stat(real)  # noqa: PTH116 - a Path for each of many files costs more than the call
        if stat.S_ISDIR(info.st_mode):
            return Entry(name, "folder_link")
        if not self._is_inside(real):
            return Entry(name, "outside")
        return _described(name, info)._replace(is_link=True)


def _unreadable(name: str, error: OSError) -> Entry:
    return Entry(name, "unreadable", reason=error.strerror or str(error))


def _described(name: str, info: os.stat_result) -> Entry:
    if stat.S_ISDIR(info.st_mode):
        return Entry(name, "folder")
    if not stat.S_ISREG(info.st_mode):
        return Entry(name, "other")
    stamp = (info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino, info.st_dev)
    return Entry(name, "file", info.st_size, stamp)


_LINK, _FOLDER = b"120000", b"40000"
_MAX_LISTING = 32 * 1024 * 1024
_MAX_LINK = 4096
_MAX_LINKS = 16
"""How many links may lead to one another."""


class _Node(NamedTuple):
    mode: bytes
    object_id: str


class RevisionTree:
    """The files of a commit below a folder, read from the objects of git.

    Nothing is checked out; no attribute, filter or hook is used. Call `close` when done.
    """

    def __init__(self, objects: GitObjects, tree_id: str | None) -> None:
        """Take the tree with an id, or an empty one; `revision_tree` finds the id."""
        self._objects = objects
        self._listed: dict[str, dict[str, _Node]] = {}
        self._root = _Node(_FOLDER, tree_id) if tree_id else None

    def close(self) -> None:
        """End git."""
        self._objects.close()

    def entries(self, folder: str) -> list[Entry]:
        """Return the entries of a folder, sorted by name; none if it is missing. Raises TreeError."""
        return sorted(self._described(folder, name, node) for name, node in self._list(folder).items())

    def entry(self, path: str) -> Entry | None:
        """Return the entry at a path, or None if nothing is there."""
        if not path:
            return Entry("", "folder")
        folder, _, name = path.rpartition("/")
        node = self._list(folder).get(name)
        return self._described(folder, name, node) if node else None

    def read(self, path: str, limit: int) -> bytes:
        """Return the content of a file, at most `limit` bytes of it. Raises TreeError, also if it lies outside."""
        folder, _, name = path.rpartition("/")
        node = self._list(folder).get(name)
        if node is None:
            raise TreeError("No such file or directory")
        kind, target = self._followed(folder, name, node)
        if kind != "file" or target is None:
            raise TreeError("is a link out of the repository" if kind == "outside" else "is not a regular file")
        found = self._objects.read(target.object_id, limit)
        if found is None:
            raise TreeError("is not in this clone")
        return found.data

    def _list(self, folder: str) -> dict[str, _Node]:
        if folder not in self._listed:
            node = self._root
            if folder:
                parent, _, name = folder.rpartition("/")
                node = self._list(parent).get(name)
            self._listed[folder] = self._read_listing(node) if node and node.mode == _FOLDER else {}
        return self._listed[folder]

    def _read_listing(self, node: _Node) -> dict[str, _Node]:
        found = self._objects.read(node.object_id, _MAX_LISTING)
        if found is None:
            raise TreeError("is not in this clone")
        if found.type != "tree" or found.size > _MAX_LISTING:
            raise TreeError("is too large a folder")
        width = len(node.object_id) // 2
        nodes, at, data = {}, 0, found.data
        while at < len(data):
            space, end = data.index(b" ", at), data.index(b"\0", at)
            name = os.fsdecode(data[space + 1 : end])
            nodes[name] = _Node(data[at:space], data[end + 1 : end + 1 + width].hex())
            at = end + 1 + width
        return nodes

    def _described(self, folder: str, name: str, node: _Node) -> Entry:
        kind, target = self._followed(folder, name, node)
        if kind != "file" or target is None:
            return Entry(name, kind, reason="No such file or directory" if kind == "unreadable" else "")
        found = self._objects.read(target.object_id, 0)
        if found is None:
            return Entry(name, "unreadable", reason="is not in this clone")
        return Entry(name, "file", found.size, is_link=node.mode == _LINK)

    def _followed(self, folder: str, name: str, node: _Node) -> tuple[Kind, _Node | None]:
        """Return what an entry is, and the node of the file that it leads to."""
        was_link = node.mode == _LINK
        for _ in range(_MAX_LINKS):
            if node.mode != _LINK:
                break
            found = self._objects.read(node.object_id, _MAX_LINK)
            steps = _joined(folder, os.fsdecode(found.data)) if found else None
            if steps is None:
                return "outside", None
            folder, _, name = steps.rpartition("/")
            following = self._list(folder).get(name) if steps else self._root
            if following is None:
                return "unreadable", None
            node = following
        if node.mode == _FOLDER:
            return ("folder_link" if was_link else "folder"), node
        return ("file", node) if node.mode.startswith(b"100") else ("other", None)


def _joined(folder: str, target: str) -> str | None:
    """Return where a link in a folder leads within the tree, or None if it leads out of it."""
    if target.startswith("/"):
        return None
    steps = folder.split("/") if folder else []
    for step in target.split("/"):
        if step == "..":
            if not steps:
                return None
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def revision_tree(folder: Path, revision: str) -> RevisionTree:
    """Return the tree of a revision below a folder of a work tree; the folder itself need not exist in it.

    Raises UsageError if the folder is in no repository or the revision is unknown, RefusedError if git fails.
    """
    # Whoever reads a folder starts no process.
    from llmconf.workspace import git
    from llmconf.workspace.objects import GitObjects

    top = git.top_of(folder)
    if top is None:
        raise UsageError(f"{folder} is in no git repository")
    try:
        commit = git.git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except RefusedError:
        raise UsageError(f"there is no revision `{revision[:80]}` in this clone") from None
    prefix = os.path.relpath(os.path.realpath(folder), os.path.realpath(top)).replace(os.sep, "/")
    name = commit.decode("ascii").strip() + ("^{tree}" if prefix == "." else f":{prefix}")
    try:
        tree_id = git.git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name).decode("ascii").strip()
    except RefusedError:
        tree_id = None
    return RevisionTree(GitObjects(folder), tree_id)


def folder_of(tree: Tree) -> Path:
    """Return the folder of a tree, to write there. Raises RefusedError for a revision, which never changes."""
    if isinstance(tree, FolderTree):
        return tree.root
    raise RefusedError("a revision in git cannot be changed", "work in a folder that has it checked out")
