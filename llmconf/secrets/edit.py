"""Files with their secrets in plain text, for a moment: to print them, or to edit and seal them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from llmconf.core.errors import RefusedError
from llmconf.core.tokens import is_sealed, parse_token
from llmconf.project.load import reread
from llmconf.secrets import fields as secret_fields
from llmconf.secrets.fields import Site
from llmconf.secrets.seal import Outcome, Workspace, open_site, plain_text, require_readable, unfit
from llmconf.secrets.vault import token
from llmconf.workspace import transaction
from llmconf.yamltext.document import Document, Edit
from llmconf.yamltext.scalars import Refusal, quote
from llmconf.yamltext.splices import scalar_edit
from llmconf.yamltext.text import BOM, decode


@dataclass(frozen=True, slots=True)
class RevealedSecret:
    """A secret as it was revealed: its text, the site of its token, and how the token stood there."""

    plaintext: str = field(repr=False)
    site: Site
    style: str
    written: str


@dataclass(slots=True)
class Revealed:
    """The text of a file with its tokens opened, and what stood there, by slot. `data` is what was read."""

    data: bytes = field(repr=False)
    text: str = field(repr=False)
    known: dict[tuple[str, str, str], RevealedSecret] = field(default_factory=dict, repr=False)


def reveal(work: Workspace, name: str) -> Revealed:
    """Open all tokens of one file. Raises LlmconfError where one does not open.

    What comes from an alias or a merge key is opened where it stands, if at all.
    """
    require_readable(work, lambda file: file == name)
    data, document = _document(work.root, name)
    found = Revealed(data, "")
    changes: list[Edit] = []
    for site in secret_fields.find_sites(work.project):
        place = site.place
        node = document.node(place.document, place.path) if place.file == name else None
        if parse_token(site.value) is None or node is None or not document.is_own(place.document, place.path):
            continue
        if node.value != site.value:
            raise RefusedError(f"{name} was changed by somebody else meanwhile", "run this again")
        plaintext = open_site(work, site, ())
        edit = document.replace(place.document, place.path, quote(plaintext, flow=True))
        changes.append(edit)
        written = document.text[edit.start : edit.end]
        found.known[_key(site)] = RevealedSecret(plaintext, site, node.style, written)
    found.text = document.splice(changes)
    return found


def seal_again(
    work: Workspace, name: str, old: Revealed, text: str, *, trust: str | None = None
) -> Outcome:
    """Take the edited text of a revealed file, seal the secrets in it, and write the file.

    A secret that is the same, in the same place and for the same hosts, keeps its token byte for byte.
    Raises RefusedError where the text is not YAML or holds something that cannot be sealed.
    """
    project, findings = reread(work.project, name, text)
    if findings:
        span = findings[0].place
        where = f", line {span.line}" if not hasattr(span, "path") else ""
        raise RefusedError(f"{name}{where}: {findings[0].message}", findings[0].hint)
    document = Document(text, name)
    outcome = Outcome()
    changes: list[Edit] = []
    for site in secret_fields.find_sites(project):
        if site.place.file != name or is_sealed(site.value):
            continue
        before = old.known.get(_key(site))
        if before is not None and before.plaintext == site.value and before.site.slot == site.slot:
            changes.append(scalar_edit(document, site.place, before.written, ""))
            continue
        problem = unfit(site)
        if problem:
            raise RefusedError(f"{name}: {problem[1]}", problem[2])
        sealed = _seal(work, site, before, trust)
        changes.append(scalar_edit(document, site.place, sealed, before.style if before else None))
        outcome.changed.append(f"{site.slot.identity} {site.slot.field} sealed")
    new = (BOM if old.data.startswith(BOM) else b"") + document.splice(changes).encode("utf-8")
    if new != old.data:
        transaction.apply(work.root, [transaction.Change(work.root / name, old.data, new)])
    return outcome


def _seal(work: Workspace, site: Site, before: RevealedSecret | None, trust: str | None) -> str:
    slot = site.slot
    if not slot.hosts:
        raise RefusedError(
            f"nothing says to which hosts `{slot.identity}` may be sent", "write `hosts:` beside it"
        )
    parts = parse_token(before.site.value) if before else None
    same = before is not None and before.plaintext == site.value
    revision = (parts.revision if same else parts.revision + 1) if parts else 1
    key = work.keyring.sealing_key(slot.vault, trust=trust)
    plaintext = site.value if same else plain_text(site)
    return token.seal(plaintext, key, slot, revision=revision, hints=work.hints)


def _key(site: Site) -> tuple[str, str, str]:
    return site.slot.layer, site.slot.identity, site.slot.field


def _document(root: Path, name: str) -> tuple[bytes, Document]:
    try:
        data = (root / name).read_bytes()
        text = decode(data, name)
        if not isinstance(text, str):
            raise RefusedError(f"{name}: {text.message}", text.hint)
        return data, Document(text, name)
    except OSError as error:
        raise RefusedError(f"{name} cannot be read: {error.strerror}") from None
    except Refusal as refusal:
        raise RefusedError(f"{name}: {refusal.message}", refusal.hint) from None
