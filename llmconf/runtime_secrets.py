"""The opened credentials of one environment, as environment variables for the program that uses them."""

from __future__ import annotations

from collections.abc import Iterable

from llmconf import wiring
from llmconf.binding import Slot
from llmconf.check import Checked
from llmconf.diagnostics import Place
from llmconf.errors import RefusedError
from llmconf.fields import parse_reference
from llmconf.resolved import Resolved, Resource
from llmconf.schema.kinds import SECRET_FIELDS, Credential, Endpoint, Provider
from llmconf.secrets import open_site, open_workspace
from llmconf.sites import Site, find_sites
from llmconf.vault.references import allowed_patterns


def open_environment(checked: Checked, name: str | None, allow: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the variables of an environment without errors, and notes on what is left to others.

    `allow` lists the references that this process may open. Raises LlmconfError where a secret does not
    open; an error in the environment is refused before any key is touched.
    """
    if checked.worst() == "error":
        raise RefusedError("nothing is opened for a project with errors", "mend what `llmconf validate` reports")
    work = open_workspace(checked.project)
    env = checked.environments[name]
    allowed = allowed_patterns(allow)
    known = {(site.slot.layer, site.slot.identity, site.slot.field): site for site in find_sites(checked.project)}
    opened: dict[str, str] = {}
    notes: list[str] = []
    _check_hosts(env)
    for variable, resource, path in _variables(env):
        site = _site_of(resource, path, known, env)
        reference = parse_reference(site.value)
        if reference is not None and reference.scheme not in ("env", "file"):
            notes.append(f"{variable} is left to `{reference.scheme}`: {site.value}")
            continue
        opened[variable] = open_site(work, site, allowed)
    return opened, notes


def _check_hosts(env: Resolved) -> None:
    """Refuse credentials that would be sent where they do not belong.

    The rules say so too, but a repository can turn rules off.
    """
    for identity, credentials in wiring.credentials_by_endpoint(env).items():
        endpoint = env.endpoints[identity]
        for credential in credentials if env.is_live(endpoint) else ():
            if wiring.has_secret(credential) and not wiring.is_bound(env, credential, endpoint):
                message = f"{credential.identity} is not sealed for {endpoint.spec.url}, where {identity} would send it"
                raise RefusedError(message, "correct the URL, or the hosts of the credential")


def _variables(
    env: Resolved,
) -> Iterable[tuple[str, Resource[Credential] | Resource[Endpoint] | Resource[Provider], tuple[str, ...]]]:
    for credential in env.credentials.values():
        for field in SECRET_FIELDS if env.is_live(credential) else ():
            variable = wiring.secret_variable(credential, field)
            if variable:
                yield variable.name, credential, (field,)
    owners: list[Resource[Provider] | Resource[Endpoint]] = [*env.providers.values(), *env.endpoints.values()]
    for owner in owners:
        for header in owner.spec.headers if env.is_live(owner) else ():
            variable = wiring.header_variable(owner, header)
            if variable:
                yield variable.name, owner, ("headers", header)


def _site_of(
    resource: Resource[Credential] | Resource[Endpoint] | Resource[Provider],
    path: tuple[str, ...],
    known: dict[tuple[str, str, str], Site],
    env: Resolved,
) -> Site:
    """Return the site that set a value, with the hosts of this environment: an overlay may have changed them."""
    layer, real = resource.chain(path)[-1]
    name = "" if layer.name in ("base", "defaults") else layer.name
    value: object = resource.data
    for step in path:
        value = value[step] if isinstance(value, dict) else None
    site = known.get((name, resource.identity, ".".join(path)))
    place = Place(layer.file, layer.document, layer.path + real)
    if site is None:
        # A header under a harmless name that holds a reference: opened, but bound to nothing.
        return Site(place, Slot("default", name, resource.identity, ".".join(path), ()), str(value), has_hosts=True)
    if isinstance(resource.spec, Credential):
        hosts = tuple(str(origin) for origin in wiring.bound_hosts(env, resource))
    else:
        hosts = wiring.header_hosts(env, resource)
        if set(hosts) <= set(site.slot.hosts):
            return site
    slot = Slot(site.slot.vault, site.slot.layer, site.slot.identity, site.slot.field, hosts)
    return Site(site.place, slot, site.value, site.has_hosts, site.expires)
