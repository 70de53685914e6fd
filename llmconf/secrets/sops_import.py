"""Takes secrets over from files of SOPS: a file of llmconf as a whole, or single values of any file.

What is read from SOPS is held in memory only: a file is written once, with everything in it sealed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path

from llmconf.core.diagnostics import Path as DataPath
from llmconf.core.errors import RefusedError
from llmconf.core.tokens import is_sealed
from llmconf.project.load import load_project, reread
from llmconf.secrets import fields as secret_fields
from llmconf.secrets.fields import Site
from llmconf.secrets.seal import Outcome, Workspace, open_workspace, set_secret, unfit
from llmconf.secrets.vault import age, sops, token
from llmconf.secrets.vault.binding import Slot
from llmconf.workspace import transaction
from llmconf.yamltext.document import Document, Edit
from llmconf.yamltext.scalars import quote
from llmconf.yamltext.splices import Editing
from llmconf.yamltext.text import BOM, decode

_SHOWN = 10
_MAP_HINT = "take single values with --map PATH=IDENTITY:FIELD"


class _InMemory(Editing):
    """Edits of a text that is in no file: the plain text is never written."""

    def __init__(self, root: Path, name: str, data: bytes, text: str) -> None:
        super().__init__(root)
        self._documents[name] = (data, Document(text, name))


def read_sops(path: Path, name: str, identities: age.Identities) -> tuple[bytes, sops.SopsTree]:
    """Read and open a file of SOPS. Raises LlmconfError."""
    try:
        with path.open("rb") as file:
            data = file.read(sops.MAX_FILE + 1)
    except OSError as error:
        raise RefusedError(f"{name} cannot be read: {error.strerror}") from None
    return data, sops.decrypt(data, name, identities)


def import_values(
    work: Workspace,
    tree: sops.SopsTree,
    name: str,
    wanted: Iterable[tuple[str, str, str]],
    layer: str,
    *,
    trust: str | None,
) -> Outcome:
    """Seal single values of a SOPS file into fields: each with its path there, the identity and the field here.

    All values are found before the first is sealed. Raises RefusedError for one that is not there.
    """
    found = [(_value_at(tree, path, name), identity, field) for path, identity, field in wanted]
    outcome = Outcome(notes=list(tree.notes))
    for value, identity, field in found:
        outcome.changed += set_secret(work, identity, field, layer, value, trust=trust).changed
        # The next field may stand in the same text, which has just changed.
        work = open_workspace(load_project(work.project.tree), work.hides_secrets)
    return outcome


def _value_at(tree: sops.SopsTree, path: str, name: str) -> str:
    fitting = [entry for entry in tree.opened if entry.kind != "comment" and ".".join(map(str, entry.path)) == path]
    if len(fitting) != 1:
        what = "several encrypted values" if fitting else "no encrypted value"
        hint = "keys and list indexes are joined with dots, as in `providers.0.api_key`"
        raise RefusedError(f"{name} has {what} at `{path}`", hint)
    value = fitting[0].value
    if isinstance(value, str):
        return value
    raise RefusedError(f"{name}: `{path}` is no string", "put it in quotes with `sops edit`")


def import_file(
    work: Workspace, name: str, identities: age.Identities, *, reveal: bool, comments: bool, trust: str | None
) -> Outcome:
    """Seal the secret fields of a file that SOPS encrypted, and take its `sops` block out.

    Other values that were encrypted are written in plain text where `reveal` allows it, and comments where
    `comments` does; else the former refuse the file, and the latter are left out.
    """
    path = work.root / name
    data, tree = read_sops(path, name, identities)
    text = decode(data, name)
    if not isinstance(text, str) or name.endswith(".json"):
        raise RefusedError(
            f"{name}: documents of llmconf are YAML", "take single values with --map PATH=IDENTITY:FIELD"
        )
    plain = _in_plain(Document(text, name), tree, comments)
    project, findings = reread(work.project, name, plain)
    for finding in findings:
        if finding.code.startswith("LCY"):
            raise RefusedError(f"{name}: {finding.message}", finding.hint)
    found = [site for site in secret_fields.find_sites(project) if site.place.file == name]
    outcome = Outcome(notes=[] if comments else list(tree.notes))
    _check_bare(name, tree, found, reveal)
    changes = _sealed(Workspace(project, work.keyring, work.hides_secrets), name, data, plain, found, outcome, trust)
    transaction.apply(work.root, changes)
    outcome.changed.append(f"{name}: the `sops` block is gone; what it protected stays in the history of git")
    return outcome


def _check_bare(name: str, tree: sops.SopsTree, found: list[Site], reveal: bool) -> None:
    """Refuse to write what is no secret field in plain text, unless that was asked for."""
    secret = {(site.place.document, site.place.path) for site in found}
    bare = [entry for entry in _without_comments(tree) if entry not in secret]
    if not found:
        raise RefusedError(f"{name} holds no secret field of llmconf", _MAP_HINT)
    if bare and not reveal:
        listed = ", ".join(f"`{'.'.join(map(str, path))}`" for _, path in bare[:_SHOWN])
        more = f" and {len(bare) - _SHOWN} more" if len(bare) > _SHOWN else ""
        message = f"{name}: SOPS encrypts {listed}{more}, which llmconf does not seal"
        raise RefusedError(message, "say --reveal to have these written in plain text")


def _without_comments(tree: sops.SopsTree) -> Iterator[tuple[int, DataPath]]:
    """Yield document and path of each value, as they are once the comments among list items are gone."""
    gone: dict[tuple[int, DataPath], list[int]] = {}
    for entry in tree.opened:
        if entry.kind == "comment" and isinstance(entry.path[-1], int):
            gone.setdefault((entry.document, entry.path[:-1]), []).append(entry.path[-1])
    for entry in tree.opened:
        if entry.kind != "comment":
            before = (gone.get((entry.document, entry.path[:end]), ()) for end in range(len(entry.path)))
            steps = zip(entry.path, before, strict=True)
            yield (
                entry.document,
                tuple(step - bisect_left(lost, step) if isinstance(step, int) else step for step, lost in steps),
            )


def _in_plain(document: Document, tree: sops.SopsTree, comments: bool) -> str:
    """Return the text as it was before SOPS, all else byte for byte as it is."""
    changes = [_remove_block(document, root) for root in range(len(document.roots))]
    for entry in tree.opened:
        node = document.node(entry.document, entry.path)
        if node is None:
            raise RefusedError(f"{document.file}: `{'.'.join(map(str, entry.path))}` comes from an alias")
        if entry.kind == "comment":
            changes.append(_comment(document.text, node.start, node.end, str(entry.value) if comments else None))
        else:
            changes.append(document.replace(entry.document, entry.path, _scalar(entry.value)))
    for comment in tree.comments:
        changes.append(_comment(document.text, comment.start, comment.end, comment.text if comments else None))
    return document.splice(changes)


def _comment(text: str, start: int, end: int, plain: str | None) -> Edit:
    """Put a comment in plain text where it stands encrypted, or take it out with the line that it has alone."""
    line = text.rfind("\n", 0, start) + 1
    lead = text[line:start].strip()
    if plain is not None and lead in ("", "-"):
        return Edit(start - 2 if lead else start, end, f"#{plain}")
    if plain is not None:
        return Edit(start, end, f"#{plain}")
    after = re.compile(r"[ \t]*(\r\n|\n|\r|\Z)").match(text, end)
    if lead in ("", "-") and after:
        return Edit(line, after.end(), "")
    return Edit(start - len(text[line:start]) + len(text[line:start].rstrip()), end, "")


def _remove_block(document: Document, index: int) -> Edit:
    root = document.roots[index]
    pairs = root.value if root.kind == "mapping" else []
    at = next((place for place, (key, _) in enumerate(pairs) if key.value == "sops"), None)
    if at is None:
        return Edit(root.start, root.start, "")
    key, value = pairs[at]
    if root.style == "flow":
        start = pairs[at - 1][1].end if at else key.start
        return Edit(start, pairs[1][0].start if not at and len(pairs) > 1 else value.end, "")
    text = document.text
    start = text.rfind("\n", 0, key.start) + 1
    last = key.start + len(text[key.start : value.end].rstrip())
    line_break = re.compile(r"[^\r\n]*(\r\n|\n|\r|\Z)").match(text, last)
    return Edit(start, line_break.end() if line_break else last, "")


def _scalar(value: str | float | bool | None) -> str:
    """Write a value as YAML that reads back as the same."""
    if isinstance(value, str):
        return quote(value, flow=True)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    text = repr(value)
    return text if text[-1].isdigit() else "." + text if text[0] != "-" else "-." + text[1:]


def _sealed(
    work: Workspace, name: str, data: bytes, plain: str, found: list[Site], outcome: Outcome, trust: str | None
) -> list[transaction.Change]:
    """Return the change that writes a plain text with its secrets sealed."""
    path = work.root / name
    editing = _InMemory(work.root, name, data, plain)
    filled: dict[str, Slot] = {}
    for site in found:
        if is_sealed(site.value):
            continue
        problem = unfit(site)
        if problem:
            raise RefusedError(f"{name}: {problem[1]}", problem[2])
        slot = site.slot
        if not site.has_hosts:
            hosts = secret_fields.hosts_to_bind(work.project, slot)
            if not hosts:
                hint = "name its endpoints first"
                raise RefusedError(f"{name}: nothing says to which hosts `{slot.identity}` may be sent", hint)
            if slot.identity not in filled:
                listed = ", ".join(quote(host, flow=True) for host in sorted(set(hosts)))
                editing.insert_before(site.place, f"hosts: [{listed}]", flow=f"hosts: [{listed}], ")
            slot = filled[slot.identity] = Slot(slot.vault, slot.layer, slot.identity, slot.field, tuple(hosts))
        sealed = token.seal(site.value, work.keyring.sealing_key(slot.vault, trust=trust), slot, hints=work.hints)
        editing.scalar(site.place, sealed)
        outcome.changed.append(f"{slot.identity} {slot.field} sealed in {name}")
    head = BOM if data.startswith(BOM) else b""
    return editing.changes() or [transaction.Change(path, data, head + plain.encode("utf-8"))]
