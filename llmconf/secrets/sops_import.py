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
from llmconf.project.load import reread
from llmconf.secrets.fields import Site
from llmconf.secrets.seal import NewSecret, set_secrets
from llmconf.secrets.sealing import Outcome, ToSeal, Workspace, require_fit, seal_places
from llmconf.secrets.vault import age, sops
from llmconf.workspace import transaction
from llmconf.yamltext.document import Document, Edit
from llmconf.yamltext.scalars import quote
from llmconf.yamltext.splices import Editing
from llmconf.yamltext.text import decode

_SHOWN = 10
_MAP_HINT = "take single values with --map PATH=IDENTITY:FIELD"


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

    All are sealed or none. Raises RefusedError for a value that is not there.
    """
    values = _by_path(tree)
    found = [NewSecret(identity, field, layer, _value_at(values, path, name)) for path, identity, field in wanted]
    outcome = set_secrets(work, found, trust=trust)
    return Outcome(outcome.changed, list(tree.notes))


def _by_path(tree: sops.SopsTree) -> dict[str, list[object]]:
    """Return the values that SOPS encrypted by their path, as `--map` writes it."""
    values: dict[str, list[object]] = {}
    for entry in tree.opened:
        if entry.kind != "comment":
            values.setdefault(".".join(map(str, entry.path)), []).append(entry.value)
    return values


def _value_at(values: dict[str, list[object]], path: str, name: str) -> str:
    fitting = values.get(path, [])
    if len(fitting) != 1:
        what = "several encrypted values" if fitting else "no encrypted value"
        hint = "keys and list indexes are joined with dots, as in `providers.0.api_key`"
        raise RefusedError(f"{name} has {what} at `{path}`", hint)
    if isinstance(fitting[0], str):
        return fitting[0]
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
    sealing = Workspace(project, work.keyring, work.hides_secrets)
    found = sealing.sites.in_file(name)
    _check_bare(name, tree, found, reveal)
    plain_sites = [site for site in found if not is_sealed(site.value)]
    for site in plain_sites:
        require_fit(site)
    editing = Editing(work.root)
    editing.take(name, data, plain)
    lines = seal_places(sealing, editing, [ToSeal(site, site.value) for site in plain_sites], trust=trust)
    transaction.apply(work.root, editing.changes())
    lines.append(f"{name}: the `sops` block is gone; what it protected stays in the history of git")
    return Outcome(lines, [] if comments else list(tree.notes))


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
