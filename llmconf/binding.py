"""What a sealed value is bound to, as bytes.

Everything here is public. The digest of a context stands in the token, so that a value that was moved or
whose hosts were edited is noticed without any key; only the cipher makes that a protection.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

FORMAT = "llmconf/v1"
_BINDING_BYTES = 16


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a secret stands, and where it may be sent to.

    `layer` is empty for the base and the environment's name in an overlay; `identity` is the resource
    (`credential/openai/main`), `field` the path in it (`api_key`); `hosts` are normalized origins.
    """

    vault: str
    layer: str
    identity: str
    field: str
    hosts: tuple[str, ...]

    def normalized_hosts(self) -> tuple[str, ...]:
        """Return the hosts sorted and unique, as they are bound."""
        return tuple(sorted(set(self.hosts)))


def encode(parts: Iterable[str | bytes]) -> bytes:
    """Join parts so that no two different lists give the same bytes: a count, then length and content."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return len(raw).to_bytes(4, "big") + b"".join(len(part).to_bytes(4, "big") + part for part in raw)


def context(slot: Slot, kid: str, revision: int, fingerprint: str, hint: str | None) -> bytes:
    """Return the bytes that a value is bound to: key derivation and cipher both take them."""
    head = (
        FORMAT,
        slot.vault,
        slot.layer,
        kid,
        str(revision),
        fingerprint,
        hint or "",
        slot.identity,
        slot.field,
    )
    return encode([*head, encode(slot.normalized_hosts())])


def binding(bound: bytes) -> str:
    """Return the public digest of a context: 26 base32 characters of its SHA-256."""
    digest = hashlib.sha256(b"llmconf/v1 binding\0" + bound).digest()[:_BINDING_BYTES]
    return base32(digest)


def base32(data: bytes) -> str:
    """Return lower-case base32 without padding."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()
