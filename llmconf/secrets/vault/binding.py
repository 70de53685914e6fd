"""What a sealed value is bound to, as bytes.

Everything here is public. The token holds the digest of its context, so that llmconf notices without any key that a
value was moved or that its hosts were edited. Only the cipher protects against such changes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from llmconf.core.tokens import Token

FORMAT = "llmconf/v1"
_PARTS = {
    "hosts": (7, "for other hosts"),
    "resource": (4, "for another resource"),
    "field": (3, "for another field"),
    "layer": (3, "for another environment"),
    "vault": (3, "for another vault"),
    "revision": (2, "with another revision"),
    "fingerprint": (2, "with another fingerprint"),
    "hint": (2, "with another hint"),
}
"""The parts of a public digest in their order: the number of characters, and the text for a part that differs."""
_LABELS = {name: f"llmconf/v1 binding {name}\0".encode() for name in _PARTS}
_SHOWN = [(8 * index, length) for index, (length, _) in enumerate(_PARTS.values())]
"""The position of each part in the base32 of all digests, and the number of its characters that are shown."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a secret, and the hosts that it may be sent to.

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
        return self.hosts if len(self.hosts) == 1 else tuple(sorted(set(self.hosts)))


def encode(parts: Iterable[str | bytes]) -> bytes:
    """Join parts so that no two different lists give the same bytes: a count, then length and content."""
    count, sized = 0, b""
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        sized += len(raw).to_bytes(4, "big") + raw
        count += 1
    return count.to_bytes(4, "big") + sized


def context(slot: Slot, kid: str, revision: int, fingerprint: str, hint: str | None) -> bytes:
    """Return the bytes that a value is bound to. Key derivation and cipher both use them."""
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


def binding(slot: Slot, revision: int, fingerprint: str, hint: str | None) -> str:
    """Return the public digest of a context: 26 characters, some for each part, to show which part differs."""
    digests = (
        _shared_digest("hosts", slot.normalized_hosts()),
        _digest("resource", (slot.identity,)),
        _shared_digest("field", (slot.field,)),
        _shared_digest("layer", (slot.layer,)),
        _shared_digest("vault", (slot.vault,)),
        _shared_digest("revision", (str(revision),)),
        _digest("fingerprint", (fingerprint,)),
        _shared_digest("hint", (hint or "",)),
    )
    # Five bytes are eight characters, so that all are encoded at once and taken apart again.
    text = base32(b"".join(digests))
    return "".join([text[start : start + length] for start, length in _SHOWN])


def why_stale(token: Token, slot: Slot) -> str | None:
    """Return, without any key, the parts of its context in which a token differs from the place where it is.

    The text follows the word "sealed". It is None if the public digest matches or is absent.
    """
    found = token.binding
    expected = binding(slot, token.revision, token.fingerprint, token.hint)
    if found is None or found == expected:
        return None
    said = []
    start = 0
    for length, words in _PARTS.values():
        if expected[start : start + length] != found[start : start + length]:
            said.append(words)
        start += length
    return ", ".join(said)


def _digest(name: str, values: tuple[str, ...]) -> bytes:
    from hashlib import sha256

    return sha256(_LABELS[name] + encode(values)).digest()[:5]


_shared_digest = lru_cache(maxsize=4096)(_digest)
"""Remembers the digests of parts that many tokens have in common."""


def base32(data: bytes) -> str:
    """Return lower-case base32 without padding."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()
