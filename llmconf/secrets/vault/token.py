"""The cipher of one value: AES-256-GCM under a key derived for this value alone, committed to its context."""

from __future__ import annotations

import base64
import hmac
import os
import re
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from llmconf.core.errors import RefusedError
from llmconf.core.tokens import Token
from llmconf.secrets.vault.binding import Slot, base32, binding, context, encode, why_stale

SALT, COMMITMENT, TAG = 24, 32, 16
MAX_SECRET = 64 * 1024
"""Longest secret, in bytes."""
_KEY, _NONCE = 32, 12
_FINGERPRINT_BYTES = 5
_HINT_FROM = 20
_HINT = re.compile(r"[A-Za-z0-9_-]{4}")


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key of a vault and the fingerprint key that goes with it, 32 bytes each. Never shown."""

    vault: str
    kid: str
    secret: bytes = field(repr=False)
    fingerprints: bytes = field(repr=False)


class OpenError(RefusedError):
    """A token cannot be opened. The message names the check that failed and never shows the content."""


def key_id(secret: bytes) -> str:
    """Return the id of a data key: 10 base32 characters derived from it."""
    return base32(_derive(secret, b"", b"llmconf/v1 key id", 7))[:10]


def seal(
    plaintext: str,
    key: DataKey,
    slot: Slot,
    *,
    revision: int = 1,
    hints: bool = True,
    salt: bytes | None = None,
) -> str:
    """Return the token of a secret at its place.

    `salt` is for test vectors only; without it, 24 random bytes. Raises RefusedError for an empty secret
    and for one of more than 64 KiB.
    """
    data = plaintext.encode("utf-8")
    if not data:
        raise RefusedError("an empty secret is not sealed", "remove the field instead")
    if len(data) > MAX_SECRET:
        raise RefusedError(f"the secret has more than {MAX_SECRET:,} bytes")
    salt = os.urandom(SALT) if salt is None else salt
    mark = fingerprint(plaintext, key)
    hint = hint_of(plaintext) if hints else None
    bound = context(slot, key.kid, revision, mark, hint)
    cipher_key, nonce, commitment = _keys(key.secret, salt, bound)
    body = salt + commitment + AESGCM(cipher_key).encrypt(nonce, data, bound)
    encoded = base64.urlsafe_b64encode(body).decode("ascii").rstrip("=")
    return str(Token(key.kid, revision, mark, hint, binding(slot, revision, mark, hint), encoded))


def open_token(token: Token, key: DataKey, slot: Slot) -> str:
    """Return the secret in a token. Raises OpenError if it does not belong to this place and key."""
    if token.kid != key.kid:
        raise OpenError(f"the token is sealed under the key {token.kid}, not {key.kid}")
    body = decode_data(token.data)
    if len(body) < SALT + COMMITMENT + TAG + 1:
        raise OpenError("the token is cut short")
    bound = context(slot, token.kid, token.revision, token.fingerprint, token.hint)
    salt, commitment, sealed = body[:SALT], body[SALT : SALT + COMMITMENT], body[SALT + COMMITMENT :]
    cipher_key, nonce, expected = _keys(key.secret, salt, bound)
    if not hmac.compare_digest(commitment, expected):
        raise OpenError(*_why_not(token, slot))
    try:
        plaintext = AESGCM(cipher_key).decrypt(nonce, sealed, bound).decode("utf-8")
    except (InvalidTag, UnicodeDecodeError):
        raise OpenError("the sealed data of the token was altered", "restore it from git history") from None
    if not hmac.compare_digest(fingerprint(plaintext, key), token.fingerprint):
        raise OpenError("the fingerprint in the token is not that of its secret")
    if why_stale(token, slot) is not None:
        raise OpenError("the public digest in the token was altered", "restore it from git history")
    return plaintext


def _why_not(token: Token, slot: Slot) -> tuple[str, str]:
    """Return the error for a token with a wrong commitment, as far as its public digest shows the cause."""
    why = why_stale(token, slot)
    if why is not None:
        return (
            f"the token was sealed {why}",
            "undo the move or the edit, or seal the secret anew with `llmconf secrets set`",
        )
    return (
        "the token was altered, or was sealed under another key of the same name",
        "restore it from git history",
    )


def decode_data(text: str) -> bytes:
    """Decode base64url without padding, strictly: one text for each content."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise OpenError("the sealed data of the token is not base64url") from None
    if base64.urlsafe_b64encode(data).decode("ascii").rstrip("=") != text:
        raise OpenError("the sealed data of the token is not written in its one canonical form")
    return data


def fingerprint(plaintext: str, key: DataKey) -> str:
    """Return 8 base32 characters that are equal for equal secrets of one vault."""
    digest = hmac.digest(key.fingerprints, b"llmconf/v1 fingerprint\0" + plaintext.encode("utf-8"), "sha256")
    return base32(digest[:_FINGERPRINT_BYTES])


def hint_of(plaintext: str) -> str | None:
    """Return the last four characters of a secret that is long enough to show them, or None."""
    hint = plaintext[-4:]
    return hint if len(plaintext) >= _HINT_FROM and _HINT.fullmatch(hint) else None


def mac(key: DataKey, label: str, *parts: str | bytes) -> str:
    """Return a MAC under a data key, as hex. Labels keep the uses apart."""
    derived = _derive(key.secret, b"", b"llmconf/v1 mac " + label.encode(), _KEY)
    return hmac.new(derived, encode(parts), sha256).hexdigest()


def _keys(secret: bytes, salt: bytes, bound: bytes) -> tuple[bytes, bytes, bytes]:
    derived = _derive(secret, salt, b"llmconf/v1 seal\0" + bound, _KEY + _NONCE + COMMITMENT)
    return derived[:_KEY], derived[_KEY : _KEY + _NONCE], derived[_KEY + _NONCE :]


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
