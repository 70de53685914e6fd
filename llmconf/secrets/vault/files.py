"""The files below `keys/` in the repository, which are read here and not yet trusted.

    keys/<vault>/recipients/<name>.yaml   a public key
    keys/<vault>/<kid>/key.yaml           digest of the key, and MACs under the keys that it follows
    keys/<vault>/<kid>/<name>.age         data key and fingerprint key, wrapped for one recipient
    keys/<vault>/<kid>/<name>.mac         MAC under the data key over vault, kid, name and public key

Anyone who can send a pull request can write these files. This module reports the problems that can be seen without a
key. The MACs are checked when a key is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from llmconf.core.diagnostics import Finding, Span
from llmconf.core.grammar import NAME_PATTERN
from llmconf.workspace.tree import Entry, Tree, TreeError
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.text import decode

_KEYS = "keys"
_MAX_FILE = 64 * 1024
_KID = re.compile(r"[a-z2-7]{10}\Z")
_PUBLIC_KEY = re.compile(r"age1[a-z0-9]{20,4000}\Z|ssh-(ed25519|rsa) [A-Za-z0-9+/=]{40,4000}( [^\r\n]*)?\Z")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key with the name of its owner."""

    name: str
    public_key: str


@dataclass(slots=True)
class KeyFolder:
    """One data key in the repository: its recipients, and the keys that it follows.

    `previous` holds the keys that it follows, each with a MAC under that key: one after a rotation, several if it
    unites parallel rotations, none for the first key of a vault.
    """

    kid: str
    digest: str
    previous: dict[str, str] = field(default_factory=dict)
    wrapped: dict[str, bytes] = field(default_factory=dict, repr=False)
    macs: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Store:
    """The keys of one vault, read from the repository and not yet trusted.

    `problems` holds the problems of unreadable files, by path relative to the repository.
    """

    vault: str
    recipients: dict[str, Recipient] = field(default_factory=dict)
    folders: dict[str, KeyFolder] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def tips(self) -> list[str]:
        """Return the ids of keys that no other key follows, sorted; after parallel rotations several."""
        followed = {kid for folder in self.folders.values() for kid in folder.previous}
        return sorted(kid for kid in self.folders if kid not in followed)


def vault_names(tree: Tree) -> list[str]:
    """Return the names of the vaults that have a folder, sorted."""
    return [entry.name for entry in _entries(tree, _KEYS) if entry.kind == "folder"]


def read_store(tree: Tree, vault: str) -> Store:
    """Read all key files of a vault. Malformed files are reported and left out. No link is followed."""
    store = Store(vault)
    if vault not in vault_names(tree):
        return store
    base = f"{_KEYS}/{vault}"
    for entry in _entries(tree, base):
        if entry.name.startswith("."):
            continue
        path = f"{base}/{entry.name}"
        if entry.kind != "folder":
            store.problems.append((path, "is no folder of a key"))
        elif entry.name == "recipients":
            _read_recipients(tree, path, store)
        else:
            _read_folder(tree, path, entry.name, store)
    return store


def _entries(tree: Tree, folder: str) -> list[Entry]:
    here = tree.entry(folder)
    try:
        return tree.entries(folder) if here is not None and here.kind == "folder" else []
    except TreeError:
        return []


def _read_recipients(tree: Tree, folder: str, store: Store) -> None:
    for entry in _entries(tree, folder):
        if not entry.name.endswith(".yaml"):
            continue
        name, path = entry.name.removesuffix(".yaml"), f"{folder}/{entry.name}"
        data = _yaml(tree, path, store)
        if data is None:
            continue
        public = data.get("public_key")
        if not isinstance(public, str) or not _PUBLIC_KEY.match(public) or not re.match(NAME_PATTERN, name):
            store.problems.append((path, "is not a recipient: a name and a `public_key`"))
            continue
        store.recipients[name] = Recipient(name, public)


def _read_folder(tree: Tree, folder: str, kid: str, store: Store) -> None:
    data = _yaml(tree, f"{folder}/key.yaml", store)
    if data is None:
        return
    digest, previous = data.get("digest"), data.get("previous", {})
    chained = isinstance(previous, dict) and all(
        isinstance(kid, str) and _KID.match(kid) and isinstance(mac, str) for kid, mac in previous.items()
    )
    if (
        data.get("kid") != kid
        or not _KID.match(kid)
        or not isinstance(digest, str)
        or not isinstance(previous, dict)
        or not chained
    ):
        store.problems.append((f"{folder}/key.yaml", "does not describe the key of its folder"))
        return
    found = KeyFolder(kid, digest, dict(previous))
    for entry in _entries(tree, folder):
        stem, _, suffix = entry.name.rpartition(".")
        content = _bytes(tree, f"{folder}/{entry.name}", store) if suffix in ("age", "mac") and stem else None
        if content is not None and suffix == "age":
            found.wrapped[stem] = content
        elif content is not None:
            found.macs[stem] = content.decode("ascii", "replace").strip()
    store.folders[kid] = found


def _yaml(tree: Tree, path: str, store: Store) -> dict[str, object] | None:
    content = _bytes(tree, path, store)
    if content is None:
        return None
    name = path.rpartition("/")[2]
    text = decode(content, name)
    documents, findings = yaml_load.load(text, name) if isinstance(text, str) else ([], [text])
    if findings or len(documents) != 1 or not isinstance(documents[0], dict):
        store.problems.append((path, "is not one YAML mapping"))
        return None
    return dict(documents[0])


def _bytes(tree: Tree, path: str, store: Store) -> bytes | None:
    entry = tree.entry(path)
    if entry is None or entry.kind != "file" or entry.is_link or entry.size > _MAX_FILE:
        store.problems.append((path, "is missing, too large, or no regular file"))
        return None
    try:
        return tree.read(path, _MAX_FILE)
    except TreeError as error:
        store.problems.append((path, f"cannot be read: {error}"))
        return None


def problems(tree: Tree) -> Iterator[Finding]:
    """Yield the problems of the key files of all vaults that can be seen without a key."""
    for vault in vault_names(tree):
        store = read_store(tree, vault)
        for path, problem in store.problems:
            yield _finding("LCK019", path, f"`{path}` {problem}", "restore it from git history")
        tips = store.tips()
        if store.folders and not tips:
            path = f"keys/{vault}/{min(store.folders)}/key.yaml"
            message = f"the keys of the vault `{vault}` follow each other in a circle"
            yield _finding("LCK019", path, message, "restore keys/ from git history")
        if len(tips) > 1:
            message = f"the vault `{vault}` has {len(tips)} current keys, as after rotations in parallel"
            hint = f"`llmconf secrets rotate --vault {vault}` unites them"
            yield _finding("LCK020", f"keys/{vault}/{tips[-1]}/key.yaml", message, hint)
        for kid in sorted(store.folders):
            yield from _strangers(store, kid, current=kid in tips)


def _strangers(store: Store, kid: str, *, current: bool) -> Iterator[Finding]:
    """Yield findings on wraps without a recipient, and on recipients that nobody with the key has added."""
    folder = store.folders[kid]
    for name in sorted(set(folder.wrapped) - set(store.recipients)):
        path = f"keys/{store.vault}/{kid}/{name}.age"
        message = f"the key {kid} is wrapped for `{name}`, who is no recipient"
        yield _finding("LCK019", path, message, "delete it, or add the recipient")
    for name in sorted(set(store.recipients) - set(folder.macs)) if current else ():
        path = f"keys/{store.vault}/recipients/{name}.yaml"
        message = f"the recipient `{name}` has no MAC under the key {kid}: nobody who holds it added them"
        yield _finding("LCK019", path, message, "delete it, or run `llmconf secrets recipients add`")


def _finding(code: str, path: str, message: str, hint: str) -> Finding:
    return Finding(code, Span(path, 1, 1, 1, 1), message, hint)
