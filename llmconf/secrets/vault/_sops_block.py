"""The `sops` block of a file: who it is encrypted for, which values are, and its MAC."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from llmconf.core.diagnostics import Path
from llmconf.core.errors import RefusedError, UndeterminedError
from llmconf.secrets.vault import age

KEY = 32
_MAX_RECIPIENTS = 200
_MAX_WRAPPED = 64 * 1024
_MAX_PATTERN, _MAX_QUANTIFIERS, _MAX_KEY = 500, 3, 256
_RULES = ("unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex",
          "unencrypted_comment_regex", "encrypted_comment_regex")  # fmt: skip
_OTHERS = (
    ("pgp", "PGP", ("fp",)),
    ("kms", "AWS KMS", ("arn",)),
    ("gcp_kms", "GCP KMS", ("resource_id",)),
    ("azure_kv", "Azure Key Vault", ("vault_url", "vaultUrl", "name")),
    ("hc_vault", "Vault", ("vault_address", "key_name")),
    ("hckms", "Huawei KMS", ("key_id",)),
)
_ARMOR = re.compile(
    r"\s*-----BEGIN AGE ENCRYPTED FILE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END AGE ENCRYPTED FILE-----\s*"
)
_LINE = 64


@dataclass(slots=True)
class Block:
    """The content of the `sops` block of a file. Nothing in it is trusted before the MAC is found valid."""

    age: list[tuple[str, str]]
    others: list[str]
    groups: int
    last_modified: str
    mac: str
    only_encrypted: bool
    rule: tuple[str, str]
    pattern: re.Pattern[str] | None = field(default=None)

    def wants(self, path: Path) -> bool | None:
        """Tell whether a value has to be encrypted by its path; None if only its form decides."""
        name, text = self.rule
        keys = [step for step in path if isinstance(step, str)]
        if name.endswith("_suffix"):
            hit = any(key.endswith(text) for key in keys)
        elif self.pattern is not None and all(len(key) <= _MAX_KEY for key in keys):
            hit = any(self.pattern.search(key) for key in keys)
        else:
            return None
        return hit if name.startswith("encrypted") else not hit


def parse_block(data: Any, file: str) -> Block:
    """Read a `sops` block. Raises RefusedError if it is not one."""
    if not isinstance(data, dict):
        raise RefusedError(f"{file}: has no `sops` block, so SOPS did not encrypt it")
    rules = [(name, data[name]) for name in _RULES if data.get(name)]
    texts = [data.get("lastmodified"), data.get("mac"), *(text for _, text in rules)]
    if not all(isinstance(text, str) for text in texts) or len(rules) > 1:
        raise RefusedError(f"{file}: the `sops` block is not well formed", "restore it from git history")
    groups = _groups(data)
    rule = rules[0] if rules else ("unencrypted_suffix", "_unencrypted")
    return Block(
        age=[pair for group in groups for pair in _age(group)][:_MAX_RECIPIENTS],
        others=[name for group in groups for name in _others(group)],
        groups=len(groups),
        last_modified=_time(data["lastmodified"]),
        mac=data["mac"],
        only_encrypted=data.get("mac_only_encrypted") is True,
        rule=rule,
        pattern=_compile(rule[1]) if rule[0].endswith("crypted_regex") else None,
    )


def _groups(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the key groups. Keys in the block itself are one group, which overrides the others."""
    if any(data.get(name) for name in ("age", *(name for name, _, _ in _OTHERS))):
        return [data]
    groups = data.get("key_groups")
    return [group for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []


def _entries(group: dict[str, Any], name: str) -> list[dict[str, Any]]:
    entries = group.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _age(group: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in _entries(group, "age"):
        if isinstance(entry.get("recipient"), str) and isinstance(entry.get("enc"), str):
            yield entry["recipient"], entry["enc"]


def _others(group: dict[str, Any]) -> Iterator[str]:
    for name, title, parts in _OTHERS:
        for entry in _entries(group, name):
            yield " ".join([title, *(str(entry[part]) for part in parts if entry.get(part))])


def _time(text: str) -> str:
    """Write a time as SOPS does before the MAC is bound to it: whole seconds, and Z for no offset."""
    return re.sub(r"\+00:00\Z", "Z", re.sub(r"\.[0-9]{1,9}(?=[Z+-])", "", text))


def _compile(text: str) -> re.Pattern[str] | None:
    """Compile a rule's pattern. None if it may take too long, or if Go understands it in another way."""
    groups = re.search(r"\)[*+{]|\[\[:|\\[pPCzQ]|\(\?[^:i]", text)
    quantifiers = len(re.findall(r"(?<!\\)[*+{]|(?<![\\(])\?", text))
    if len(text) > _MAX_PATTERN or groups or quantifiers > _MAX_QUANTIFIERS:
        return None
    try:
        return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", text))
    except re.error:
        return None


def find_key(block: Block, identities: age.Identities, file: str) -> bytes:
    """Return the data key of a file. Raises UndeterminedError if no available identity opens it."""
    names = [shown(name) for name, _ in block.age] + [shown(name) for name in block.others]
    listed = ", ".join(names) or "nobody"
    if block.groups > 1:
        message = f"{file}: its key is split among {block.groups} key groups ({listed})"
        hint = "llmconf does not join shares: give it one group of age recipients with `sops updatekeys`"
        raise UndeterminedError(message, hint)
    if not block.age:
        hint = "add one with `sops rotate -i --add-age age1... FILE`, as somebody who can open it"
        raise UndeterminedError(f"{file}: has no age recipient; it is encrypted for {listed}", hint)
    for _, wrapped in block.age:
        key = age.unwrap(dearmor(wrapped), identities)
        if key is not None:
            if len(key) != KEY:
                raise RefusedError(f"{file}: the data key in its `sops` block has not {KEY} bytes")
            return key
    tried = ", ".join(identities.tried) or "nowhere"
    message = f"{file}: no identity at hand opens it; it is encrypted for {listed}"
    raise UndeterminedError(message, f"looked at: {tried}")


def shown(text: str) -> str:
    """Return a text of a file as it may be shown on a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text[:100])


def armor(wrapped: bytes) -> str:
    """Write an age file as text, as `age --armor` does."""
    text = base64.b64encode(wrapped).decode("ascii")
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN AGE ENCRYPTED FILE-----", *lines, "-----END AGE ENCRYPTED FILE-----", ""])


def dearmor(text: str) -> bytes:
    """Return the age file in its armor, or nothing if there is none."""
    match = _ARMOR.fullmatch(text) if len(text) <= _MAX_WRAPPED else None
    try:
        return base64.b64decode("".join(match[1].split()), validate=True) if match else b""
    except ValueError:
        return b""
