"""Operations on the secrets of a repository: seal plain secrets, open one, set some.

Nothing here prints. Every edit is a splice of one scalar, and all files of one operation change together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from llmconf.core.diagnostics import Finding, Place
from llmconf.core.errors import LlmconfError, RefusedError
from llmconf.core.grammar import PROJECT_FILE
from llmconf.core.suggest import did_you_mean
from llmconf.core.tokens import is_sealed, is_token_like, parse_reference, parse_token
from llmconf.schema.secret_fields import SECRET_FIELDS, is_secret_name
from llmconf.secrets.fields import DEFAULTS, Site
from llmconf.secrets.sealing import Outcome, ToSeal, Workspace, plain_text, seal_places, unfit
from llmconf.secrets.vault import references, token
from llmconf.workspace import transaction
from llmconf.yamltext.splices import Editing


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret for a field of one layer, empty for the base."""

    identity: str
    name: str
    layer: str
    value: str = field(repr=False)


def encrypt(work: Workspace, wanted: Callable[[str], bool], *, trust: str | None = None) -> Outcome:
    """Seal every plain secret in the files that `wanted` selects, and write `hosts` if nothing sets them yet.

    Files that cannot be read and fields that are not text are reported and left unchanged. The rest is sealed.
    """
    require_readable(work, lambda _: False)
    outcome = Outcome(findings=_unreadable(work, wanted))
    skipped = {finding.place.file for finding in outcome.findings if work.hides_secrets(finding.code)}
    planned = []
    for site in work.sites.all:
        if not wanted(site.place.file) or is_sealed(site.value) or site.place.file in skipped:
            continue
        problem = unfit(site)
        if problem:
            outcome.findings.append(problem)
        else:
            planned.append(ToSeal(site, plain_text(site)))
    editing = Editing(work.root)
    outcome.changed += seal_places(work, editing, planned, trust=trust)
    transaction.apply(work.root, editing.changes())
    return outcome


def require_readable(work: Workspace, wanted: Callable[[str], bool]) -> None:
    """Raise RefusedError if a file that `wanted` selects cannot be parsed, because its content is not known.

    Without a valid project file, the vault of an overlay is not known.
    """
    if work.project.settings is None:
        raise RefusedError(f"{PROJECT_FILE} is not valid", "fix it first: `llmconf validate`")
    for finding in work.project.findings:
        if work.hides_secrets(finding.code) and wanted(finding.place.file):
            raise RefusedError(f"{finding.place.file}: {finding.message}", "fix it first: `llmconf validate`")


def _unreadable(work: Workspace, wanted: Callable[[str], bool]) -> list[Finding]:
    """Return the findings that hide secrets: files that cannot be parsed, and fields that are not text."""
    return [
        finding
        for finding in work.project.findings
        if wanted(finding.place.file)
        and (work.hides_secrets(finding.code) or (finding.code == "LCS005" and is_secret_name(_field_of(finding))))
    ]


def _field_of(finding: Finding) -> object:
    return finding.place.path[-1] if isinstance(finding.place, Place) and finding.place.path else None


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
    """Seal a new secret into a field of one layer, empty for the base. Raises RefusedError like `set_secrets`."""
    return set_secrets(work, [NewSecret(identity, name, layer, value)], trust=trust)


def set_secrets(work: Workspace, wanted: Iterable[NewSecret], *, trust: str | None = None) -> Outcome:
    """Seal new secrets into their fields, all or none; an unchanged secret keeps its token.

    Raises RefusedError if a layer does not declare the resource, a field holds no secret, or one is named twice.
    """
    seen: set[tuple[str, str, str]] = set()
    planned = []
    for secret in wanted:
        place = (secret.identity, secret.name, secret.layer)
        if place in seen:
            raise RefusedError(f"`{secret.identity}` gets two secrets for `{secret.name}`", "name each field once")
        seen.add(place)
        planned += _to_set(work, secret)
    editing = Editing(work.root)
    lines = seal_places(work, editing, planned, trust=trust)
    transaction.apply(work.root, editing.changes())
    return Outcome(lines)


def _to_set(work: Workspace, secret: NewSecret) -> list[ToSeal]:
    """Return what is to be sealed for a new secret: nothing if the field holds it already."""
    if is_sealed(secret.value):
        raise RefusedError(
            "what was given is a token or a reference, not a secret", "write it into the file as it is"
        )
    site = work.sites.find(secret.identity, secret.name, secret.layer)
    require_readable(work, lambda file: site is not None and file == site.place.file)
    if site is None:
        return [ToSeal(_new_site(work, secret), secret.value, is_new=True)]
    if site.layer == DEFAULTS:
        message = f"`{secret.name}` of `{secret.identity}` comes from `defaults`, which other resources share"
        raise RefusedError(message, "write the field into the resource itself, then set it there")
    if site.value.startswith("ENC[AES256_GCM,"):
        raise RefusedError(f"{site.place.file} is encrypted by SOPS", "`llmconf secrets import-sops` takes it over")
    old = parse_token(site.value)
    if old is not None and _opens_to(work, site, secret.value):
        return []
    return [ToSeal(site, secret.value, revision=old.revision + 1 if old else 1)]


def _opens_to(work: Workspace, site: Site, value: str) -> bool:
    try:
        return work.keyring.open(site.value, site.slot) == value
    except LlmconfError:
        return False


def _new_site(work: Workspace, secret: NewSecret) -> Site:
    """Return where a field that is not there yet would stand: in the resource's own text in that layer."""
    identity, name, layer = secret.identity, secret.name, secret.layer
    fragment = work.sites.declared(identity, layer)
    if fragment is None and layer and work.sites.declared(identity, ""):
        hint = f"declare it there first, by its name, in environments/{layer}/"
        raise RefusedError(f"the environment `{layer}` does not declare `{identity}`", hint)
    if fragment is None or fragment.kind != "Credential" or name not in SECRET_FIELDS:
        raise unknown(identity, name, work)
    return work.sites.site(fragment, layer or None, (name,), "")


def unknown(identity: str, name: str, work: Workspace) -> RefusedError:
    """Return the error for a field that is not there."""
    known = {f"{site.slot.identity} {site.slot.field}" for site in work.sites.all}
    hint = did_you_mean(f"{identity} {name}", known)
    return RefusedError(
        f"there is no secret field `{name}` in `{identity}`", hint or "`llmconf secrets list` shows all"
    )
