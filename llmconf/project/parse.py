"""The parse stage: files become plain documents, on one process or several."""

from __future__ import annotations

import os
import pickle
import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmconf.core.diagnostics import Finding, Span
from llmconf.core.key_formats import SEAL_HINT, scan
from llmconf.lock import format as lock_format
from llmconf.lock import reader
from llmconf.project.discover import PROJECT_FILE, SourceFile, lock_provider
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.text import MAX_FILE_SIZE, Lines, decode

FORK_PAYS_ABOVE = 400
"""Number of files above which a second process is faster."""
_OWN_SHARE = 0.38
"""Part of the files that the first of two processes parses itself."""
_CONFLICT = re.compile(r"^<<<<<<< [^\r\n]*", re.MULTILINE)
_START = "write `version: 1` and `name: <name of the project>` into it"
"""What a project file needs at least."""


@dataclass(slots=True)
class ParsedFile:
    """The documents of one file as plain values, and what is wrong with its text.

    `has_anchors` and `has_suppressions` tell whether a closer look at the text is needed.
    """

    name: str
    environment: str | None
    documents: list[Any] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    has_anchors: bool = False
    has_suppressions: bool = False


def read_text(root: Path, name: str) -> str | Finding:
    """Return the text of a file, or the finding that says why it cannot be read."""
    try:
        handle = os.open(f"{root}/{name}", os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return Finding("LCY007", Span(name, 1, 1, 1, 1), f"cannot be read: {error.strerror}")
    try:
        data = os.read(handle, MAX_FILE_SIZE + 1)
        while len(data) <= MAX_FILE_SIZE and (more := os.read(handle, MAX_FILE_SIZE)):
            data += more
    except OSError as error:
        return Finding("LCY007", Span(name, 1, 1, 1, 1), f"cannot be read: {error.strerror}")
    finally:
        os.close(handle)
    if len(data) > MAX_FILE_SIZE:
        return Finding("LCY008", Span(name, 1, 1, 1, 1), f"more than {MAX_FILE_SIZE:,} bytes")
    return decode(data, name)


def load(text: str, name: str) -> tuple[list[Any], list[Finding]]:
    """Return the plain values of a file of a project, and what is wrong with its text, as `values.load` does."""
    if lock_provider(name) is None:
        documents, findings = yaml_load.load(text, name)
        return documents, _with_conflict(findings, text, name)
    line = reader.conflict(text)
    if line is not None:
        span = Lines(text).span(name, *line)
        message = "a merge left a conflict in this lock"
        return [], [Finding("LCM011", span, message, "run `llmconf lock resolve`, then `git add` the file")]
    # Before it is read: as values, a lock takes two hundred times its bytes.
    too_many = lock_format.too_many(lock_format.count(text))
    if too_many:
        return [], [Finding("LCY008", Span(name, 1, 1, 1, 1), too_many, "narrow `sync:`, and run `llmconf sync`")]
    locked = reader.load(text)
    if locked is not None:
        return [locked], []
    documents, findings = yaml_load.load(text, name)
    return [reader.without_nulls(document) for document in documents], findings


def _with_conflict(findings: list[Finding], text: str, name: str) -> list[Finding]:
    """Return what is wrong with a text, with a conflict that git left in place of what a parser says of its marks."""
    mark = _CONFLICT.search(text) if any(finding.code == "LCY001" for finding in findings) else None
    if mark is None:
        return findings
    span = Lines(text).span(name, *mark.span())
    conflict = Finding("LCY001", span, "a merge left a conflict here", "resolve it, then `git add` the file")
    return [*(finding for finding in findings if finding.code != "LCY001"), conflict]


def parse_file(root: Path, file: SourceFile) -> ParsedFile:
    """Read one file: decode it, build its documents, and look for keys in plain text."""
    text = read_text(root, file.name)
    parsed = ParsedFile(file.name, file.environment)
    if not isinstance(text, str):
        parsed.findings.append(text)
        return parsed
    parsed.documents, parsed.findings = load(text, file.name)
    if not parsed.documents and not parsed.findings:
        end = Lines(text).span(file.name, 0, 0)
        hint = _START if file.name == PROJECT_FILE else "remove it, or fill it in"
        parsed.findings.append(Finding("LCY009", end, "the file holds no document", hint))
    hits = scan(text)
    if hits:
        lines = Lines(text)
        for hit in hits:
            message = f"a key in plain text, as {hit.vendor} issues them"
            parsed.findings.append(
                Finding("LCK001", lines.span(file.name, hit.start, hit.end), message, SEAL_HINT)
            )
    parsed.has_anchors = "&" in text
    parsed.has_suppressions = "llmconf:" in text
    return parsed


class Parsing:
    """The files of a project on their way to documents; iterate once to get them, in order.

    With two or more `jobs` the other processes begin at once, before this one has imported what it needs
    to check documents, and take a larger part, since this one checks while they parse.
    """

    def __init__(self, root: Path, files: Sequence[SourceFile], jobs: int = 1) -> None:
        self.root = root
        if jobs < 2 or len(files) <= FORK_PAYS_ABOVE or not hasattr(os, "fork"):  # noqa: PLR2004 - one process
            jobs = 1
        own = len(files) if jobs == 1 else int(len(files) * _OWN_SHARE * 2 / jobs)
        self._own = files[:own]
        rest = files[own:]
        size = -(-len(rest) // max(1, jobs - 1)) or 1
        self._parts = [rest[start : start + size] for start in range(0, len(rest), size)]
        self._workers = [_fork(root, part) for part in self._parts]

    def __iter__(self) -> Iterator[ParsedFile]:
        for file in self._own:
            yield parse_file(self.root, file)
        for worker, part in zip(self._workers, self._parts, strict=True):
            # A worker that died (out of memory, say) leaves no result: its part is read here.
            yield from _collect(*worker) or (parse_file(self.root, file) for file in part)


def _fork(root: Path, files: Sequence[SourceFile]) -> tuple[int, int]:
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
            pipe.write(_pack([parse_file(root, file) for file in files]))
        status = 0
    finally:
        os._exit(status)


def _pack(parsed: list[ParsedFile]) -> bytes:
    import marshal

    rows = [(p.name, p.environment, p.documents, p.has_anchors, p.has_suppressions) for p in parsed]
    findings = {index: p.findings for index, p in enumerate(parsed) if p.findings}
    body = marshal.dumps(rows)
    return len(body).to_bytes(8, "big") + body + pickle.dumps(findings)


def _collect(child: int, reading: int) -> list[ParsedFile] | None:
    import marshal

    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0 or len(data) < 8:  # noqa: PLR2004 - the length that comes first
        return None
    size = int.from_bytes(data[:8], "big")
    rows = marshal.loads(memoryview(data)[8 : 8 + size])  # noqa: S302 - written by our own child just now
    findings = pickle.loads(memoryview(data)[8 + size :])  # noqa: S301 - likewise
    return [
        ParsedFile(name, environment, documents, findings.get(index, []), anchors, suppressions)
        for index, (name, environment, documents, anchors, suppressions) in enumerate(rows)
    ]
