"""Looks at the secrets of a repository: what `secrets check` finds and `secrets list` tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llmconf.core.diagnostics import Finding, Place, Span
from llmconf.core.errors import LlmconfError, UndeterminedError
from llmconf.core.tokens import mask, parse_reference, parse_token
from llmconf.secrets.fields import Site, find_sites, key_problems
from llmconf.secrets.seal import Workspace
from llmconf.secrets.vault import files, store
from llmconf.workspace import repository


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a check found; `opened` counts tokens that were opened, `closed` those for which no key was at hand."""

    findings: list[Finding]
    opened: int
    closed: int


def inspect(work: Workspace) -> Inspection:
    """Check syntax, key ids, recipients and bindings; with a key also that everything opens and every MAC holds."""
    found: list[Finding] = []
    opened = closed = 0
    sites = [site for site in find_sites(work.project) if parse_token(site.value) is not None]
    for site in sites:
        problem = key_problems(work.project.tree, site)
        if problem is not None:
            found.append(problem)
            continue
        try:
            work.keyring.open(site.value, site.slot)
            opened += 1
        except UndeterminedError:
            closed += 1
        except LlmconfError as error:
            message = f"{site.slot.identity} {site.slot.field}: {error.message}"
            found.append(Finding("LCK017", site.place, message, error.hint))
    found += files.problems(work.project.tree)
    for vault in files.vault_names(work.project.tree):
        found += _mac_problems(work, vault)
    return Inspection(found, opened, closed)


def _mac_problems(work: Workspace, vault: str) -> Iterator[Finding]:
    """Check the MACs of all keys of a vault that can be opened."""
    found = work.keyring.store(vault)
    for kid, folder in found.folders.items():
        try:
            key = work.keyring.key(vault, kid)
        except UndeterminedError:
            continue
        except LlmconfError as error:
            yield _finding(f"keys/{vault}/{kid}/key.yaml", error.message, error.hint)
            continue
        _, strangers = store.vouched(found, key)
        for name in strangers if kid in found.tips() else ():
            message = (
                f"the recipient `{name}` has no valid MAC under the key {kid}: nobody who holds it added them"
            )
            yield _finding(
                f"keys/{vault}/recipients/{name}.yaml", message, "delete it, or run `recipients add`"
            )
        for before in sorted(folder.previous):
            if (vault, before) in work.keyring.keys and not work.keyring.vouches(vault, before, key):
                message = f"the key {kid} has no valid MAC of the key {before} before it"
                yield _finding(
                    f"keys/{vault}/{kid}/key.yaml", message, "find out who added it, and delete it"
                )


def _finding(path: str, message: str, hint: str | None) -> Finding:
    return Finding("LCK019", Span(path, 1, 1, 1, 1), message, hint)


def rows(work: Workspace) -> list[dict[str, str]]:
    """Return a row for each secret field: what it is, where, and who changed it last; never a secret."""
    blame = repository.Blame(work.root)
    found = []
    for site in find_sites(work.project):
        parts = parse_token(site.value)
        reference = parse_reference(site.value)
        found.append(
            {
                "identity": site.slot.identity,
                "field": site.slot.field,
                "layer": site.slot.layer or "base",
                "vault": site.slot.vault,
                "value": mask(site.value) if parts or reference else "PLAIN TEXT",
                "fingerprint": parts.fingerprint if parts else "",
                "revision": str(parts.revision) if parts else "",
                "key": parts.kid if parts else "",
                "expires": site.expires or "",
                "changed_by": blame.author(site.place.file, _line(work, site)),
            }
        )
    return found


def _line(work: Workspace, site: Site) -> int:
    from llmconf.yamltext.splices import Editing

    editing = Editing(work.root)
    place: Place = site.place
    return editing.document(place.file).locate(place.document, place.path).line
