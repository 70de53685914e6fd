"""Finds the fields of a project that may hold a secret, each with the context that a token there is bound to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from llmconf import adapters
from llmconf.core.diagnostics import Finding, Place
from llmconf.core.grammar import PROJECT_FILE
from llmconf.core.origins import parse_host, parse_url
from llmconf.core.tokens import parse_token
from llmconf.project.base_layer import default_keys
from llmconf.project.fragments import Fragment
from llmconf.project.load import Project
from llmconf.project.merge import underlay
from llmconf.schema.project_file import ProjectFile
from llmconf.schema.secret_fields import FieldPath, secret_values
from llmconf.secrets.vault.binding import Slot, why_stale
from llmconf.workspace.tree import Tree

DEFAULT_VAULT = "default"
DEFAULTS = "defaults"
"""The layer of the values that `defaults` in the project file sets."""


@dataclass(frozen=True, slots=True)
class Site:
    """One secret field in a file.

    `has_hosts` tells whether the project sets the hosts of the secret, and not only the type of the provider.
    `value` is the value of the field, sealed or not, and is not in the repr. `layer` is `base`, `defaults` or the
    name of an environment. Several resources may share a place in the defaults.
    """

    place: Place
    slot: Slot
    value: str
    has_hosts: bool
    layer: str
    expires: str | None = None

    def __repr__(self) -> str:
        return f"Site({self.place.file}, {self.slot.identity}, {self.slot.field})"


def vault_of(settings: ProjectFile | None, environment: str | None) -> str:
    """Return the vault that secrets of a layer belong to: `default`, or that of the environment."""
    if settings is None or environment is None:
        return DEFAULT_VAULT
    declared = settings.environments.get(environment)
    return (declared.vault if declared else None) or DEFAULT_VAULT


class Sites:
    """The secret fields of one project. Each file, and each index over the project, is looked at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._base = _Layer(project.base)
        self._overlays = {name: _Layer(fragments) for name, fragments in project.overlays.items()}

    @cached_property
    def all(self) -> list[Site]:
        """All secret fields that hold a text, in the order of the files; those of the project's defaults come last.

        This works on valid and invalid documents, because a project with plain secrets is not valid, and these
        secrets have to be found.
        """
        found: list[Site] = []
        for environment, layer in self._layers():
            for fragment in layer.fragments:
                for path, value in secret_values(fragment.kind, fragment.layer.data):
                    if isinstance(value, str):
                        found.append(self.site(fragment, environment, path, value))
        return found + list(self._defaults())

    def find(self, identity: str, field: str, layer: str) -> Site | None:
        """Return the site of a field in one layer (empty for the base and the defaults), or None if it is empty."""
        return self._by_field.get((identity, field, layer))

    def declared(self, identity: str, layer: str) -> Fragment | None:
        """Return the fragment with which a layer (empty for the base) declares or overrides a resource."""
        known = self._overlays.get(layer) if layer else self._base
        return known.by_identity.get(identity) if known else None

    def in_file(self, name: str) -> list[Site]:
        """Return the secret fields in one file."""
        return [site for site in self.all if site.place.file == name]

    def site(self, fragment: Fragment, environment: str | None, path: FieldPath, value: str) -> Site:
        """Return the site of a value that stands in a fragment, or that is going to stand there."""
        place = Place(fragment.layer.file, fragment.layer.document, fragment.layer.path + path)
        return self._site(fragment, environment, path, value, place)

    def hosts_to_bind(self, slot: Slot) -> list[str]:
        """Return the hosts to write into `hosts` of a credential: only those of its provider's endpoints.

        If the type has fixed hosts, other endpoints are left out, and `validate` refuses them.
        """
        provider = slot.identity.split("/")[1]
        urls = [url for _, layer in self._layers() for url in layer.urls.get(provider, {}).values()]
        used = {origin for url in urls if (origin := _host_only(url)) is not None}
        fixed = [parse_host(host) for host in slot.hosts]
        if not fixed:
            return sorted(used)
        return sorted(host for host in used if any(f.covers(parse_host(host)) for f in fixed)) or list(slot.hosts)

    @cached_property
    def _by_field(self) -> dict[tuple[str, str, str], Site]:
        return {(s.slot.identity, s.slot.field, s.slot.layer): s for s in reversed(self.all)}

    def _layers(self) -> Iterator[tuple[str | None, _Layer]]:
        yield None, self._base
        yield from self._overlays.items()

    def _site(
        self, fragment: Fragment, environment: str | None, path: FieldPath, value: str, place: Place,
        layer: str | None = None,
    ) -> Site:  # fmt: skip
        above = (self._overlays[environment], self._base) if environment else (self._base,)
        known = [each.by_identity.get(fragment.identity) for each in above]
        layers = [each.layer.data for each in known if each is not None]
        hosts = tuple(self._hosts(fragment, layers, above))
        vault = vault_of(self.project.settings, environment)
        slot = Slot(vault, environment or "", fragment.identity, ".".join(map(str, path)), hosts)
        expires = next((data["expires"] for data in layers if isinstance(data.get("expires"), str)), None)
        has_hosts = any("hosts" in data for data in layers) or fragment.kind != "Credential"
        return Site(place, slot, value, has_hosts, layer or environment or "base", expires)

    def _defaults(self) -> Iterator[Site]:
        """Yield the secret fields that resources get from a default of their kind, each resource once."""
        settings = self.project.settings
        defaults = settings.defaults if settings else {}
        if not any(list(secret_values(key.partition("/")[0], data)) for key, data in defaults.items()):
            return
        seen: set[str] = set()
        for _, layer in self._layers():
            for fragment in layer.by_identity.values():
                if fragment.identity not in seen and not fragment.broken:
                    yield from self._defaults_of(fragment, layer, defaults)
                seen.add(fragment.identity)

    def _defaults_of(self, fragment: Fragment, layer: _Layer, defaults: dict[str, dict[str, Any]]) -> Iterator[Site]:
        owner = f"provider/{fragment.name if fragment.kind == 'Provider' else fragment.provider}"
        provider = self._base.by_identity.get(owner) or layer.by_identity.get(owner)
        keys = default_keys(fragment.kind, provider.layer.data.get("type") if provider else None, defaults)
        low: dict[str, Any] = {}
        for key in keys:
            low = underlay(low, defaults[key])
        for path, value in secret_values(fragment.kind, low):
            if not _sets(fragment.layer.data, path):
                key = next(key for key in reversed(keys) if _sets(defaults[key], path))
                place = Place(PROJECT_FILE, 0, ("defaults", key, *path))
                yield self._site(fragment, None, path, value, place, DEFAULTS)

    def _hosts(self, fragment: Fragment, layers: list[dict[str, Any]], above: tuple[_Layer, ...]) -> list[str]:
        """Return the normalized origins that a secret of this resource may be sent to, as far as they are known."""
        if fragment.kind == "Credential":
            declared = next((data["hosts"] for data in layers if isinstance(data.get("hosts"), list)), None)
            return _normal(declared if declared is not None else _fixed_hosts(fragment.provider, above))
        if fragment.kind == "Endpoint":
            urls = [data["url"] for data in layers if isinstance(data.get("url"), str)][:1]
        else:
            by_endpoint: dict[str, str] = {}
            for layer in reversed(above):
                by_endpoint |= layer.urls.get(fragment.name, {})
            urls = list(by_endpoint.values())
        return sorted({origin for url in urls if (origin := _host_only(url)) is not None})


class _Layer:
    """The fragments of the base or of one environment, indexed for look-ups."""

    def __init__(self, fragments: list[Fragment]) -> None:
        self.fragments = fragments
        self.by_identity = {fragment.identity: fragment for fragment in fragments}

    @cached_property
    def urls(self) -> dict[str, dict[str, str]]:
        """The URLs of endpoints by their provider and identity."""
        found: dict[str, dict[str, str]] = {}
        for fragment in self.by_identity.values():
            url = fragment.layer.data.get("url")
            if fragment.kind == "Endpoint" and fragment.provider and isinstance(url, str):
                found.setdefault(fragment.provider, {})[fragment.identity] = url
        return found


def find_sites(project: Project) -> list[Site]:
    """Return all secret fields of a project that hold a text."""
    return Sites(project).all


def _sets(data: Any, path: FieldPath) -> bool:
    """Tell whether a layer sets the value at a path. Null sets it too: it unsets the value."""
    for step in path:
        if not isinstance(data, dict):
            return True
        if step not in data:
            return False
        data = data[step]
    return True


def _fixed_hosts(provider: str | None, above: Iterable[_Layer]) -> list[str]:
    for layer in above:
        known = layer.by_identity.get(f"provider/{provider}")
        provider_type = known.layer.data.get("type") if known else None
        if isinstance(provider_type, str) and provider_type in adapters.types():
            return list(adapters.preset(provider_type).hosts)
    return []


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
    """Return the problem of a token that can be seen without a key, or None."""
    parts = parse_token(site.value)
    slot = site.slot
    if parts is None:
        return None
    vault = tree.entry(f"keys/{slot.vault}")
    if parts.binding is None:
        return None  # written by hand or by another program: without a key nothing is known of it
    if vault is not None and vault.kind == "folder" and not _is_file(tree, f"keys/{slot.vault}/{parts.kid}/key.yaml"):
        message = f"`{slot.field}` is sealed under `{parts.kid}`, which is not a key of the vault `{slot.vault}`"
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
