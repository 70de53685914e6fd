"""What a sealed value is bound to, as bytes.

Everything here is public. The digest of a context stands in the token, so that a value that was moved or
whose hosts were edited is noticed without any key; only the cipher makes that a protection.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from llmconf.fields import Token

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
"""The parts of a public digest in their order: how many characters each has, and what it means to differ."""
_OWN = {"resource", "fingerprint"}
"""Parts that hardly two tokens share: to remember their digests costs more than to make them."""


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
        return self.hosts if len(self.hosts) == 1 else tuple(sorted(set(self.hosts)))


def encode(parts: Iterable[str | bytes]) -> bytes:
    """Join parts so that no two different lists give the same bytes: a count, then length and content."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    sized = [len(raw).to_bytes(4, "big")]
    for part in raw:
        sized += (len(part).to_bytes(4, "big"), part)
    return b"".join(sized)


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


def binding(slot: Slot, revision: int, fingerprint: str, hint: str | None) -> str:
    """Return the public digest of a context: 26 characters, some for each part, so that it tells which differs."""
    values: dict[str, tuple[str, ...]] = {
        "hosts": slot.normalized_hosts(),
        "resource": (slot.identity,),
        "field": (slot.field,),
        "layer": (slot.layer,),
        "vault": (slot.vault,),
        "revision": (str(revision),),
        "fingerprint": (fingerprint,),
        "hint": (hint or "",),
    }
    return "".join(
        (_digest if name in _OWN else _shared_digest)(name, values[name])[:length]
        for name, (length, _) in _PARTS.items()
    )


def why_stale(token: Token, slot: Slot) -> str | None:
    """Say, without any key, in which parts a token was sealed for something else than where it stands.

    In words that follow "sealed"; None where its public digest is the right one, or absent.
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


def _digest(name: str, values: tuple[str, ...]) -> str:
    return base32(hashlib.sha256(f"llmconf/v1 binding {name}\0".encode() + encode(values)).digest()[:5])


_shared_digest = lru_cache(maxsize=4096)(_digest)


def base32(data: bytes) -> str:
    """Return lower-case base32 without padding."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()
