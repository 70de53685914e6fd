"""The parse stage on several processes: others parse while this one parses and checks."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
from collections.abc import Iterator, Sequence

from llmconf.project.discover import SourceFile
from llmconf.project.parse import ParsedFile, parse_file
from llmconf.workspace.tree import FolderTree, Tree

FORK_PAYS_ABOVE = 400
"""Number of files above which a second process is faster."""
_OWN_SHARE = 0.3
"""Share of the files that the first of two processes parses itself."""
_BATCH = 200
"""Files that a process sends together."""
_SIZE = 8
"""Bytes of each of the two lengths that a batch begins with."""
_MOST_BYTES = 1 << 20
"""Bytes that are read from a process at a time."""


class Parsing:
    """The files of a project while they are parsed. Iterate once to get them, in order.

    With two or more `jobs` the other processes start at once, before this one has imported the modules that check
    documents. They take a larger share, because this process checks while they parse.
    """

    def __init__(self, tree: Tree, files: Sequence[SourceFile], jobs: int = 1) -> None:
        self.tree = tree
        # Two processes cannot share the one git that reads a revision.
        alone = not isinstance(tree, FolderTree) or not hasattr(os, "fork")
        if jobs < 2 or len(files) <= FORK_PAYS_ABOVE or alone:  # noqa: PLR2004 - one process
            jobs = 1
        own = len(files) if jobs == 1 else int(len(files) * _OWN_SHARE * 2 / jobs)
        self._own = files[:own]
        rest = files[own:]
        size = -(-len(rest) // max(1, jobs - 1)) or 1
        self._workers = [_Worker(tree, rest[start : start + size]) for start in range(0, len(rest), size)]

    def __iter__(self) -> Iterator[ParsedFile]:
        for file in self._own:
            yield parse_file(self.tree, file)
            for worker in self._workers:
                worker.drain()
        for worker in self._workers:
            yield from worker.results()


class _Worker:
    """A process that parses some files and sends them in batches through a pipe.

    Batches and `drain` keep the pipe from filling up, because a full pipe stops the process. They also save memory:
    the documents of all files at once, and again as bytes, would take a fifth of the whole memory.
    """

    def __init__(self, tree: Tree, files: Sequence[SourceFile]) -> None:
        self._tree, self._files = tree, files
        self._pid, self._pipe = _fork(tree, files)
        self._received = bytearray()
        self._ended = False

    def drain(self) -> None:
        """Read the bytes that the process has sent, without waiting for more."""
        if not self._ended:
            os.set_blocking(self._pipe, False)
            with contextlib.suppress(BlockingIOError):
                self._read()

    def results(self) -> Iterator[ParsedFile]:
        """Yield the files in their order, waiting for each batch."""
        os.set_blocking(self._pipe, True)
        count = 0
        while (batch := self._next_batch()) is not None:
            count += len(batch)
            yield from batch
        os.close(self._pipe)
        os.waitpid(self._pid, 0)
        # If a process died, for example out of memory, this process parses the rest of its files.
        yield from (parse_file(self._tree, file) for file in self._files[count:])

    def _read(self) -> None:
        data = os.read(self._pipe, _MOST_BYTES)
        self._received += data
        self._ended = not data

    def _next_batch(self) -> list[ParsedFile] | None:
        """Return the next batch, or None if no complete batch follows."""
        received = self._received
        while not self._ended and len(received) < 2 * _SIZE:
            self._read()
        sizes = int.from_bytes(received[:_SIZE], "big"), int.from_bytes(received[_SIZE : 2 * _SIZE], "big")
        end = 2 * _SIZE + sum(sizes)
        while not self._ended and len(received) < end:
            self._read()
        if len(received) < max(end, 2 * _SIZE):
            return None
        batch = _unpack(bytes(received[2 * _SIZE : end]), sizes[0])
        del received[:end]
        return batch


def _fork(tree: Tree, files: Sequence[SourceFile]) -> tuple[int, int]:
    """Start a process that parses files, and return its id and the pipe to read from."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    # The child never returns into the caller's code: no exit handler and no buffered output runs twice.
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            for start in range(0, len(files), _BATCH):
                pipe.write(_pack([parse_file(tree, file) for file in files[start : start + _BATCH]]))
                pipe.flush()
        status = 0
    finally:
        os._exit(status)


def _pack(parsed: list[ParsedFile]) -> bytes:
    """Write a batch as bytes: two lengths, the documents, the findings."""
    import pickle  # only a large project needs it

    rows = [(p.name, p.environment, p.documents, p.has_anchors, p.has_suppressions, p.has_nulls) for p in parsed]
    body = marshal.dumps(rows)
    findings = pickle.dumps({index: p.findings for index, p in enumerate(parsed) if p.findings})
    return len(body).to_bytes(_SIZE, "big") + len(findings).to_bytes(_SIZE, "big") + body + findings


def _unpack(data: bytes, size: int) -> list[ParsedFile]:
    import pickle

    rows = marshal.loads(memoryview(data)[:size])  # noqa: S302 - written by our own child just now
    findings = pickle.loads(memoryview(data)[size:])  # noqa: S301 - likewise
    return [
        ParsedFile(name, environment, documents, findings.get(index, []), *flags)
        for index, (name, environment, documents, *flags) in enumerate(rows)
    ]
