"""The discover stage: which files a project has, found without following links out of it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from llmconf.core.diagnostics import Finding, Span
from llmconf.core.errors import UsageError
from llmconf.yamltext.text import MAX_FILE_SIZE

PROJECT_FILE = "llmconf.yaml"
LOCK_FOLDER = "lock/"
"""Where lock files are, and nothing else of a project."""
_LOCK_SUFFIX = ".lock.yaml"
_MAX_FOLDER_DEPTH = 32
_LINKED = "is a link to a folder, which is not followed", "put the files where the link is"


class SourceFile(NamedTuple):
    """One file of a project: its name relative to the root, and the environment whose overlay it is in."""

    name: str
    environment: str | None
    stamp: tuple[int, ...]


def find_root(start: Path) -> Path:
    """Return the folder with `llmconf.yaml` at or above `start`. Raises UsageError where there is none."""
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
        f"name a project's folder with -C DIR, or begin one: a file {PROJECT_FILE} with `version: 1` and `name: NAME`",
    )


@dataclass(frozen=True, slots=True)
class Discovery:
    """The YAML files of a project in the order of their names, and what cannot be read."""

    files: list[SourceFile]
    findings: list[Finding]


def discover(root: Path) -> Discovery:
    """Find the files of the project at `root`."""
    files: list[SourceFile] = []
    findings: list[Finding] = []
    real_root = os.path.realpath(root)
    _add_file(str(root / PROJECT_FILE), PROJECT_FILE, None, real_root, files, findings)
    _walk(root / "config", "config", None, real_root, files, findings)
    for name in _environments(root / "environments", findings):
        _walk(root / "environments" / name, f"environments/{name}", name, real_root, files, findings)
    _add_locks(str(root / LOCK_FOLDER), real_root, files, findings)
    files.sort(key=lambda file: file.name)
    return Discovery(files, findings)


def _environments(folder: Path, findings: list[Finding]) -> list[str]:
    """Return the names of the folders with overlays, and report what stands beside them."""
    names = []
    for entry in _entries(str(folder), folder.name, findings):
        name = f"{folder.name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            names.append(entry.name)
        elif _leads_to_folder(entry):
            findings.append(_unreadable(name, *_LINKED))
        elif entry.name.endswith((".yaml", ".yml")):
            hint = f"move it to {folder.name}/<environment>/"
            findings.append(_unreadable(name, "stands in no environment", hint))
    return names


def lock_name(provider: str) -> str:
    """Return the name of the lock file of a provider."""
    return f"{LOCK_FOLDER}{provider}{_LOCK_SUFFIX}"


def lock_provider(file: str) -> str | None:
    """Return the name of the provider whose lock a file of a project is, or None for another file."""
    provider = file.removeprefix(LOCK_FOLDER).removesuffix(_LOCK_SUFFIX)
    return provider if file == lock_name(provider) else None


def _add_locks(folder: str, root: str, files: list[SourceFile], findings: list[Finding]) -> None:
    """Find the lock files, which all stand in one folder."""
    for entry in _entries(folder, LOCK_FOLDER.rstrip("/"), findings):
        name = LOCK_FOLDER + entry.name
        if entry.name.endswith(_LOCK_SUFFIX):
            _add_file(entry.path, name, None, root, files, findings, entry)
        elif entry.name.endswith((".yaml", ".yml")):
            message = f"`{entry.name}` is not read: a lock file is named <provider>{_LOCK_SUFFIX}"
            findings.append(Finding("LCY011", _top(name), message, "rename it"))


def _entries(path: str, name: str, findings: list[Finding]) -> list[os.DirEntry[str]]:
    """List a folder but for what is hidden, sorted. One that is missing is empty."""
    try:
        if os.path.islink(path):  # noqa: PTH114 - a Path for each folder costs more than the call
            findings.append(_unreadable(name, *_LINKED))
            return []
        with os.scandir(path) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        findings.append(_unreadable(name, f"cannot be read: {error.strerror}", None))
        return []


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:
        return False  # a link that leads nowhere, or in a circle


def _walk(
    folder: Path,
    name: str,
    environment: str | None,
    root: str,
    files: list[SourceFile],
    findings: list[Finding],
) -> None:
    pending = [(str(folder), name, 0)]
    while pending:
        path, prefix, depth = pending.pop()
        for entry in _entries(path, prefix, findings):
            inner = f"{prefix}/{entry.name}"
            if entry.name.endswith(".yaml"):
                _add_file(entry.path, inner, environment, root, files, findings, entry)
            elif entry.is_dir(follow_symlinks=False):
                if depth < _MAX_FOLDER_DEPTH:
                    pending.append((entry.path, inner, depth + 1))
                else:
                    findings.append(_unreadable(inner, "is nested too deep", None))
            elif _leads_to_folder(entry):
                findings.append(_unreadable(inner, *_LINKED))
            elif entry.name.endswith(".yml"):
                message = f"`{entry.name}` is not read: llmconf reads files that end in .yaml"
                findings.append(Finding("LCY011", _top(inner), message, "rename it"))


def _add_file(
    path: str,
    name: str,
    environment: str | None,
    root: str,
    files: list[SourceFile],
    findings: list[Finding],
    entry: os.DirEntry[str] | None = None,
) -> None:
    try:
        link = entry.is_symlink() if entry else Path(path).is_symlink()
        # A Path for each of 10,000 files costs more than the call.
        info = entry.stat(follow_symlinks=False) if entry and not link else os.stat(path)  # noqa: PTH116
    except OSError as error:
        findings.append(_unreadable(name, f"cannot be read: {error.strerror}", None))
        return
    if link and not os.path.realpath(path).startswith(root + os.sep):
        findings.append(_unreadable(name, "is a link out of the repository", "copy the file into it"))
    elif stat.S_ISDIR(info.st_mode):
        findings.append(_unreadable(name, "is a folder, not a file", "rename it"))
    elif not stat.S_ISREG(info.st_mode):
        findings.append(_unreadable(name, "is not a regular file", None))
    elif info.st_size > MAX_FILE_SIZE:
        message = f"`{name}` has {info.st_size:,} bytes, more than the {MAX_FILE_SIZE:,} that are read"
        findings.append(Finding("LCY008", _top(name), message, "split it"))
    else:
        stamp = (info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino, info.st_dev)
        files.append(SourceFile(name, environment, stamp))


def _top(name: str) -> Span:
    return Span(name, 1, 1, 1, 1)


def _unreadable(name: str, message: str, hint: str | None) -> Finding:
    return Finding("LCY007", _top(name), f"`{name.rpartition('/')[2]}` {message}", hint)
