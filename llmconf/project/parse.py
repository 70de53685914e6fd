"""The parse stage: files become plain documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from llmconf.core.diagnostics import Finding, Span
from llmconf.core.grammar import PROJECT_FILE
from llmconf.core.key_formats import SEAL_HINT, scan
from llmconf.core.nulls import drop_nulls
from llmconf.project.discover import SourceFile, lock_provider
from llmconf.workspace.tree import Tree, TreeError
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.load import Reading
from llmconf.yamltext.text import MAX_FILE_SIZE, Lines, decode

_CONFLICT = re.compile(r"^<<<<<<< [^\r\n]*", re.MULTILINE)
_START = "write `version: 1` and `name: <name of the project>` into it"
"""The minimum content of a project file."""


@dataclass(slots=True)
class ParsedFile:
    """The documents of one file as plain values, and the problems of its text.

    `has_anchors` and `has_suppressions` tell whether the text needs further checks. `has_nulls` tells whether the
    documents hold a null.
    """

    name: str
    environment: str | None
    documents: list[Any] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    has_anchors: bool = False
    has_suppressions: bool = False
    has_nulls: bool = False


def read_text(tree: Tree, name: str) -> str | Finding:
    """Return the text of a file, or the finding that says why it cannot be read."""
    try:
        data = tree.read(name, MAX_FILE_SIZE + 1)
    except TreeError as error:
        return Finding("LCY007", Span(name, 1, 1, 1, 1), f"cannot be read: {error}")
    if len(data) > MAX_FILE_SIZE:
        return Finding("LCY008", Span(name, 1, 1, 1, 1), f"more than {MAX_FILE_SIZE:,} bytes")
    return decode(data, name)


def load(text: str, name: str) -> Reading:
    """Return the plain values of a file of a project, and the problems of its text. A lock has no nulls."""
    if lock_provider(name) is None:
        reading = yaml_load.read(text, name)
        return reading._replace(findings=_with_conflict(reading.findings, text, name)) if reading.findings else reading
    return _read_lock(text, name)


def _read_lock(text: str, name: str) -> Reading:
    from llmconf.lock import format as lock_format
    from llmconf.lock import reader

    line = reader.conflict(text)
    if line is not None:
        span = Lines(text).span(name, *line)
        message = "a merge left a conflict in this lock"
        hint = "run `llmconf lock resolve`, then `git add` the file"
        return Reading([], [Finding("LCM011", span, message, hint)], False)
    # This comes before parsing, because the values of a lock take two hundred times its bytes.
    too_many = lock_format.too_many(lock_format.count(text))
    if too_many:
        hint = "narrow `sync:`, and run `llmconf sync`"
        return Reading([], [Finding("LCY008", Span(name, 1, 1, 1, 1), too_many, hint)], False)
    locked = reader.load(text)
    if locked is not None:
        return Reading([locked], [], False)
    documents, findings = yaml_load.load(text, name)
    return Reading([drop_nulls(document) for document in documents], findings, False)


def _with_conflict(findings: list[Finding], text: str, name: str) -> list[Finding]:
    """Return the problems of a text. A conflict that git left replaces the parser's findings on its marks."""
    mark = _CONFLICT.search(text) if any(finding.code == "LCY001" for finding in findings) else None
    if mark is None:
        return findings
    span = Lines(text).span(name, *mark.span())
    conflict = Finding("LCY001", span, "a merge left a conflict here", "resolve it, then `git add` the file")
    return [*(finding for finding in findings if finding.code != "LCY001"), conflict]


def parse_file(tree: Tree, file: SourceFile) -> ParsedFile:
    """Read one file: decode it, build its documents, and look for keys in plain text."""
    text = read_text(tree, file.name)
    parsed = ParsedFile(file.name, file.environment)
    if not isinstance(text, str):
        parsed.findings.append(text)
        return parsed
    parsed.documents, parsed.findings, parsed.has_nulls = load(text, file.name)
    if not parsed.documents and not parsed.findings:
        end = Lines(text).span(file.name, 0, 0)
        hint = _START if file.name == PROJECT_FILE else "remove it, or write a document into it"
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
