"""The values of secret fields: sealed tokens and references. Syntax only: nothing here opens them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from llmconf.core.grammar import ENV_NAME_PATTERN

TOKEN_PATTERN = (
    r"^ENC\(v1;k=(?P<kid>[a-z2-7]{1,32});r=(?P<revision>[1-9][0-9]{0,8});"
    r"f=(?P<fingerprint>[a-z2-7]{8})(?:;h=(?P<hint>[A-Za-z0-9_-]{4}))?"
    r"(?:;b=(?P<binding>[a-z2-7]{26}))?;d=(?P<data>[A-Za-z0-9_-]{95,})\)$"
)
REFERENCE_PATTERN = r"^(?P<scheme>[a-z][a-z0-9+.-]{1,31}):(?P<target>\S(?:.*\S)?)$"

REFERENCE_SCHEMES = {
    "env": "an environment variable",
    "file": "a file of the repository or under /run/secrets",
    "op": "1Password",
    "vault": "HashiCorp Vault",
    "awssm": "AWS Secrets Manager",
    "gcpsm": "Google Secret Manager",
    "azkv": "Azure Key Vault",
}
"""Schemes that a secret field may refer to. llmconf opens `env` and `file`; the rest are passed on."""

MASK = "****"
"""Replaces a hidden value."""
SOPS_START = "ENC[AES256_GCM,"
"""The prefix of a value that SOPS encrypted."""
_TOKEN_START = "ENC("
SHORT_TOKEN = r"ENC\([^()\s]*\)"
"""Finds a token, valid or not, within a text."""
OPEN_TOKEN = r"ENC\([^()\r\n]*\)?"
"""Finds a token within a text even if it has white space in it or does not end."""

_TOKEN = re.compile(TOKEN_PATTERN)
_REFERENCE = re.compile(REFERENCE_PATTERN)
_ENV_NAME = re.compile(ENV_NAME_PATTERN)


@dataclass(frozen=True, slots=True)
class Token:
    """A sealed secret, parsed but not opened."""

    kid: str
    revision: int
    fingerprint: str
    hint: str | None
    binding: str | None
    data: str

    def __str__(self) -> str:
        parts = [f"k={self.kid}", f"r={self.revision}", f"f={self.fingerprint}"]
        parts += [f"h={self.hint}"] if self.hint else []
        parts += [f"b={self.binding}"] if self.binding else []
        return f"{_TOKEN_START}v1;{';'.join(parts)};d={self.data})"


@dataclass(frozen=True, slots=True)
class Reference:
    """A secret kept elsewhere: `env:NAME`, `file:path`, `op://vault/item`."""

    scheme: str
    target: str


def parse_token(text: str) -> Token | None:
    """Parse `ENC(v1;k=...;...)`. Returns None if the text is not a well-formed token."""
    match = _TOKEN.fullmatch(text)
    if not match:
        return None
    kid, revision, fingerprint, hint, binding, data = match.groups()
    return Token(kid, int(revision), fingerprint, hint, binding, data)


def is_token_like(text: str) -> bool:
    """Tell whether a text begins as a token does, well-formed or not."""
    return text.startswith(_TOKEN_START)


def token_summary(text: str) -> str:
    """Return a token in short: hint, fingerprint, revision and key. Of a malformed token, nothing is shown."""
    token = parse_token(text)
    if token is None:
        return f"{_TOKEN_START}{MASK} malformed)"
    return f"{_TOKEN_START}{MASK}{token.hint or ''} f={token.fingerprint} r={token.revision} k={token.kid})"


def parse_reference(text: str) -> Reference | None:
    """Parse `scheme:target`. Returns None for an unknown scheme or a malformed target."""
    match = _REFERENCE.fullmatch(text)
    if not match or match["scheme"] not in REFERENCE_SCHEMES:
        return None
    scheme, target = match["scheme"], match["target"]
    if scheme == "env" and not _ENV_NAME.fullmatch(target):
        return None
    if scheme not in ("env", "file") and not target.startswith("//"):
        return None
    return Reference(scheme, target)


def is_sealed(text: str) -> bool:
    """Tell whether the value of a secret field is valid: a token or a reference."""
    return _TOKEN.fullmatch(text) is not None or parse_reference(text) is not None


def mask(text: str) -> str:
    """Show a secret field to people: the hint of a token or the whole reference, never a plaintext."""
    token = parse_token(text)
    if token:
        return f"{MASK}{token.hint or ''}"
    return text if parse_reference(text) else MASK
