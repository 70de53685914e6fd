"""Reads and writes SOPS files, in YAML and JSON, with age recipients. It reads a file completely or not at all.

The content is returned only after the MAC of the file has been found valid.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmconf.core.diagnostics import Path
from llmconf.core.errors import RefusedError, UndeterminedError
from llmconf.secrets.vault import _sops_tree as trees
from llmconf.secrets.vault import age
from llmconf.secrets.vault._sops_block import KEY, Block, armor, find_key, parse_block, shown
from llmconf.secrets.vault._sops_tree import Leaf
from llmconf.secrets.vault._sops_values import (
    Plain,
    ValueProblem,
    additional_data,
    is_sealed,
    open_value,
    plain_bytes,
    seal_value,
)
from llmconf.secrets.vault._sops_yaml import write
from llmconf.yamltext.document import Document
from llmconf.yamltext.load import MAX_DEPTH
from llmconf.yamltext.text import decode

MAX_FILE = 4 * 1024 * 1024
"""Largest file that is read, in bytes."""
VERSION = "3.11.0"
"""Version of SOPS whose format is written."""

_SUFFIX = "_unencrypted"
_BLOCK = "sops"
_ONLY_ENCRYPTED = hashlib.sha256(b"sops").digest()
_OTHER_FORMAT = re.compile(r"^[ \t]*(sops_mac[ \t]*=|\[sops\])", re.MULTILINE)
_COMMENT = re.compile(r"#[ \t]*(ENC\[AES256_GCM,data:[A-Za-z0-9+/=]+,iv:[^\s,]+,tag:[^\s,]+,type:comment\])")
_NEIGHBORS = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """A value that was encrypted. `path` leads to it in the text as it stands; `line` is None in JSON."""

    document: int
    path: Path
    value: Plain = field(repr=False)
    kind: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Comment:
    """An encrypted comment: its place in the text, including its mark. Its text is None if it cannot be opened."""

    start: int
    end: int
    text: str | None = field(repr=False)


@dataclass(slots=True)
class SopsTree:
    """A file of SOPS in plain text.

    `documents` are the values in the order of the file, without the `sops` block and without comments that
    SOPS keeps as list items. `opened` are the values that were encrypted, those comments included.
    """

    documents: list[dict[str, Any]] = field(repr=False)
    opened: list[Opened]
    comments: list[Comment]
    notes: list[str]
    recipients: list[str]


def decrypt(data: bytes, file: str, identities: age.Identities) -> SopsTree:
    """Read a file of SOPS. `file` is its name for messages, and says by its ending how to read it.

    Raises RefusedError if it is malformed or was changed without SOPS, and UndeterminedError if it cannot be opened
    here. No message holds a value.
    """
    text = _text(data, file)
    document: Document | None = None
    if _is_json(text, file):
        roots = trees.read_json(text, file)
    else:
        roots, document = trees.read_yaml(text, file)
    block = parse_block(trees.plain(roots[0].get(_BLOCK, {})) or None if roots else None, file)
    for root in roots:
        root.pop(_BLOCK, None)
    key = find_key(block, identities, file)
    opened, dropped = _open_all(roots, block, key, file)
    comments = _open_comments(document, roots, key) if document else []
    found = len(comments) + len(dropped)
    notes = [f"{file}: {found} encrypted comment{'s' if found > 1 else ''} left out"] if found else []
    plain = [trees.plain(root, frozenset(dropped)) for root in roots]
    names = [shown(name) for name, _ in block.age] + [shown(name) for name in block.others]
    return SopsTree(plain, opened, comments, notes, names)


def _text(data: bytes, file: str) -> str:
    if len(data) > MAX_FILE:
        raise RefusedError(f"{file}: has more than {MAX_FILE:,} bytes")
    text = decode(data, file)
    if not isinstance(text, str):
        raise RefusedError(f"{file}: {text.message}", text.hint)
    if not file.endswith((".yaml", ".yml", ".json")) and _OTHER_FORMAT.search(text):
        hint = "`sops decrypt` it and `sops encrypt` it with --output-type yaml"
        raise UndeterminedError(f"{file}: is a dotenv or INI file of SOPS; only YAML and JSON are read", hint)
    return text


def _is_json(text: str, file: str) -> bool:
    if file.endswith((".yaml", ".yml", ".json")):
        return file.endswith(".json")
    return text.lstrip().startswith("{")


def _open_all(roots: list[dict[str, Any]], block: Block, key: bytes, file: str) -> tuple[list[Opened], set[int]]:
    """Open all leaves in place, check the MAC, and return the encrypted values and the comments."""
    opened: list[Opened] = []
    dropped: set[int] = set()
    hashed = hashlib.sha512(_ONLY_ENCRYPTED if block.only_encrypted else b"")
    for number, root in enumerate(roots):
        for leaf in trees.walk(root):
            kind = _open_leaf(leaf, number, block, key, file, opened)
            if kind == "comment":
                dropped.add(id(leaf))
            elif kind or not block.only_encrypted:
                hashed.update(plain_bytes(leaf.value))
    _check_mac(block, hashed.hexdigest().upper(), key, file)
    return opened, dropped


def _open_leaf(leaf: Leaf, number: int, block: Block, key: bytes, file: str, opened: list[Opened]) -> str | None:
    """Open a leaf that is encrypted and return its type, or None; refuse one that should be and is not."""
    wanted = block.wants(leaf.path)
    if leaf.value is None or leaf.value == "" or wanted is False:
        return "empty" if wanted else None
    where = f"{file if leaf.line is None else f'{file}:{leaf.line}'}: `{shown(leaf.name())}`"
    hint = "restore it from git history"
    if not is_sealed(leaf.value):
        if wanted:
            raise RefusedError(f"{where} stands in plain text, though this file has it encrypted", hint)
        return None
    try:
        value, kind = open_value(str(leaf.value), key, additional_data(leaf.path))
    except ValueProblem as problem:
        raise RefusedError(f"{where} {problem}", hint) from None
    leaf.value = value
    opened.append(Opened(number, leaf.path, value, kind, leaf.line))
    return kind


def _check_mac(block: Block, expected: str, key: bytes, file: str) -> None:
    hint = "a merge does this too: restore the file, or fix it with `sops edit --ignore-mac`"
    try:
        mac, _ = open_value(block.mac, key, block.last_modified)
    except ValueProblem:
        raise RefusedError(f"{file}: its MAC does not open: it or `lastmodified` was changed", hint) from None
    if not hmac.compare_digest(str(mac).encode("utf-8"), expected.encode("ascii")):
        message = f"{file}: its MAC is wrong: values were changed, moved or removed without SOPS"
        raise RefusedError(message, hint)


def _open_comments(document: Document, roots: list[dict[str, Any]], key: bytes) -> list[Comment]:
    """Open the comments of a YAML text. A comment is bound to the path of a mapping near it."""
    matches = list(_COMMENT.finditer(document.text))
    if not matches:
        return []
    inside = sorted((node.start, node.end) for node in document.scalars())
    leaves = sorted((leaf.line or 0, leaf.path) for root in roots for leaf in trees.walk(root))
    lines = [line for line, _ in leaves]
    found = []
    for match in matches:
        before = bisect_right(inside, (match.start(), len(document.text))) - 1
        if before >= 0 and inside[before][0] <= match.start() < inside[before][1]:
            continue
        at = bisect_right(lines, document.lines.position(match.start())[0])
        near = [path for _, path in leaves[max(0, at - _NEIGHBORS) : at + _NEIGHBORS]]
        found.append(Comment(match.start(), match.end(), _open_comment(match[1], near, key)))
    return found


def _open_comment(text: str, near: Iterable[Path], key: bytes) -> str | None:
    bindings = {additional_data(path[:end]) for path in near for end in range(len(path) + 1)} | {":"}
    for bound_to in sorted(bindings):
        try:
            value, _ = open_value(text, key, bound_to)
        except ValueProblem:
            continue
        return value if isinstance(value, str) and "\n" not in value else None
    return None


def encrypt(
    tree: dict[str, Any] | list[dict[str, Any]],
    recipients: Sequence[str],
    *,
    lastmodified: str,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """Return a SOPS YAML file with all values of a tree, or of several documents, encrypted.

    `recipients` are public keys of age or SSH, `lastmodified` is a time such as `2027-03-31T09:00:00Z`.
    Raises RefusedError for a value that SOPS cannot hold.
    """
    documents = tree if isinstance(tree, list) else [tree]
    if not recipients:
        raise RefusedError("a SOPS file needs a recipient", "name one with --recipient age1...")
    key = random(KEY)
    hashed = hashlib.sha512()
    sealed = [_seal_tree(document, (), key, hashed.update, random) for document in documents]
    mac = seal_value(hashed.hexdigest().upper(), key, lastmodified, random)
    wrapped = [{"recipient": name, "enc": armor(age.wrap(key, name))} for name in recipients]
    block = {
        "age": wrapped,
        "lastmodified": lastmodified,
        "mac": mac,
        "unencrypted_suffix": _SUFFIX,
        "version": VERSION,
    }
    return "---\n".join(write({**document, _BLOCK: block}) for document in sealed).encode("utf-8")


def _seal_tree(
    value: Any, path: Path, key: bytes, feed: Callable[[bytes], object], random: Callable[[int], bytes]
) -> Any:
    where = shown(".".join(map(str, path)))
    if len(path) > MAX_DEPTH:
        raise RefusedError(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str) or name.endswith(_SUFFIX) or (not path and name == _BLOCK):
                raise RefusedError(f"a SOPS file cannot hold the key `{shown(str(name))}`", "rename it")
        return {name: _seal_tree(item, (*path, name), key, feed, random) for name, item in value.items()}
    if isinstance(value, list):
        return [_seal_tree(item, (*path, index), key, feed, random) for index, item in enumerate(value)]
    if value is None:
        return None
    if not isinstance(value, str | int | float):
        raise RefusedError(f"`{where}` is of a type that SOPS does not have")
    try:
        feed(plain_bytes(value))
        return seal_value(value, key, additional_data(path), random)
    except ValueProblem as problem:
        raise RefusedError(f"`{where}` {problem}") from None
