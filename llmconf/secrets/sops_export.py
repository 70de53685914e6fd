"""Writes the opened credentials of one environment as a file of SOPS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from llmconf.core.errors import RefusedError, UndeterminedError
from llmconf.core.tokens import is_token_like
from llmconf.project.checked import Checked
from llmconf.project.environment import Resolved, Resource
from llmconf.secrets.fields import Site
from llmconf.secrets.seal import open_site
from llmconf.secrets.sealing import Workspace, open_workspace
from llmconf.secrets.vault import age, sops
from llmconf.secrets.vault.references import allowed_patterns


def export(
    checked: Checked, name: str | None, recipients: Sequence[str], allow: Iterable[str]
) -> tuple[bytes, list[str]]:
    """Return a SOPS file with the secrets of an environment, by identity and field, and notes on what is left out.

    `recipients` are public keys of age or SSH, `allow` the references that this process may open. Raises
    LlmconfError where a secret does not open.
    """
    for recipient in recipients:
        age.parse_recipient(recipient)
    work = open_workspace(checked.project)
    allowed = allowed_patterns(allow)
    tree: dict[str, dict[str, str]] = {}
    notes: list[str] = []
    for site in _sites(work, checked.environments[name], name or ""):
        try:
            value = open_site(work, site, allowed)
        except UndeterminedError as error:
            if is_token_like(site.value):
                raise
            notes.append(f"{site.slot.identity} {site.slot.field} is left out: {error.message}")
            continue
        tree.setdefault(site.slot.identity, {})[site.slot.field] = value
    if not tree:
        raise RefusedError("there is no secret to export", notes[0] if notes else None)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return sops.encrypt(dict(tree), recipients, lastmodified=now), notes


def _sites(work: Workspace, env: Resolved, name: str) -> Iterator[Site]:
    """Yield the secret fields that count in an environment: of what is live, each from its highest layer."""
    kinds: tuple[dict[str, Any], ...] = (env.credentials, env.providers, env.endpoints)
    live: dict[str, Resource[Any]] = {
        resource.identity: resource for known in kinds for resource in known.values() if env.is_live(resource)
    }
    for site in work.sites.all:
        resource = live.get(site.slot.identity)
        if resource is None or site.slot.layer not in ("", name):
            continue
        head, _, rest = site.slot.field.partition(".")
        chain = resource.chain((head, rest) if rest else (head,))
        if chain and (chain[-1][0].file, chain[-1][0].document) == (site.place.file, site.place.document):
            yield site
