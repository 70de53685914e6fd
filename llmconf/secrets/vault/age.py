"""Wrapping of keys in the age format: recipients, identities, and the places where identities are searched."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from llmconf.core.errors import RefusedError, UndeterminedError
from llmconf.workspace.user_folders import config_folder, home

IDENTITY_FILE = "identities.txt"
"""Name of the file with identities in the user's config folder."""
_FITS_NOBODY = "No matching keys found"
"""The message of age on a file that is for somebody else."""
_MAX_IDENTITY_FILE = 1024 * 1024
_ENVIRONMENT = (
    ("LLMCONF_AGE_KEY", False),
    ("LLMCONF_AGE_KEY_FILE", True),
    ("SOPS_AGE_KEY", False),
    ("SOPS_AGE_KEY_FILE", True),
)


@dataclass(slots=True)
class Identities:
    """The available private keys, and the places that were searched, for messages."""

    keys: list[Any] = field(default_factory=list, repr=False)
    publics: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)


def generate() -> tuple[str, str]:
    """Return a new identity as text, and its public key."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def parse_recipient(text: str) -> Any:
    """Return the recipient for a public key: `age1...`, `ssh-ed25519 ...` or `ssh-rsa ...`.

    Raises RefusedError if it is not one.
    """
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        hint = "a public key begins with `age1`, `ssh-ed25519` or `ssh-rsa`"
        raise RefusedError("not a public key that a secret can be wrapped for", hint) from None


def wrap(payload: bytes, recipient: str) -> bytes:
    """Encrypt a payload for one public key, as `age` does."""
    return bytes(pyrage.encrypt(payload, [parse_recipient(recipient)]))


def unwrap(wrapped: bytes, identities: Identities) -> bytes | None:
    """Decrypt a payload with the available identities. None if none of them fits.

    Raises RefusedError for a damaged payload.
    """
    try:
        return bytes(pyrage.decrypt(wrapped, identities.keys)) if identities.keys else None
    except pyrage.DecryptError as error:
        if str(error) == _FITS_NOBODY:
            return None
        raise RefusedError("not a whole file of age", "restore it from git history") from None


def find_identities() -> Identities:
    """Collect the identities that this process may use, from the environment and the user's folders."""
    found = Identities()
    for name, is_file in _ENVIRONMENT:
        value = os.environ.get(name)
        if not value:
            found.tried.append(f"${name} (not set)")
        elif is_file:
            _read(found, Path(value), f"${name}")
        else:
            _parse(found, value, f"${name}")
    for folder, file in ((config_folder(), IDENTITY_FILE), (config_folder("sops"), "age/keys.txt")):
        if folder is not None:
            _read(found, folder / file, str(folder / file), quiet=True)
    own = home()
    if own is None:
        found.tried.append("~/.ssh (this user has no home)")
        return found
    for name in ("id_ed25519", "id_rsa"):
        _read(found, own / ".ssh" / name, f"~/.ssh/{name}", quiet=True)
    return found


def no_identity(found: Identities, vault: str) -> UndeterminedError:
    """Return the error for a vault that no available identity opens, with the places that were searched."""
    return UndeterminedError(
        f"no identity at hand opens the vault `{vault}`",
        "looked at: " + ", ".join(found.tried) + "; make one with `llmconf secrets keygen` and have it added",
    )


def _read(found: Identities, path: Path, name: str, *, quiet: bool = False) -> None:
    try:
        if quiet and not path.exists():
            found.tried.append(f"{name} (absent)")
            return
        with path.open("rb") as file:
            data = file.read(_MAX_IDENTITY_FILE)
        _parse(found, data.decode("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        found.tried.append(f"{name} ({getattr(error, 'strerror', None) or 'not text'})")


def _parse(found: Identities, text: str, name: str) -> None:
    """Read identities, one per line, or one SSH private key. No message shows the content."""
    before = len(found.keys)
    problem = ""
    if "PRIVATE KEY-----" in text:
        try:
            found.keys.append(pyrage.ssh.Identity.from_buffer(text.encode()))
        except pyrage.IdentityError:
            problem = "an SSH key that is encrypted or of another kind"
    else:
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                try:
                    identity = pyrage.x25519.Identity.from_str(line.strip())
                    found.keys.append(identity)
                    found.publics.append(str(identity.to_public()))
                except pyrage.IdentityError:
                    problem = "a line that is no age identity"
    count = len(found.keys) - before
    found.tried.append(f"{name} ({problem or f'{count} identit' + ('y' if count == 1 else 'ies')})")
