"""The opened keys of a repository: the key that seals, the keys that open, and whether each can be trusted."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from llmconf.core.errors import LlmconfError, RefusedError, UndeterminedError
from llmconf.core.tokens import parse_token
from llmconf.secrets.vault import age, files, store, token
from llmconf.secrets.vault.binding import Slot
from llmconf.secrets.vault.token import DataKey
from llmconf.workspace.atomic import write_atomic
from llmconf.workspace.tree import FolderTree


@dataclass(slots=True)
class Keyring:
    """Opens keys when they are first needed, and keeps them for the run.

    `pins` is the file in which this clone remembers, for each vault, the key that it trusts for sealing. A pull
    request cannot change this file. It is None for a user without a home, whose clone seals nothing.
    """

    root: Path
    pins: Path | None
    identities: age.Identities = field(default_factory=age.find_identities)
    stores: dict[str, files.Store] = field(default_factory=dict)
    keys: dict[tuple[str, str], DataKey] = field(default_factory=dict, repr=False)
    in_use: Callable[[str], set[str]] = field(default=lambda _: set(), repr=False)
    """Tells under which keys the tokens of a vault are sealed."""
    sealing: dict[tuple[str, str | None], DataKey] = field(default_factory=dict, repr=False)
    """The keys that may seal, by vault and by the key that the user trusts."""

    def store(self, vault: str) -> files.Store:
        """Return the key files of a vault."""
        if vault not in self.stores:
            self.stores[vault] = files.read_store(FolderTree(self.root), vault)
        return self.stores[vault]

    def forget(self, vault: str) -> None:
        """Read the key files of a vault anew when they are needed next, since they have changed."""
        self.stores.pop(vault, None)
        self.sealing = {place: key for place, key in self.sealing.items() if place[0] != vault}

    def key(self, vault: str, kid: str) -> DataKey:
        """Return an opened key. Raises RefusedError for an unknown id, UndeterminedError without an identity."""
        known = self.keys.get((vault, kid))
        if known is not None:
            return known
        found = self.store(vault)
        if kid not in found.folders:
            hint = f"the keys of this vault are in keys/{vault}/; restore it from git history"
            raise RefusedError(f"there is no key `{kid}` in the vault `{vault}`", hint)
        key = store.unwrap_key(found, kid, self.identities)
        if key is None:
            raise age.no_identity(self.identities, vault)
        if not hmac.compare_digest(store.key_digest(key).encode(), found.folders[kid].digest.encode()):
            raise RefusedError(f"keys/{vault}/{kid}/key.yaml was altered: its digest is not that of the key")
        self.keys[vault, kid] = key
        return key

    def open(self, text: str, slot: Slot) -> str:
        """Return the secret in the token that stands at a place. Raises LlmconfError if it cannot be opened."""
        parts = parse_token(text)
        if parts is None:
            raise RefusedError("not a well-formed token", "restore it from git history")
        return token.open_token(parts, self.key(slot.vault, parts.kid), slot)

    def sealing_key(self, vault: str, *, trust: str | None = None) -> DataKey:
        """Return the key that new tokens of a vault are sealed under, after a check of its origin.

        It is the key that this clone has pinned, or the only one that follows it with valid MACs. A clone
        without a pin uses the only current key, if all keys of the vault form one chain. `trust` is the id of a key
        that the user has checked.
        """
        known = self.sealing.get((vault, trust))
        if known is not None:
            return known
        found = self.store(vault)
        if not found.folders:
            raise RefusedError(
                f"the vault `{vault}` has no key", f"make one with `llmconf secrets init --vault {vault}`"
            )
        tips = found.tips()
        if not tips:
            raise RefusedError(f"the keys of the vault `{vault}` follow each other in a circle")
        key = self.key(vault, trust) if trust else self._trusted(vault, tips)
        self._pin(vault, key)
        self.sealing[vault, trust] = key
        return key

    def _trusted(self, vault: str, tips: list[str]) -> DataKey:
        pinned = self._pinned(vault)
        if pinned is not None and pinned[0] in tips:
            key = self.key(vault, pinned[0])
            if store.key_digest(key) == pinned[1]:
                return key
        candidates = [kid for kid in tips if self._leads_to(vault, kid, pinned)] if pinned else tips
        if len(candidates) != 1:
            raise self._distrust(vault, candidates or tips)
        self._check_whole(vault, candidates[0], first=pinned is None)
        return self.key(vault, candidates[0])

    def _distrust(self, vault: str, kids: list[str]) -> RefusedError:
        listed = ", ".join(kids)
        if len(kids) > 1:
            message = f"the vault `{vault}` has several current keys: {listed}"
            hint = f"find out with `git log keys/{vault}` who added them, then choose: --trust-key {kids[0]}"
            return RefusedError(message, hint)
        return RefusedError(
            f"the key `{listed}` of the vault `{vault}` does not follow the one that this clone trusts",
            f"find out who added keys/{vault}/{listed}; if it is right: --trust-key {listed}",
        )

    def _check_whole(self, vault: str, kid: str, *, first: bool) -> None:
        """Refuse a key that this clone meets for the first time in a vault that looks tampered with."""
        folders = self.store(vault).folders
        missing = self.in_use(vault) - set(folders)
        if missing:
            message = f"tokens of the vault `{vault}` are sealed under keys that are gone: {', '.join(sorted(missing))}"
            raise RefusedError(
                message, f"restore keys/{vault} from git history; if it is right: --trust-key {kid}"
            )
        strangers = sorted(set(folders) - self.lineage(vault, kid)) if first else []
        if strangers:
            raise RefusedError(
                f"the vault `{vault}` has keys of different origin, and this clone has trusted none of them yet",
                f"find out which one is yours ({', '.join([kid, *strangers])}) and name it once: --trust-key KID",
            )

    def _leads_to(self, vault: str, kid: str, pinned: tuple[str, str]) -> bool:
        """Tell whether a chain of MACs leads from the pinned key to this one."""
        found = pinned[0] in self.lineage(vault, kid)
        return found and store.key_digest(self.key(vault, pinned[0])) == pinned[1]

    def lineage(self, vault: str, kid: str) -> set[str]:
        """Return the ids of a key and of those that it follows with valid MACs."""
        folders = self.store(vault).folders
        pending, seen = [kid], {kid}
        while pending:
            key = self.key(vault, pending.pop())
            for before in folders[key.kid].previous:
                if before not in seen and before in folders and self.vouches(vault, before, key):
                    seen.add(before)
                    pending.append(before)
        return seen

    def vouches(self, vault: str, before: str, key: DataKey) -> bool:
        """Tell whether a key was made by somebody who had the previous key. False if that key cannot be opened."""
        claimed = self.store(vault).folders[key.kid].previous.get(before, "")
        try:
            earlier = self.key(vault, before)
        except LlmconfError:
            return False
        expected = store.chain_mac(earlier, key.kid, store.key_digest(key))
        return hmac.compare_digest(expected.encode(), claimed.encode())

    def knows(self, vault: str) -> bool:
        """Tell whether this clone has pinned a key of a vault."""
        return self._pinned(vault) is not None

    def _pinned(self, vault: str) -> tuple[str, str] | None:
        entry = self._read_pins().get(vault)
        return (str(entry[0]), str(entry[1])) if isinstance(entry, list) and len(entry) == 2 else None  # noqa: PLR2004 - id and digest

    def _read_pins(self) -> dict[str, object]:
        file = self._pin_file()
        try:
            data = json.loads(file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise RefusedError(f"{file} cannot be read: it says which keys this clone trusts") from None
        return data if isinstance(data, dict) else {}

    def _pin_file(self) -> Path:
        if self.pins is None:
            message = "this user has no home, so nothing can remember which keys are trusted"
            raise UndeterminedError(message, "set HOME or XDG_STATE_HOME to an absolute path")
        return self.pins

    def _pin(self, vault: str, key: DataKey) -> None:
        pins = self._read_pins()
        entry = [key.kid, store.key_digest(key)]
        if pins.get(vault) != entry:
            file = self._pin_file()
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = json.dumps({**pins, vault: entry}, indent=1, sort_keys=True) + "\n"
            write_atomic(file, text.encode(), 0o600)
