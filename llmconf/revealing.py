"""Files with their secrets in plain text, for a moment: to print them, or to edit and seal them again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from llmconf import edits, sites
from llmconf.document import Document, Edit
from llmconf.errors import RefusedError
from llmconf.fields import is_sealed, parse_token
from llmconf.project import Project, reread
from llmconf.secrets import Outcome, Workspace, open_site, unfit
from llmconf.sites import Site
from llmconf.text import BOM
from llmconf.vault import token

_PLAIN = re.compile(r"[A-Za-z0-9_+=][A-Za-z0-9_+=./-]*\Z")


@dataclass(slots=True)
class Revealed:
    """The text of a file with its tokens opened, and what stood there: slot to secret and token."""

    text: str = field(repr=False)
    known: dict[tuple[str, str, str], tuple[str, Site]] = field(default_factory=dict, repr=False)


def reveal(work: Workspace, name: str) -> Revealed:
    """Open all tokens of one file. Raises LlmconfError where one does not open."""
    document = _document(work, name)
    found = Revealed("")
    changes: list[Edit] = []
    for site in sites.find_sites(work.project):
        if site.place.file == name and parse_token(site.value) is not None:
            plaintext = open_site(work, site, ())
            found.known[_key(site)] = (plaintext, site)
            changes.append(
                document.replace(site.place.document, site.place.path, _as_scalar(document, site, plaintext))
            )
    found.text = document.splice(changes)
    return found


def seal_again(work: Workspace, name: str, old: Revealed, text: str, *, trust: str | None = None) -> Outcome:
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
    for site in sites.find_sites(project):
        if site.place.file != name or is_sealed(site.value):
            continue
        sealed = _kept(old, site)
        if sealed is None:
            problem = unfit(site)
            if problem:
                raise RefusedError(f"{name}: {problem[1]}", problem[2])
            sealed = _seal(work, project, site, old, trust)
            outcome.changed.append(f"{site.slot.identity} {site.slot.field} sealed")
        changes.append(_replace(document, site, sealed))
    result = document.splice(changes)
    _write(work, name, result)
    return outcome


def _seal(work: Workspace, project: Project, site: Site, old: Revealed, trust: str | None) -> str:
    slot = site.slot
    if not slot.hosts:
        raise RefusedError(
            f"nothing says to which hosts `{slot.identity}` may be sent", "write `hosts:` beside it"
        )
    before = old.known.get(_key(site))
    parts = parse_token(before[1].value) if before else None
    same = before is not None and before[0] == site.value
    revision = (parts.revision if same else parts.revision + 1) if parts else 1
    key = work.keyring.sealing_key(slot.vault, trust=trust)
    return token.seal(site.value, key, slot, revision=revision, hints=work.hints)


def _kept(old: Revealed, site: Site) -> str | None:
    before = old.known.get(_key(site))
    if before is None or before[0] != site.value or before[1].slot != site.slot:
        return None
    return before[1].value


def _replace(document: Document, site: Site, sealed: str) -> Edit:
    # Quotes that revealing added, or that were there, go: a token needs none.
    return document.replace(site.place.document, site.place.path, sealed)


def _key(site: Site) -> tuple[str, str, str]:
    return site.slot.layer, site.slot.identity, site.slot.field


def _as_scalar(document: Document, site: Site, plaintext: str) -> str:
    """Write a secret as YAML that reads back as the same string."""
    node = document.node(site.place.document, site.place.path)
    if (
        _PLAIN.match(plaintext)
        and not re.match(r"[0-9+.]|(?i:true|false|null)\Z", plaintext)
        and node is not None
    ):
        return plaintext
    return _double_quoted(plaintext)


def _double_quoted(text: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
    out = []
    for char in text:
        if char in short:
            out.append(short[char])
        elif char.isprintable():
            out.append(char)
        else:
            # The widths that YAML has for escapes: \\x41, \\u0041, \\U00000041.
            code = ord(char)
            mark, width = next(form for form in (("x", 2), ("u", 4), ("U", 8)) if code < 16 ** form[1])
            out.append(f"\\{mark}{code:0{width}x}")
    return '"' + "".join(out) + '"'


def _document(work: Workspace, name: str) -> Document:
    text = work.project.text(name)
    if text is None:
        raise RefusedError(f"{name} cannot be read")
    return Document(text, name)


def _write(work: Workspace, name: str, text: str) -> None:
    path = work.root / name
    old = path.read_bytes()
    new = (BOM if old.startswith(BOM) else b"") + text.encode("utf-8")
    if new != old:
        edits.apply(work.root, [edits.Change(path, old, new)])
