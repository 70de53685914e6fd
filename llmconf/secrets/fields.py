"""Where secrets stand: every field of a project that may hold one, with what a token there is bound to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from llmconf import adapters
from llmconf.core.diagnostics import Finding, Place
from llmconf.core.diagnostics import Path as Steps
from llmconf.core.key_formats import SENSITIVE_KEY
from llmconf.core.origins import parse_host, parse_url
from llmconf.core.tokens import is_token_like, parse_token
from llmconf.project.fragments import Fragment
from llmconf.project.load import Project
from llmconf.schema.kinds import SECRET_FIELDS
from llmconf.schema.project_file import ProjectFile
from llmconf.secrets.vault.binding import Slot, why_stale
from llmconf.workspace.tree import Tree

DEFAULT_VAULT = "default"
_HOLDERS = frozenset({"Provider", "Endpoint", "Credential"})
"""Kinds with fields that may hold a secret; most resources are models."""


@dataclass(frozen=True, slots=True)
class Site:
    """One secret field as it stands in a file.

    `has_hosts` tells whether the project says to which hosts the secret belongs, rather than the type of the
    provider. `value` is what stands there, sealed or not, and stays out of the repr.
    """

    place: Place
    slot: Slot
    value: str
    has_hosts: bool
    expires: str | None = None

    def __repr__(self) -> str:
        return f"Site({self.place.file}, {self.slot.identity}, {self.slot.field})"


def vault_of(settings: ProjectFile | None, environment: str | None) -> str:
    """Return the vault that secrets of a layer belong to: `default`, or that of the environment."""
    if settings is None or environment is None:
        return DEFAULT_VAULT
    declared = settings.environments.get(environment)
    return (declared.vault if declared else None) or DEFAULT_VAULT


def find_sites(project: Project) -> list[Site]:
    """Return all secret fields of a project that hold a value, in the order of its files.

    Works on what was read, valid or not: a project with plain secrets does not validate, and it is these
    that have to be found.
    """
    base = {fragment.identity: fragment for fragment in project.base}
    sites = list(_sites(project.base, base, {}, project.settings, None))
    for environment, fragments in project.overlays.items():
        overlay = {fragment.identity: fragment for fragment in fragments}
        sites += _sites(fragments, base, overlay, project.settings, environment)
    return sites


def _sites(
    fragments: Iterable[Fragment],
    base: dict[str, Fragment],
    overlay: dict[str, Fragment],
    settings: ProjectFile | None,
    environment: str | None,
) -> Iterator[Site]:
    vault = vault_of(settings, environment)
    for fragment in (each for each in fragments if each.kind in _HOLDERS):
        for path, value in _secret_values(fragment):
            layers = [
                layer[fragment.identity].layer.data for layer in (overlay, base) if fragment.identity in layer
            ]
            hosts = _hosts(fragment, layers, overlay, base)
            slot = Slot(vault, environment or "", fragment.identity, ".".join(map(str, path)), tuple(hosts))
            place = Place(fragment.layer.file, fragment.layer.document, fragment.layer.path + path)
            expires = next((data["expires"] for data in layers if isinstance(data.get("expires"), str)), None)
            has_hosts = any("hosts" in data for data in layers) or fragment.kind != "Credential"
            yield Site(place, slot, value, has_hosts, expires)


def _secret_values(fragment: Fragment) -> Iterator[tuple[Steps, str]]:
    data = fragment.layer.data
    if fragment.kind == "Credential":
        for name in SECRET_FIELDS:
            if isinstance(data.get(name), str):
                yield (name,), data[name]
    if fragment.kind in ("Endpoint", "Provider") and isinstance(data.get("headers"), dict):
        for name, value in data["headers"].items():
            if isinstance(value, str) and (is_token_like(value) or SENSITIVE_KEY.search(name)):
                yield ("headers", name), value
    if fragment.kind == "Endpoint" and isinstance(data.get("tls"), dict):
        value = data["tls"].get("client_key")
        if isinstance(value, str):
            yield ("tls", "client_key"), value


def _hosts(
    fragment: Fragment, layers: list[dict[str, Any]], overlay: dict[str, Fragment], base: dict[str, Fragment]
) -> list[str]:
    """Return the normalized origins that a secret of this resource may be sent to, as far as they are known."""
    if fragment.kind == "Credential":
        declared = next((data["hosts"] for data in layers if isinstance(data.get("hosts"), list)), None)
        return _normal(declared if declared is not None else _fixed_hosts(fragment.provider, overlay, base))
    if fragment.kind == "Endpoint":
        urls = [data["url"] for data in layers if isinstance(data.get("url"), str)][:1]
    else:
        urls = _endpoint_urls(fragment.name, overlay, base)
    return sorted({origin for url in urls if (origin := _host_only(url)) is not None})


def _fixed_hosts(provider: str | None, overlay: dict[str, Fragment], base: dict[str, Fragment]) -> list[str]:
    for layer in (overlay, base):
        known = layer.get(f"provider/{provider}")
        provider_type = known.layer.data.get("type") if known else None
        if isinstance(provider_type, str) and provider_type in adapters.types():
            return list(adapters.preset(provider_type).hosts)
    return []


def _endpoint_urls(
    provider: str | None, overlay: dict[str, Fragment], base: dict[str, Fragment]
) -> list[str]:
    """Return the URLs of a provider's endpoints, those of the overlay in place of those of the base."""
    urls: dict[str, str] = {}
    for layer in (base, overlay):
        for fragment in layer.values():
            url = fragment.layer.data.get("url")
            if fragment.kind == "Endpoint" and fragment.provider == provider and isinstance(url, str):
                urls[fragment.identity] = url
    return list(urls.values())


def hosts_to_bind(project: Project, slot: Slot) -> list[str]:
    """Return what `hosts` of a credential is filled in with: where its provider's endpoints are, and no more.

    Where the type has fixed hosts, an endpoint elsewhere is not among them; it stays for `validate` to refuse.
    """
    provider = slot.identity.split("/")[1]
    urls = _endpoint_urls(provider, {}, {fragment.identity: fragment for fragment in project.base})
    for fragments in project.overlays.values():
        urls += _endpoint_urls(provider, {fragment.identity: fragment for fragment in fragments}, {})
    used = {origin for url in urls if (origin := _host_only(url)) is not None}
    fixed = [parse_host(host) for host in slot.hosts]
    if not fixed:
        return sorted(used)
    return sorted(host for host in used if any(f.covers(parse_host(host)) for f in fixed)) or list(slot.hosts)


def _host_only(url: str) -> str | None:
    try:
        origin = parse_url(url)
    except ValueError:
        return None
    return str(type(origin)(origin.scheme, origin.host, origin.port))


def _normal(hosts: Iterable[object]) -> list[str]:
    found = set()
    for host in hosts:
        try:
            found.add(str(parse_host(host)) if isinstance(host, str) else "")
        except ValueError:
            found.add(str(host))
    return sorted(found)


def key_problems(tree: Tree, site: Site) -> Finding | None:
    """Return what is wrong with a token as far as that shows without a key, or None."""
    parts = parse_token(site.value)
    slot = site.slot
    if parts is None:
        return None
    if parts.binding is None:
        return None  # written by hand or by another program: without a key nothing is known of it
    vault = tree.entry(f"keys/{slot.vault}")
    if vault is not None and vault.kind == "folder" and not _is_file(tree, f"keys/{slot.vault}/{parts.kid}/key.yaml"):
        message = f"`{slot.field}` is sealed under `{parts.kid}`, which is no key of the vault `{slot.vault}`"
        return Finding(
            "LCK018", site.place, message, f"restore keys/{slot.vault}/{parts.kid} from git history"
        )
    why = why_stale(parts, slot)
    if why is not None:
        where = f" --env {slot.layer}" if slot.layer else ""
        message = f"`{slot.field}` cannot be opened here: it was sealed {why}"
        hint = f"undo the move or the edit, or seal it anew: llmconf secrets set {slot.identity} {slot.field}{where}"
        return Finding("LCK017", site.place, message, hint)
    return None


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.kind == "file"
