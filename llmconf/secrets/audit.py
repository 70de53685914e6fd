"""Checks and lists the secrets of a repository, for `secrets check` and `secrets list`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from llmconf.core.diagnostics import Finding, Span
from llmconf.core.errors import LlmconfError, UndeterminedError
from llmconf.core.tokens import SHORT_TOKEN, mask, parse_reference, parse_token
from llmconf.secrets.fields import Site, key_problems
from llmconf.secrets.sealing import Workspace
from llmconf.secrets.vault import files, store
from llmconf.workspace import repository
from llmconf.yamltext.splices import Editing
from llmconf.yamltext.text import Lines

_TOKEN = re.compile(SHORT_TOKEN)


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of a check. `opened` counts the opened tokens, `closed` those for which there was no key."""

    findings: list[Finding]
    opened: int
    closed: int


def inspect(work: Workspace) -> Inspection:
    """Check syntax, key ids, recipients and bindings. With a key, also open every token and check every MAC."""
    found: list[Finding] = []
    opened = closed = 0
    for site in work.sites.all:
        if parse_token(site.value) is None:
            continue
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
    """Return a row for each secret field: its kind, its place, and who changed it last. A row never holds a secret."""
    blame, lines = repository.Blame(work.root), _LineFinder(work)
    found = []
    for site in work.sites.all:
        parts = parse_token(site.value)
        reference = parse_reference(site.value)
        found.append(
            {
                "identity": site.slot.identity,
                "field": site.slot.field,
                "layer": site.layer,
                "vault": site.slot.vault,
                "value": mask(site.value) if parts or reference else "PLAIN TEXT",
                "fingerprint": parts.fingerprint if parts else "",
                "revision": str(parts.revision) if parts else "",
                "key": parts.kid if parts else "",
                "expires": site.expires or "",
                "changed_by": blame.author(site.place.file, lines.of(site)) if blame.knows(site.place.file) else "",
            }
        )
    return found


class _LineFinder:
    """Finds the lines of secrets. Each file is read once."""

    def __init__(self, work: Workspace) -> None:
        self._editing = Editing(work.root)
        self._project = work.project
        self._tokens: dict[str, dict[str, int]] = {}

    def of(self, site: Site) -> int:
        """Return the line of a site. A token is searched in the text, because parsing takes ten times as long."""
        name = site.place.file
        if name not in self._tokens:
            self._tokens[name] = _token_lines(self._project.text(name) or "")
        known = self._tokens[name].get(site.value)
        if known:
            return known
        return self._editing.document(name).locate(site.place.document, site.place.path).line


def _token_lines(text: str) -> dict[str, int]:
    """Return the lines of all tokens in a text, or 0 for a token that occurs more than once."""
    lines = Lines(text)
    found: dict[str, int] = {}
    for match in _TOKEN.finditer(text):
        found[match[0]] = 0 if match[0] in found else lines.position(match.start())[0]
    return found
