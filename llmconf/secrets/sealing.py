"""Seals secrets into their places: the one way for all commands, whatever text a secret comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from llmconf.core.diagnostics import Finding, Place
from llmconf.core.errors import RefusedError
from llmconf.core.key_formats import DUMMY, PLACEHOLDER
from llmconf.core.tokens import SOPS_START, is_token_like, parse_token
from llmconf.project.load import Project
from llmconf.secrets.fields import Site, Sites
from llmconf.secrets.vault import token
from llmconf.secrets.vault.binding import Slot
from llmconf.secrets.vault.keyring import Keyring
from llmconf.workspace import repository
from llmconf.yamltext.scalars import quote
from llmconf.yamltext.splices import Editing


def _any(code: str) -> bool:
    return True


@dataclass
class Workspace:
    """A project with its keys, which every operation on secrets needs.

    `hides_secrets` takes the code of a finding, and tells whether its file may have secrets that were not found.
    """

    project: Project
    keyring: Keyring
    hides_secrets: Callable[[str], bool] = _any

    @property
    def root(self) -> Path:
        """The folder with `llmconf.yaml`."""
        return self.project.root

    @property
    def hints(self) -> bool:
        """Whether tokens show the last four characters of long secrets."""
        return self.project.settings is None or self.project.settings.policy.secret_hints

    @cached_property
    def sites(self) -> Sites:
        """The secret fields of the project."""
        return Sites(self.project)


@dataclass(slots=True)
class Outcome:
    """The report of an operation: lines about resources and files, never a secret."""

    changed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ToSeal:
    """A secret and its place. `style` is the quotes that its token gets, None for those that are there.

    An `is_new` field is not in the file yet: it is written behind the name of its resource.
    """

    site: Site
    plaintext: str = field(repr=False)
    revision: int = 1
    style: str | None = None
    is_new: bool = False


def open_workspace(project: Project, hides_secrets: Callable[[str], bool] = _any) -> Workspace:
    """Return a project with its keyring."""

    def in_use(vault: str) -> set[str]:
        tokens = (parse_token(site.value) for site in work.sites.all if site.slot.vault == vault)
        return {parts.kid for parts in tokens if parts}

    keyring = Keyring(project.root, repository.pin_file(project.root), in_use=in_use)
    work = Workspace(project, keyring, hides_secrets)
    return work


def seal_places(work: Workspace, editing: Editing, wanted: Iterable[ToSeal], *, trust: str | None = None) -> list[str]:
    """Seal secrets into their places, and fill in `hosts` of credentials that have none. Return a line for each.

    The edits are gathered in `editing`; nothing is written. Raises RefusedError if a secret cannot be sealed.
    """
    filled: dict[str, tuple[str, ...]] = {}
    lines = []
    for each in wanted:
        slot = _slot_to_seal(work, editing, each, filled)
        key = work.keyring.sealing_key(slot.vault, trust=trust)
        sealed = token.seal(each.plaintext, key, slot, revision=each.revision, hints=work.hints)
        place = each.site.place
        if each.is_new:
            editing.insert_after(_name_place(place), slot.field, sealed)
        else:
            editing.scalar(place, sealed, old=each.site.value, style=each.style)
        revision = f", revision {each.revision}" if each.revision > 1 else ""
        lines.append(f"{slot.identity} {slot.field} sealed in {place.file}{revision}")
    return lines


def _slot_to_seal(work: Workspace, editing: Editing, each: ToSeal, filled: dict[str, tuple[str, ...]]) -> Slot:
    """Return what a secret is bound to; if nothing says the hosts of its credential, write them there, once."""
    site, slot = each.site, each.site.slot
    if site.has_hosts:
        return slot
    if slot.identity not in filled:
        hosts = tuple(sorted(set(work.sites.hosts_to_bind(slot))))
        if not hosts:
            message = f"{site.place.file}: nothing says to which hosts `{slot.identity}` may be sent"
            raise RefusedError(message, "write `hosts: [api.example.com]` beside it")
        filled[slot.identity] = hosts
        listed = ", ".join(quote(host, flow=True) for host in hosts)
        if each.is_new:
            editing.insert_after(_name_place(site.place), "hosts", f"[{listed}]")
        else:
            editing.insert_before(site.place, f"hosts: [{listed}]", flow=f"hosts: [{listed}], ")
    return replace(slot, hosts=filled[slot.identity])


def _name_place(place: Place) -> Place:
    return Place(place.file, place.document, (*place.path[:-1], "name"))


def plain_text(site: Site) -> str:
    """Return the secret that stands at a site, without the final line break that a block scalar has."""
    return site.value.removesuffix("\n")


def unfit(site: Site) -> Finding | None:
    """Return the reason why a value is not sealed, or None. A value that is no secret should not look like one."""
    name, hint = site.slot.field, "put the real secret there, or remove the field"
    if site.value.startswith(SOPS_START):
        message = f"`{name}` holds a value that SOPS encrypted"
        return Finding("LCK004", site.place, message, "`llmconf secrets import-sops` takes the file over")
    if is_token_like(site.value):
        message = f"`{name}` holds a token that is not well formed"
        return Finding("LCK004", site.place, message, "restore it from git history")
    if not site.value or DUMMY.search(site.value):
        return Finding("LCK003", site.place, f"`{name}` holds nothing or a dummy, which is not sealed", hint)
    if PLACEHOLDER.search(site.value):
        return Finding("LCK002", site.place, f"`{name}` holds a placeholder, which is not sealed", hint)
    return None


def require_fit(site: Site) -> None:
    """Raise RefusedError if a value is no secret that could be sealed."""
    problem = unfit(site)
    if problem is not None:
        raise RefusedError(f"{site.place.file}: {problem.message}", problem.hint)
