"""Files with their secrets in plain text, for a moment: to print them, or to edit and seal them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from llmconf.core.errors import RefusedError
from llmconf.core.tokens import is_sealed, parse_token
from llmconf.project.load import reread
from llmconf.secrets.fields import Site
from llmconf.secrets.seal import open_site, require_readable
from llmconf.secrets.sealing import Outcome, ToSeal, Workspace, plain_text, require_fit, seal_places
from llmconf.workspace import transaction
from llmconf.yamltext.document import Document, Edit
from llmconf.yamltext.scalars import Refusal, quote
from llmconf.yamltext.splices import Editing
from llmconf.yamltext.text import decode


@dataclass(frozen=True, slots=True)
class RevealedSecret:
    """A revealed secret: its text, the site of its token, and how the token was written."""

    plaintext: str = field(repr=False)
    site: Site
    style: str
    written: str


@dataclass(slots=True)
class Revealed:
    """The text of a file with its tokens opened, and the revealed secrets by slot. `data` is the original content."""

    data: bytes = field(repr=False)
    text: str = field(repr=False)
    known: dict[tuple[str, str, str], RevealedSecret] = field(default_factory=dict, repr=False)


def reveal(work: Workspace, name: str) -> Revealed:
    """Open all tokens of one file. Raises LlmconfError if one cannot be opened.

    A token that comes from an alias or a merge key is opened only at its own place.
    """
    require_readable(work, lambda file: file == name)
    data, document = _document(work.root, name)
    found = Revealed(data, "")
    changes: list[Edit] = []
    for site in work.sites.in_file(name):
        place = site.place
        node = document.node(place.document, place.path)
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
    Raises RefusedError if the text is not YAML or holds a value that cannot be sealed.
    """
    project, findings = reread(work.project, name, text)
    if findings:
        span = findings[0].place
        where = f", line {span.line}" if not hasattr(span, "path") else ""
        raise RefusedError(f"{name}{where}: {findings[0].message}", findings[0].hint)
    sealing = Workspace(project, work.keyring, work.hides_secrets)
    editing = Editing(work.root)
    editing.take(name, old.data, text)
    planned = []
    for site in sealing.sites.in_file(name):
        if is_sealed(site.value):
            continue
        before = old.known.get(_key(site))
        if before is not None and before.plaintext == site.value and before.site.slot == site.slot:
            editing.scalar(site.place, before.written, style="")
            continue
        require_fit(site)
        planned.append(_to_seal(site, before))
    lines = seal_places(sealing, editing, planned, trust=trust)
    transaction.apply(work.root, editing.changes())
    return Outcome(lines)


def _to_seal(site: Site, before: RevealedSecret | None) -> ToSeal:
    """Return how to seal a secret that is new or changed, or that has another place or other hosts now."""
    if before is None:
        return ToSeal(site, plain_text(site), style="")
    parts = parse_token(before.site.value)
    revision = parts.revision if parts else 1
    if before.plaintext == site.value:
        return ToSeal(site, site.value, revision, before.style)
    return ToSeal(site, plain_text(site), revision + 1, before.style)


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
