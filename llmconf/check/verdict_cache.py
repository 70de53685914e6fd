"""Remembers the verdict on a project without errors, so that an unchanged one need not be read again.

A verdict holds no parsed data of the project. It holds a digest of the input (names, times, sizes and inodes of all
files, this program's version and files, the options) and the report. A verdict with an error is not stored.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from llmconf.core.version import __version__
from llmconf.project.discover import Discovery
from llmconf.workspace.atomic import write_atomic
from llmconf.workspace.user_folders import cache_folder

_RACY_NS = 2_000_000_000
"""A file that changed this shortly before the check may change again with the same time stamp."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The report of a run, as plain data, and the days `[first, until)` on which it is valid."""

    report: dict[str, Any]
    first: date
    until: date | None


class Cache:
    """The verdict on one project and one choice of environments, in the user's cache folder."""

    def __init__(
        self, root: Path, env: str | None, discovery: Discovery, started: int, *, frozen: bool = False
    ) -> None:
        """`started` is the time, in nanoseconds, before `discovery` was made."""
        import hashlib

        files = discovery.files
        folder = cache_folder()
        self._started = started
        self._usable = not discovery.findings and folder is not None
        self._newest = max((max(file.stamp[:2]) for file in files), default=0)
        rows = [f"{file.name}\0{file.stamp}" for file in files]
        rows += _key_stamps(root)
        head = f"{__version__}\0{sys.version}\0{env}\0{frozen}\0{_program_stamp()}"
        self._key = hashlib.sha256("\n".join([head, *rows]).encode("utf-8", "surrogateescape")).hexdigest()
        name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]
        self._path = (folder or Path()) / "verdicts" / f"{name}.json"

    def look_up(self, day: date) -> Verdict | None:
        """Return the verdict on the project as it is now, or None if there is none for that day."""
        if not self._usable:
            return None
        import json

        try:
            data = json.loads(self._path.read_bytes())
            if data["key"] != self._key:
                return None
            until = date.fromisoformat(data["until"]) if data["until"] else None
            first = date.fromisoformat(data["first"])
            verdict = Verdict(dict(data["report"]), first, until)
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
        return verdict if first <= day and (until is None or day < until) else None

    def keep(self, verdict: Verdict) -> None:
        """Remember a verdict, unless a file is so fresh that its stamp cannot be trusted."""
        if not self._usable or self._newest > self._started - _RACY_NS:
            return
        import json

        data = {
            "key": self._key,
            "report": verdict.report,
            "first": verdict.first.isoformat(),
            "until": verdict.until.isoformat() if verdict.until else None,
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomic(self._path, json.dumps(data).encode(), 0o600)
        except OSError:
            return  # without the cache, the next run is only slower


def _key_stamps(root: Path) -> list[str]:
    """Return the stamps of all key files, because a verdict covers them too."""
    rows = []
    for folder, folders, names in os.walk(root / "keys"):
        folders.sort()
        for name in sorted(names):
            info = os.lstat(f"{folder}/{name}")
            rows.append(f"{folder}/{name}\0{info.st_mtime_ns} {info.st_ctime_ns} {info.st_size} {info.st_ino}")
    return rows


def _program_stamp() -> list[str]:
    """Return the stamps of all files of this program.

    So an edited checkout or a patched installation does not use an older verdict.
    """
    import llmconf

    stamps = []
    for root in llmconf.__path__:
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                info = os.stat(f"{folder}/{name}")  # noqa: PTH116 - a Path for each of 300 files, on every start
                stamps.append(f"{folder[len(root):]}/{name} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_size}")
    return stamps
