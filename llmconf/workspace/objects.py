"""Reads objects of a git repository by their id, as they were committed. No attribute or filter is applied."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from llmconf.core.errors import RefusedError
from llmconf.workspace import git

_CHUNK = 1024 * 1024


class GitObject(NamedTuple):
    """An object. `type` is blob, tree, commit or tag, `size` is the whole size, `data` is the requested part."""

    type: str
    size: int
    data: bytes


class GitObjects:
    """One `git cat-file --batch` that answers for many objects. Use it as a context manager, or call `close`."""

    def __init__(self, folder: Path, *, in_hook: bool = False) -> None:
        """Start git in a folder. Raises RefusedError and UsageError as `git.start` does."""
        self._process = git.start(folder, "cat-file", "--batch", in_hook=in_hook)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End git."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def read(self, name: str, limit: int) -> GitObject | None:
        """Return an object with at most `limit` bytes of its content, or None if there is none with that id.

        Raises RefusedError if git ends in between.
        """
        sent, received = self._process.stdin, self._process.stdout
        if sent is None or received is None or "\n" in name:
            raise RefusedError("git cat-file cannot be asked")
        try:
            sent.write(f"{name}\n".encode("ascii"))
            sent.flush()
        except OSError:
            raise RefusedError("git cat-file ended early") from None
        head = received.readline().split()
        if len(head) == 2 and head[1] in (b"missing", b"ambiguous"):  # noqa: PLR2004 - name and word
            return None
        if len(head) != 3:  # noqa: PLR2004 - id, type, size
            raise RefusedError("git cat-file ended early")
        size = int(head[2])
        data = received.read(min(size, limit))
        left = size - len(data) + 1  # a line break ends each object
        while left > 0 and (skipped := received.read(min(left, _CHUNK))):
            left -= len(skipped)
        return GitObject(head[1].decode("ascii"), size, data)
