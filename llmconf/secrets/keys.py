"""Changes to keys: make a vault, share it, rotate it, and report what is left to do."""

from __future__ import annotations

from pathlib import Path

from llmconf.core.errors import RefusedError
from llmconf.core.tokens import parse_token
from llmconf.secrets.fields import Site
from llmconf.secrets.seal import open_site, require_readable
from llmconf.secrets.sealing import Outcome, Workspace
from llmconf.secrets.vault import age, store, token
from llmconf.secrets.vault.files import Recipient
from llmconf.secrets.vault.token import DataKey
from llmconf.workspace import transaction
from llmconf.yamltext.splices import Editing


def init(work: Workspace, vault: str, recipients: list[Recipient]) -> Outcome:
    """Make the first key of a vault, wrapped for the given recipients.

    Raises RefusedError if the vault already has a key, or if no recipient is given.
    """
    if work.keyring.store(vault).folders:
        raise RefusedError(
            f"the vault `{vault}` has a key already", "`llmconf secrets rotate` makes a new one"
        )
    if work.keyring.knows(vault):
        hint = f"restore keys/{vault} from git history; to begin anew, delete {work.keyring.pins}"
        raise RefusedError(f"this clone knows a key of the vault `{vault}` that is gone", hint)
    if not recipients:
        raise RefusedError(
            "a vault needs a recipient",
            "name one with --recipient NAME=age1..., or make an identity with `llmconf secrets keygen`",
        )
    key = store.new_key(vault)
    files = store.key_files(key, [], recipients)
    for recipient in recipients:
        files |= store.recipient_file(vault, recipient)
    transaction.apply(work.root, _new_files(work.root, files))
    work.keyring.forget(vault)
    work.keyring.keys[vault, key.kid] = key
    # This process has just made the key, so its origin needs no check.
    work.keyring.sealing_key(vault, trust=key.kid)
    names = ", ".join(recipient.name for recipient in recipients)
    outcome = Outcome([f"vault {vault}: key {key.kid} wrapped for {names}"])
    if gone := ", ".join(sorted(work.keyring.in_use(vault))):
        outcome.notes.append(
            f"vault {vault}: there are tokens under keys that are gone ({gone}): "
            f"restore keys/{vault} from git history if it had any, or set these secrets anew"
        )
    return outcome


def rotate(
    work: Workspace, vault: str, *, trust: str | None = None, fresh: bool = False, without: str | None = None
) -> Outcome:
    """Make a new data key and seal all values of the vault again under it.

    After an interrupted run, this only finishes that run: while values are sealed under an older key, no new key is
    made. After parallel rotations, one new key follows the several current keys. `fresh` makes a new fingerprint key
    too. `without` names a recipient for whom the new key is not wrapped.
    """
    require_readable(work, lambda _: True)
    outcome = Outcome()
    current = work.keyring.sealing_key(vault, trust=trust)
    united = len(work.keyring.store(vault).tips()) > 1
    behind = [site for site in _sealed(work, vault) if _kid(site) != current.kid]
    anew = not behind or fresh or united
    # All values are opened before anything is written, so that a value that cannot be opened leaves no half rotation.
    opened = [(site, open_site(work, site, ())) for site in (_sealed(work, vault) if anew else behind)]
    new: list[transaction.Change] = []
    if anew:
        current, new = _make_successor(work, vault, current, fresh=fresh, without=without, outcome=outcome)
    else:
        outcome.notes.append(f"vault {vault}: finishing the rotation to {current.kid}")
    editing = Editing(work.root)
    for site, plaintext in opened:
        editing.scalar(site.place, _sealed_again(site, plaintext, current), old=site.value)
    changes = editing.changes()
    # The key is written first, so that values sealed under it can be opened even if this run is interrupted.
    transaction.apply(work.root, new + changes)
    work.keyring.forget(vault)
    work.keyring.keys[vault, current.kid] = current
    work.keyring.sealing_key(vault)
    outcome.changed.append(
        f"vault {vault}: {len(opened)} values sealed under {current.kid} in {len(changes)} files"
    )
    outcome.changed += _drop_halves(work, vault)
    return outcome


def _sealed_again(site: Site, plaintext: str, key: DataKey) -> str:
    """Return the token of an unchanged secret under another key: with the revision and the hint that it has."""
    parts = parse_token(site.value)
    revision, hints = (parts.revision, parts.hint is not None) if parts else (1, False)
    return token.seal(plaintext, key, site.slot, revision=revision, hints=hints)


def _make_successor(
    work: Workspace, vault: str, current: DataKey, *, fresh: bool, without: str | None, outcome: Outcome
) -> tuple[DataKey, list[transaction.Change]]:
    """Return a new key that follows the current ones, and the changes that write it for their recipients."""
    files = work.keyring.store(vault)
    recipients = _recipients(work, vault, current, without)
    if not recipients:
        raise RefusedError(f"the vault `{vault}` has no recipient to wrap a new key for")
    successor = store.new_key(vault, None if fresh else current.fingerprints)
    # After rotations in parallel the new key follows all of them, so that every clone can follow it.
    before = {current.kid: current}
    for kid in files.tips():
        if not work.keyring.lineage(vault, kid) & work.keyring.lineage(vault, current.kid):
            raise RefusedError(
                f"the key `{kid}` of the vault `{vault}` does not follow from any key before",
                f"find out who added keys/{vault}/{kid}, and delete it",
            )
        before.setdefault(kid, work.keyring.key(vault, kid))
    new = store.key_files(successor, list(before.values()), recipients)
    outcome.notes.append(f"vault {vault}: new key {successor.kid} follows {', '.join(sorted(before))}")
    return successor, _new_files(work.root, new)


def _recipients(work: Workspace, vault: str, current: DataKey, without: str | None = None) -> list[Recipient]:
    """Return the recipients of a key. Raises RefusedError if one of them has no valid MAC."""
    recipients, strangers = store.vouched(work.keyring.store(vault), current)
    strangers = [name for name in strangers if name != without]
    if strangers:
        raise RefusedError(
            f"vault `{vault}`: {', '.join(strangers)} has no valid MAC: nobody who holds the key added it",
            f"delete keys/{vault}/recipients/<name>.yaml, or add it with `llmconf secrets recipients add`",
        )
    return [recipient for recipient in recipients if recipient.name != without]


def add_recipient(work: Workspace, vault: str, recipient: Recipient) -> Outcome:
    """Wrap all keys of a vault that can be opened for one more recipient. No value is touched."""
    files = work.keyring.store(vault)
    age.parse_recipient(recipient.public_key)
    known = files.recipients.get(recipient.name)
    if known and known.public_key != recipient.public_key:
        raise RefusedError(
            f"`{recipient.name}` is a recipient with another key", "remove it first, or take another name"
        )
    work.keyring.sealing_key(vault)
    new = {} if known else store.recipient_file(vault, recipient)
    for kid in files.folders:
        new |= store.wrap_files(work.keyring.key(vault, kid), recipient)
    transaction.apply(work.root, _new_files(work.root, new))
    work.keyring.forget(vault)
    return Outcome([f"vault {vault}: {len(files.folders)} keys wrapped for {recipient.name}"])


def remove_recipient(work: Workspace, vault: str, name: str) -> Outcome:
    """Rotate data key and fingerprint key without a recipient, delete their wraps, and list what to renew upstream.

    The wraps go last, so that an interrupted run can be run again.
    """
    files = work.keyring.store(vault)
    if name not in files.recipients and not any(name in folder.wrapped for folder in files.folders.values()):
        raise RefusedError(f"the vault `{vault}` has no recipient `{name}`")
    if set(files.recipients) == {name}:
        raise RefusedError(f"`{name}` is the last recipient of the vault `{vault}`", "add another one first")
    affected = _sealed(work, vault)
    outcome = rotate(work, vault, fresh=True, without=name)
    gone = [work.root / "keys" / vault / "recipients" / f"{name}.yaml"]
    gone += [
        work.root / "keys" / vault / kid / f"{name}.{suffix}"
        for kid in files.folders
        for suffix in ("age", "mac")
    ]
    deletions = [transaction.Change(path, path.read_bytes(), None) for path in gone if path.is_file()]
    transaction.apply(work.root, deletions)
    work.keyring.forget(vault)
    outcome.changed.insert(0, f"vault {vault}: {name} removed")
    outcome.notes.append(f"{name} may have kept what it could open: renew these at their vendors")
    outcome.notes += sorted({f"  {site.slot.identity} {site.slot.field}" for site in affected})
    return outcome


def rewrap(work: Workspace, vault: str) -> Outcome:
    """Wrap every key again for all recipients that hold a valid MAC under the current one. No value is touched."""
    recipients = _recipients(work, vault, work.keyring.sealing_key(vault))
    files = work.keyring.store(vault)
    new: dict[str, bytes] = {}
    for kid in files.folders:
        for recipient in recipients:
            new |= store.wrap_files(work.keyring.key(vault, kid), recipient)
    transaction.apply(work.root, _new_files(work.root, new))
    return Outcome(
        [f"vault {vault}: {len(files.folders)} keys wrapped again for {len(recipients)} recipients"]
    )


def prune(work: Workspace, vault: str) -> Outcome:
    """Delete the keys of a vault that no longer seal any value. Old commits still have them."""
    current = work.keyring.sealing_key(vault)
    if len(work.keyring.store(vault).tips()) > 1:
        hint = f"`llmconf secrets rotate --vault {vault}` unites them"
        raise RefusedError(f"the vault `{vault}` has several current keys, none of which can go", hint)
    require_readable(work, lambda _: True)
    outcome = Outcome()
    for kid in _unused(work, vault, set(work.keyring.store(vault).folders) - {current.kid}):
        _delete(work.root, work.root / "keys" / vault / kid)
        outcome.changed.append(f"vault {vault}: key {kid} deleted")
    outcome.changed += _drop_halves(work, vault)
    work.keyring.forget(vault)
    return outcome


def _drop_halves(work: Workspace, vault: str) -> list[str]:
    """Delete the wraps without a `key.yaml` that a killed process left while it wrote a key."""
    folder = work.root / "keys" / vault
    halves = {
        entry.name
        for entry in folder.iterdir()
        if entry.name != "recipients" and not entry.name.startswith(".") and _is_half(entry)
    }
    unused = _unused(work, vault, halves)
    for kid in unused:
        _delete(work.root, folder / kid)
    return [f"vault {vault}: what was left of an unfinished key {kid} deleted" for kid in unused]


def _is_half(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    return all(file.suffix in (".age", ".mac") and file.is_file() for file in folder.iterdir())


def _unused(work: Workspace, vault: str, kids: set[str]) -> list[str]:
    """Return the keys that occur nowhere in the files of the project, not even in a comment."""
    used = {_kid(site) for site in _sealed(work, vault)}
    for file in work.project.files:
        data = (work.root / file.name).read_bytes() if kids - used else b""
        used |= {kid for kid in kids - used if kid.encode() in data}
    return sorted(kids - used)


def _delete(root: Path, folder: Path) -> None:
    """Delete the files of a key, `key.yaml` first, and its folder if it is then empty."""
    files = sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: file.name != "key.yaml")
    transaction.apply(root, [transaction.Change(file, file.read_bytes(), None) for file in files])
    if not any(folder.iterdir()):
        folder.rmdir()


def _sealed(work: Workspace, vault: str) -> list[Site]:
    return [site for site in work.sites.all if site.slot.vault == vault and parse_token(site.value) is not None]


def _kid(site: Site) -> str:
    parts = parse_token(site.value)
    return parts.kid if parts else ""


def _new_files(root: Path, files: dict[str, bytes]) -> list[transaction.Change]:
    """Return the changes that write key files: `key.yaml` last, since a folder without it is no key yet."""
    changes = []
    for name, data in sorted(files.items(), key=lambda file: (file[0].endswith("/key.yaml"), file[0])):
        path = root / name
        changes.append(transaction.Change(path, path.read_bytes() if path.is_file() else None, data))
    return changes
