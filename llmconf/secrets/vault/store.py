"""Makes and opens the files below `keys/`: wrapped data keys, MACs, and the chain from one key to the next."""

from __future__ import annotations

import base64
import hmac
import os
from hashlib import sha256

from llmconf.core.errors import RefusedError
from llmconf.secrets.vault import age
from llmconf.secrets.vault.files import Recipient, Store
from llmconf.secrets.vault.token import DataKey, key_id, mac
from llmconf.yamltext.scalars import quote

_PAYLOAD_HEAD = b"llmconf-key-v1\n"
_KEY_BYTES = 32


def new_key(vault: str, fingerprints: bytes | None = None) -> DataKey:
    """Make a data key. If a fingerprint key is given, it is kept."""
    secret = os.urandom(_KEY_BYTES)
    while key_id(secret)[0].isdigit():  # YAML would take some of these ids for numbers
        secret = os.urandom(_KEY_BYTES)
    return DataKey(vault, key_id(secret), secret, fingerprints or os.urandom(_KEY_BYTES))


def key_files(key: DataKey, previous: list[DataKey], recipients: list[Recipient]) -> dict[str, bytes]:
    """Return the files of a data key, by path relative to the repository."""
    folder = f"keys/{key.vault}/{key.kid}"
    lines = [f"kid: {key.kid}", f"digest: {key_digest(key)}"]
    if previous:
        macs = sorted((before.kid, chain_mac(before, key.kid, key_digest(key))) for before in previous)
        lines += ["previous:", *(f"  {kid}: {mac_of}" for kid, mac_of in macs)]
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
    text = f"public_key: {quote(recipient.public_key)}\n"
    return {f"keys/{vault}/recipients/{recipient.name}.yaml": text.encode()}


def unwrap_key(store: Store, kid: str, identities: age.Identities) -> DataKey | None:
    """Open a data key with the available identities. None if none fits.

    Raises RefusedError if the wrapped key is not the one that its folder names, or if all its wraps are damaged.
    """
    folder = store.folders.get(kid)
    damaged = []
    for name, wrapped in folder.wrapped.items() if folder else ():
        try:
            payload = age.unwrap(wrapped, identities)
        except RefusedError as error:
            damaged.append((f"keys/{store.vault}/{kid}/{name}.age is {error.message}", error.hint))
            continue
        if payload is not None:
            return _parse_payload(store.vault, kid, name, payload)
    if damaged:
        raise RefusedError(*damaged[0])
    return None


def _parse_payload(vault: str, kid: str, name: str, payload: bytes) -> DataKey:
    where = f"keys/{vault}/{kid}/{name}.age"
    if not payload.startswith(_PAYLOAD_HEAD):
        raise RefusedError(f"{where} holds no key of llmconf")
    try:
        secret, fingerprints = (
            base64.b64decode(line, validate=True) for line in payload[len(_PAYLOAD_HEAD) :].split()
        )
    except ValueError:
        raise RefusedError(f"{where} holds no key of llmconf") from None
    if len(secret) != _KEY_BYTES or len(fingerprints) != _KEY_BYTES or key_id(secret) != kid:
        raise RefusedError(f"{where} holds another key than its folder says")
    return DataKey(vault, kid, secret, fingerprints)


def key_digest(key: DataKey) -> str:
    """Return a public digest of a data key, which its successor's MAC and the pin cover."""
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
