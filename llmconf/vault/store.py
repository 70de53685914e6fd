"""The files below `keys/`: recipients, wrapped data keys, and the chain that ties one key to the next.

    keys/<vault>/recipients/<name>.yaml   a public key
    keys/<vault>/<kid>/key.yaml           predecessor, digest of the key, MAC under the predecessor
    keys/<vault>/<kid>/<name>.age         data key and fingerprint key, wrapped for one recipient
    keys/<vault>/<kid>/<name>.mac         MAC under the data key over vault, kid, name and public key

Nothing in these files is trusted before its MAC has been checked with an opened key: whoever can send a
pull request can write them.
"""

from __future__ import annotations

import base64
import hmac
import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from llmconf import values
from llmconf.errors import RefusedError
from llmconf.fields import NAME_PATTERN
from llmconf.text import decode
from llmconf.vault import age
from llmconf.vault.token import DataKey, key_id, mac

_PAYLOAD_HEAD = b"llmconf-key-v1\n"
_KEY_BYTES = 32
_MAX_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key with the name of whom it belongs to."""

    name: str
    public_key: str


@dataclass(slots=True)
class KeyFolder:
    """One data key as it lies in the repository: who it is wrapped for, and what it says of its origin."""

    kid: str
    previous: str | None
    digest: str
    mac: str | None
    wrapped: dict[str, bytes] = field(default_factory=dict, repr=False)
    macs: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Store:
    """The keys of one vault, read from the repository and not yet trusted.

    `problems` says what cannot be read, by path relative to the repository.
    """

    vault: str
    recipients: dict[str, Recipient] = field(default_factory=dict)
    folders: dict[str, KeyFolder] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def tips(self) -> list[str]:
        """Return the ids of keys that no other key follows, sorted; after parallel rotations several."""
        followed = {folder.previous for folder in self.folders.values()}
        return sorted(kid for kid in self.folders if kid not in followed)


def vault_names(root: Path) -> list[str]:
    """Return the names of the vaults that have a folder, sorted."""
    folder = root / "keys"
    if not folder.is_dir() or folder.is_symlink():
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink())


def read_store(root: Path, vault: str) -> Store:
    """Read all key files of a vault. What is malformed is noted and left out."""
    store = Store(vault)
    base = root / "keys" / vault
    if not base.is_dir() or base.is_symlink() or (root / "keys").is_symlink():
        return store
    for entry in sorted(base.iterdir()):
        if entry.is_symlink() or not entry.is_dir() or entry.name.startswith("."):
            continue
        if entry.name == "recipients":
            _read_recipients(root, entry, store)
        else:
            _read_folder(root, entry, store)
    return store


def _read_recipients(root: Path, folder: Path, store: Store) -> None:
    for file in sorted(folder.glob("*.yaml")):
        data = _yaml(root, file, store)
        if data is None:
            continue
        public = data.get("public_key")
        if not isinstance(public, str) or not _is_name(file.stem):
            store.problems.append((_shown(root, file), "is not a recipient: a name and a `public_key`"))
            continue
        try:
            age.parse_recipient(public)
        except RefusedError as error:
            store.problems.append((_shown(root, file), error.message))
            continue
        store.recipients[file.stem] = Recipient(file.stem, public)


def _read_folder(root: Path, folder: Path, store: Store) -> None:
    data = _yaml(root, folder / "key.yaml", store)
    if data is None:
        return
    previous, chain = _text(data.get("previous")), _text(data.get("mac"))
    digest = _text(data.get("digest"))
    if data.get("kid") != folder.name or digest is None:
        store.problems.append((_shown(root, folder / "key.yaml"), "does not describe the key of its folder"))
        return
    found = KeyFolder(folder.name, previous, digest, chain)
    for file in sorted(folder.iterdir()):
        content = _bytes(root, file, store) if file.suffix in (".age", ".mac") else None
        if content is not None and file.suffix == ".age":
            found.wrapped[file.stem] = content
        elif content is not None:
            found.macs[file.stem] = content.decode("ascii", "replace").strip()
    store.folders[folder.name] = found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _yaml(root: Path, file: Path, store: Store) -> dict[str, object] | None:
    content = _bytes(root, file, store)
    if content is None:
        return None
    text = decode(content, file.name)
    documents, findings = values.load(text, file.name) if isinstance(text, str) else ([], [text])
    if findings or len(documents) != 1 or not isinstance(documents[0], dict):
        store.problems.append((_shown(root, file), "is not one YAML mapping"))
        return None
    return dict(documents[0])


def _bytes(root: Path, file: Path, store: Store) -> bytes | None:
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _MAX_FILE:
            store.problems.append((_shown(root, file), "is missing, too large, or no regular file"))
            return None
        return file.read_bytes()
    except OSError as error:
        store.problems.append((_shown(root, file), f"cannot be read: {error.strerror}"))
        return None


def _shown(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()


def _is_name(text: str) -> bool:
    import re

    return re.match(NAME_PATTERN, text) is not None


def new_key(vault: str, fingerprints: bytes | None = None) -> DataKey:
    """Make a data key; the fingerprint key is carried over where one is given."""
    secret = os.urandom(_KEY_BYTES)
    return DataKey(vault, key_id(secret), secret, fingerprints or os.urandom(_KEY_BYTES))


def key_files(key: DataKey, previous: DataKey | None, recipients: list[Recipient]) -> dict[str, bytes]:
    """Return the files of a data key, by path relative to the repository."""
    folder = f"keys/{key.vault}/{key.kid}"
    lines = [f"kid: {key.kid}", f"digest: {key_digest(key)}"]
    if previous:
        lines += [f"previous: {previous.kid}", f"mac: {chain_mac(previous, key.kid, key_digest(key))}"]
    files = {f"{folder}/key.yaml": ("\n".join(lines) + "\n").encode()}
    for recipient in recipients:
        files |= wrap_files(key, recipient)
    return files


def wrap_files(key: DataKey, recipient: Recipient) -> dict[str, bytes]:
    """Return the two files that let one recipient open a data key."""
    base = f"keys/{key.vault}/{key.kid}/{recipient.name}"
    parts = (base64.b64encode(key.secret), base64.b64encode(key.fingerprints))
    payload = _PAYLOAD_HEAD + b"\n".join(parts) + b"\n"
    return {
        f"{base}.age": age.wrap(payload, recipient.public_key),
        f"{base}.mac": (recipient_mac(key, recipient) + "\n").encode(),
    }


def recipient_file(vault: str, recipient: Recipient) -> dict[str, bytes]:
    """Return the file that names a recipient."""
    return {f"keys/{vault}/recipients/{recipient.name}.yaml": f"public_key: {recipient.public_key}\n".encode()}


def unwrap_key(store: Store, kid: str, identities: age.Identities) -> DataKey | None:
    """Open a data key with the identities at hand; None where none fits.

    Raises RefusedError where what is wrapped is not the key that its folder names.
    """
    folder = store.folders.get(kid)
    for name, wrapped in folder.wrapped.items() if folder else ():
        payload = age.unwrap(wrapped, identities)
        if payload is not None:
            return _parse_payload(store.vault, kid, name, payload)
    return None


def _parse_payload(vault: str, kid: str, name: str, payload: bytes) -> DataKey:
    where = f"keys/{vault}/{kid}/{name}.age"
    if not payload.startswith(_PAYLOAD_HEAD):
        raise RefusedError(f"{where} holds no key of llmconf")
    try:
        secret, fingerprints = (base64.b64decode(line, validate=True) for line in payload[len(_PAYLOAD_HEAD) :].split())
    except ValueError:
        raise RefusedError(f"{where} holds no key of llmconf") from None
    if len(secret) != _KEY_BYTES or len(fingerprints) != _KEY_BYTES or key_id(secret) != kid:
        raise RefusedError(f"{where} holds another key than its folder says")
    return DataKey(vault, kid, secret, fingerprints)


def key_digest(key: DataKey) -> str:
    """Return a public digest of a data key, which its successor's MAC and the pin are about."""
    return sha256(mac(key, "digest", key.vault, key.kid).encode()).hexdigest()


def chain_mac(previous: DataKey, kid: str, digest: str) -> str:
    """Return the MAC with which a key vouches for its successor."""
    return mac(previous, "successor", previous.vault, previous.kid, kid, digest)


def recipient_mac(key: DataKey, recipient: Recipient) -> str:
    """Return the MAC that says that a recipient was added by someone who holds the key."""
    return mac(key, "recipient", key.vault, key.kid, recipient.name, recipient.public_key)


def vouched(store: Store, key: DataKey) -> tuple[list[Recipient], list[str]]:
    """Return the recipients that hold a valid MAC under a key, and the names of those that do not."""
    folder = store.folders.get(key.kid)
    good, bad = [], []
    for recipient in store.recipients.values():
        known = folder.macs.get(recipient.name, "") if folder else ""
        if hmac.compare_digest(known.encode(), recipient_mac(key, recipient).encode()):
            good.append(recipient)
        else:
            bad.append(recipient.name)
    return good, bad
