"""What is done with the secrets of a repository: seal, open, set, rotate, share, check.

Nothing here prints. Every edit is a splice of one scalar, and all files of one operation change together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from llmconf.core.diagnostics import Finding, Place
from llmconf.core.errors import LlmconfError, RefusedError
from llmconf.core.key_formats import DUMMY, PLACEHOLDER
from llmconf.core.suggest import did_you_mean
from llmconf.core.tokens import SOPS_START, is_sealed, is_token_like, parse_reference, parse_token
from llmconf.project.fragments import Fragment
from llmconf.project.load import Project
from llmconf.schema.kinds import SECRET_FIELDS
from llmconf.secrets import fields as secret_fields
from llmconf.secrets.fields import Site
from llmconf.secrets.vault import references, token
from llmconf.secrets.vault.binding import Slot
from llmconf.secrets.vault.keyring import Keyring
from llmconf.workspace import repository, transaction
from llmconf.yamltext.scalars import quote
from llmconf.yamltext.splices import Editing


def _any(code: str) -> bool:
    return True


@dataclass(slots=True)
class Workspace:
    """A project with its keys: what every operation on secrets begins with.

    `hides_secrets` tells of the code of a finding whether its file may have secrets that were not found.
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


@dataclass(slots=True)
class Outcome:
    """What an operation did, to be told: lines about resources and files, never a secret."""

    changed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def open_workspace(project: Project, hides_secrets: Callable[[str], bool] = _any) -> Workspace:
    """Return a project with its keyring."""

    def in_use(vault: str) -> set[str]:
        tokens = (parse_token(site.value) for site in secret_fields.find_sites(project) if site.slot.vault == vault)
        return {parts.kid for parts in tokens if parts}

    return Workspace(project, Keyring(project.root, repository.pin_file(project.root), in_use=in_use), hides_secrets)


def encrypt(work: Workspace, wanted: Callable[[str], bool], *, trust: str | None = None) -> Outcome:
    """Seal every plain secret in the files that `wanted` picks, and fill in `hosts` where nothing says them yet.

    What cannot be read, or is no text, is reported and left as it is; the rest is sealed.
    """
    require_readable(work, lambda _: False)
    outcome = Outcome(findings=_unreadable(work, wanted))
    skipped = {finding.place.file for finding in outcome.findings if work.hides_secrets(finding.code)}
    editing = Editing(work.root)
    filled: set[str] = set()
    for site in secret_fields.find_sites(work.project):
        if not wanted(site.place.file) or is_sealed(site.value) or site.place.file in skipped:
            continue
        problem = unfit(site)
        if problem:
            outcome.findings.append(Finding(problem[0], site.place, problem[1], problem[2]))
            continue
        slot = site.slot
        if not site.has_hosts:
            slot = _fill_hosts(work, editing, site, filled)
        key = work.keyring.sealing_key(slot.vault, trust=trust)
        sealed = token.seal(plain_text(site), key, slot, hints=work.hints)
        editing.scalar(site.place, sealed, old=site.value)
        outcome.changed.append(f"{slot.identity} {slot.field} sealed in {site.place.file}")
    transaction.apply(work.root, editing.changes())
    return outcome


def require_readable(work: Workspace, wanted: Callable[[str], bool]) -> None:
    """Raise RefusedError where a file that `wanted` picks does not parse: what it holds is not known.

    Without a valid project file nobody knows which vault an overlay belongs to.
    """
    if work.project.settings is None:
        raise RefusedError("llmconf.yaml is not valid", "fix it first: `llmconf validate`")
    for finding in work.project.findings:
        if work.hides_secrets(finding.code) and wanted(finding.place.file):
            raise RefusedError(f"{finding.place.file}: {finding.message}", "fix it first: `llmconf validate`")


def _unreadable(work: Workspace, wanted: Callable[[str], bool]) -> list[Finding]:
    """Return the findings that keep secrets from being found: files that do not parse, fields that are no text."""
    return [
        finding
        for finding in work.project.findings
        if wanted(finding.place.file)
        and (work.hides_secrets(finding.code) or (finding.code == "LCS005" and _field_of(finding) in SECRET_FIELDS))
    ]


def _field_of(finding: Finding) -> object:
    return finding.place.path[-1] if isinstance(finding.place, Place) and finding.place.path else None


def plain_text(site: Site) -> str:
    """Return the secret that stands at a site, without the final line break that a block scalar has."""
    return site.value.removesuffix("\n")


def unfit(site: Site) -> tuple[str, str, str] | None:
    """Say why a value is not sealed: what is no secret should not look like one."""
    hint = "put the real secret there, or remove the field"
    if site.value.startswith(SOPS_START):
        hint = "`llmconf secrets import-sops` takes the file over"
        return "LCK004", f"`{site.slot.field}` holds a value that SOPS encrypted", hint
    if is_token_like(site.value):
        return (
            "LCK004",
            f"`{site.slot.field}` holds a token that is not well formed",
            "restore it from git history",
        )
    if not site.value or DUMMY.search(site.value):
        return "LCK003", f"`{site.slot.field}` holds nothing or a dummy, which is not sealed", hint
    if PLACEHOLDER.search(site.value):
        return "LCK002", f"`{site.slot.field}` holds a placeholder, which is not sealed", hint
    return None


def _fill_hosts(work: Workspace, editing: Editing, site: Site, filled: set[str]) -> Slot:
    """Write the hosts that a credential may be sent to into its own text, once, and return the slot with them."""
    slot = site.slot
    hosts = _hosts_to_fill_in(work, site)
    if slot.identity not in filled:
        filled.add(slot.identity)
        line = f"hosts: {_listed(hosts)}"
        editing.insert_before(site.place, line, flow=f"{line}, ")
    return replace(slot, hosts=tuple(hosts))


def _hosts_to_fill_in(work: Workspace, site: Site) -> list[str]:
    hosts = secret_fields.hosts_to_bind(work.project, site.slot)
    if not hosts:
        hint = "write `hosts: [api.example.com]` beside it"
        raise RefusedError(
            f"{site.place.file}: nothing says to which hosts `{site.slot.identity}` may be sent", hint
        )
    return sorted(set(hosts))


def find_site(work: Workspace, identity: str, name: str, layer: str) -> Site | None:
    """Return the site of a field in one layer (empty for the base), or None where nothing stands there."""
    for site in secret_fields.find_sites(work.project):
        if (site.slot.identity, site.slot.field, site.slot.layer) == (identity, name, layer):
            return site
    return None


def open_site(work: Workspace, site: Site, allowed: Iterable[references.Allowance]) -> str:
    """Return the plain secret of a site: its token opened, or its reference resolved where that is allowed.

    Raises LlmconfError; no message holds the secret.
    """
    reference = parse_reference(site.value)
    if reference is not None:
        return references.resolve(reference, work.root, allowed, site.slot.hosts)
    if parse_token(site.value) is None:
        if is_token_like(site.value):
            message = f"`{site.slot.identity}` holds a token in `{site.slot.field}` that is not well formed"
            raise RefusedError(message, "restore it from git history")
        raise RefusedError(f"`{site.slot.identity}` holds `{site.slot.field}` in plain text", "seal it first")
    try:
        return work.keyring.open(site.value, site.slot)
    except token.OpenError as error:
        raise token.OpenError(
            f"{site.slot.identity} {site.slot.field}: {error.message}", error.hint
        ) from None


def set_secret(
    work: Workspace, identity: str, name: str, layer: str, value: str, *, trust: str | None = None
) -> Outcome:
    """Seal a new secret into a field of one layer, empty for the base; an unchanged secret keeps its token.

    Raises RefusedError where the layer does not declare the resource, or the field holds no secret.
    """
    if is_sealed(value):
        raise RefusedError(
            "what was given is a token or a reference, not a secret", "write it into the file as it is"
        )
    site = find_site(work, identity, name, layer)
    require_readable(work, lambda file: site is not None and file == site.place.file)
    if site is not None and site.value.startswith(SOPS_START):
        raise RefusedError(f"{site.place.file} is encrypted by SOPS", "`llmconf secrets import-sops` takes it over")
    editing = Editing(work.root)
    if site is None:
        site = _new_site(work, identity, name, layer)
        _seal_new(work, editing, site, value, trust)
        transaction.apply(work.root, editing.changes())
        return Outcome([f"{identity} {name} sealed in {site.place.file}"])
    old = parse_token(site.value)
    if old is not None and _opens_to(work, site, value):
        return Outcome()
    slot = site.slot if site.has_hosts else _fill_hosts(work, editing, site, set())
    key = work.keyring.sealing_key(slot.vault, trust=trust)
    revision = old.revision + 1 if old else 1
    sealed = token.seal(value, key, slot, revision=revision, hints=work.hints)
    editing.scalar(site.place, sealed, old=site.value)
    transaction.apply(work.root, editing.changes())
    return Outcome([f"{identity} {name} sealed in {site.place.file}, revision {revision}"])


def _opens_to(work: Workspace, site: Site, value: str) -> bool:
    try:
        return work.keyring.open(site.value, site.slot) == value
    except LlmconfError:
        return False


def _new_site(work: Workspace, identity: str, name: str, layer: str) -> Site:
    """Return where a field that is not there yet would stand: in the resource's own text in that layer."""
    fragment = declared_in(work.project, identity, layer)
    if fragment is None and layer and declared_in(work.project, identity, ""):
        hint = f"declare it there first, by its name, in environments/{layer}/"
        raise RefusedError(f"the environment `{layer}` says nothing of `{identity}`", hint)
    if fragment is None or fragment.kind != "Credential" or name not in SECRET_FIELDS:
        raise unknown(identity, name, work)
    # A field that stands there for a moment gets its slot, hosts included, from the one place that knows.
    data = dict(fragment.layer.data)
    fragment.layer.data[name] = "env:LLMCONF_UNSET"
    try:
        site = find_site(work, identity, name, layer)
    finally:
        fragment.layer.data.clear()
        fragment.layer.data.update(data)
    if site is None:
        raise unknown(identity, name, work)
    return site


def _seal_new(work: Workspace, editing: Editing, site: Site, value: str, trust: str | None) -> None:
    name_place = Place(site.place.file, site.place.document, (*site.place.path[:-1], "name"))
    slot = site.slot
    if not site.has_hosts:
        hosts = _hosts_to_fill_in(work, site)
        slot = replace(slot, hosts=tuple(hosts))
        editing.insert_after(name_place, "hosts", _listed(hosts))
    sealed = token.seal(value, work.keyring.sealing_key(slot.vault, trust=trust), slot, hints=work.hints)
    editing.insert_after(name_place, slot.field, sealed)


def declared_in(project: Project, identity: str, layer: str) -> Fragment | None:
    """Return the fragment with which a layer (empty for the base) declares or overrides a resource."""
    fragments = project.overlays.get(layer, []) if layer else project.base
    return next((fragment for fragment in fragments if fragment.identity == identity), None)


def _listed(hosts: Iterable[str]) -> str:
    return f"[{', '.join(quote(host, flow=True) for host in hosts)}]"


def unknown(identity: str, name: str, work: Workspace) -> RefusedError:
    """Return the error for a field that is not there."""
    known = {f"{site.slot.identity} {site.slot.field}" for site in secret_fields.find_sites(work.project)}
    hint = did_you_mean(f"{identity} {name}", known)
    return RefusedError(
        f"there is no secret field `{name}` in `{identity}`", hint or "`llmconf secrets list` shows all"
    )
