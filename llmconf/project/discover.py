"""The discover stage: finds the files of a project without following links out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from llmconf.core.diagnostics import Finding, Span
from llmconf.core.errors import UsageError
from llmconf.core.grammar import PROJECT_FILE
from llmconf.workspace.tree import Entry, Kind, Tree, TreeError
from llmconf.yamltext.text import MAX_FILE_SIZE

LOCK_FOLDER = "lock/"
"""The folder of the lock files. It holds nothing else of a project."""
_LOCK_SUFFIX = ".lock.yaml"
_MAX_FOLDER_DEPTH = 32
_LINKED = "is a link to a folder, which is not followed", "replace the link by the folder itself"
_NO_FILE: dict[Kind, tuple[str, str | None]] = {
    "folder": ("is a folder, not a file", "rename it"),
    "folder_link": ("is a folder, not a file", "rename it"),
    "outside": ("is a link out of the repository", "copy the file into it"),
    "other": ("is not a regular file", None),
    "unreadable": ("cannot be read: {}", None),
}
"""The reasons why an entry with the name of a YAML file is not read, each with a hint."""


class SourceFile(NamedTuple):
    """One file of a project: its name relative to the root, and the environment whose overlay it is in."""

    name: str
    environment: str | None
    stamp: tuple[int, ...]


def find_root(start: Path) -> Path:
    """Return the folder with `llmconf.yaml` at or above `start`. Raises UsageError if there is none."""
    start = start.absolute()
    try:
        if not start.is_dir():
            raise UsageError(f"no such folder: {start}")
        for folder in (start, *start.parents):
            if (folder / PROJECT_FILE).is_file():
                return folder
    except OSError as error:
        raise UsageError(f"cannot look for {PROJECT_FILE} in {start}: {error.strerror}") from None
    raise UsageError(
        f"no {PROJECT_FILE} here or in a folder above",
        f"name a project's folder with -C DIR, or write a file {PROJECT_FILE} with `version: 1` and `name: NAME`",
    )


@dataclass(frozen=True, slots=True)
class Discovery:
    """The YAML files of a project in the order of their names, and the findings on unreadable ones."""

    files: list[SourceFile]
    findings: list[Finding]


def discover(tree: Tree) -> Discovery:
    """Find the files of the project in a tree."""
    search = _Search(tree)
    search.add_file(PROJECT_FILE, tree.entry(PROJECT_FILE), None)
    search.walk("config", None)
    for name in search.environments("environments"):
        search.walk(f"environments/{name}", name)
    search.add_locks()
    search.files.sort(key=lambda file: file.name)
    return Discovery(search.files, search.findings)


def lock_name(provider: str) -> str:
    """Return the name of the lock file of a provider."""
    return f"{LOCK_FOLDER}{provider}{_LOCK_SUFFIX}"


def lock_provider(file: str) -> str | None:
    """Return the name of the provider whose lock a file of a project is, or None for another file."""
    provider = file.removeprefix(LOCK_FOLDER).removesuffix(_LOCK_SUFFIX)
    return provider if file == lock_name(provider) else None


class _Search:
    """A walk through the folders of a project, with the files and the findings on unreadable ones."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.files: list[SourceFile] = []
        self.findings: list[Finding] = []

    def environments(self, folder: str) -> list[str]:
        """Return the names of the folders with overlays, and report files beside them."""
        names = []
        for entry in self._entries(folder):
            name = f"{folder}/{entry.name}"
            if entry.kind == "folder":
                names.append(entry.name)
            elif entry.kind == "folder_link":
                self._report(name, *_LINKED)
            elif entry.name.endswith((".yaml", ".yml")):
                self._report(name, "is not in the folder of an environment", f"move it to {folder}/<environment>/")
        return names

    def add_locks(self) -> None:
        """Find the lock files, which are all in one folder."""
        for entry in self._entries(LOCK_FOLDER.rstrip("/")):
            name = LOCK_FOLDER + entry.name
            if entry.name.endswith(_LOCK_SUFFIX):
                self.add_file(name, entry, None)
            elif entry.name.endswith((".yaml", ".yml")):
                message = f"`{entry.name}` is not read: a lock file is named <provider>{_LOCK_SUFFIX}"
                self.findings.append(Finding("LCY011", _top(name), message, "rename it"))

    def walk(self, folder: str, environment: str | None) -> None:
        """Find the YAML files of a folder and of its subfolders."""
        pending = [(folder, 0)]
        while pending:
            prefix, depth = pending.pop()
            for entry in self._entries(prefix):
                inner = f"{prefix}/{entry.name}"
                if entry.name.endswith(".yaml"):
                    self.add_file(inner, entry, environment)
                elif entry.kind == "folder":
                    if depth < _MAX_FOLDER_DEPTH:
                        pending.append((inner, depth + 1))
                    else:
                        self._report(inner, "is nested too deep", None)
                elif entry.kind == "folder_link":
                    self._report(inner, *_LINKED)
                elif entry.name.endswith(".yml"):
                    message = f"`{entry.name}` is not read: llmconf reads files that end in .yaml"
                    self.findings.append(Finding("LCY011", _top(inner), message, "rename it"))

    def add_file(self, name: str, entry: Entry | None, environment: str | None) -> None:
        """Add a file of the project, or report why it is not read."""
        if entry is None:
            self._report(name, "cannot be read: No such file or directory", None)
        elif entry.kind != "file":
            reason, hint = _NO_FILE[entry.kind]
            self._report(name, reason.format(entry.reason), hint)
        elif entry.size > MAX_FILE_SIZE:
            message = f"`{name}` has {entry.size:,} bytes, more than the {MAX_FILE_SIZE:,} that are read"
            self.findings.append(Finding("LCY008", _top(name), message, "split it"))
        else:
            self.files.append(SourceFile(name, environment, entry.stamp))

    def _entries(self, folder: str) -> list[Entry]:
        """List a folder without hidden entries. A missing folder counts as empty."""
        here = self._tree.entry(folder) if "/" not in folder else None
        if here is not None and here.kind in ("folder_link", "outside"):
            self._report(folder, *_LINKED)
            return []
        try:
            return [entry for entry in self._tree.entries(folder) if not entry.name.startswith(".")]
        except TreeError as error:
            self._report(folder, f"cannot be read: {error}", None)
            return []

    def _report(self, name: str, message: str, hint: str | None) -> None:
        short = name.rpartition("/")[2]
        self.findings.append(Finding("LCY007", _top(name), f"`{short}` {message}", hint))


def _top(name: str) -> Span:
    return Span(name, 1, 1, 1, 1)
