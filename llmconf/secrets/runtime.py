"""The opened credentials of one environment, as environment variables for the program that uses them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from llmconf.core.diagnostics import Place
from llmconf.core.errors import RefusedError
from llmconf.core.origins import Origin
from llmconf.core.tokens import parse_reference
from llmconf.project import relations, secret_values
from llmconf.project.checked import Checked
from llmconf.project.environment import Resolved
from llmconf.schema.kinds import Credential
from llmconf.secrets.fields import Site
from llmconf.secrets.seal import open_site
from llmconf.secrets.sealing import open_workspace
from llmconf.secrets.vault.references import allowed_patterns, only_to


class Opener:
    """Opens the secrets of one environment, one by one."""

    def __init__(self, checked: Checked, name: str | None, allow: Iterable[str]) -> None:
        """`allow` lists the references that this process may open, beside LLMCONF_ALLOW_REF."""
        self.env = checked.environments[name]
        self._work = open_workspace(checked.project)
        self._allowed = allowed_patterns(allow)
        self._known = {(site.slot.identity, site.place): site for site in self._work.sites.all}

    def site(self, held: secret_values.SecretValue) -> Site:
        """Return the site that set a secret, with the hosts that it has in this environment."""
        return _site_of(held, self._known, self.env)

    def open(self, held: secret_values.SecretValue, origins: tuple[Origin, ...] | None = None) -> str:
        """Return a secret in plain text. Raises LlmconfError if it cannot be opened.

        With `origins`, a reference that is allowed without a host is opened only to be sent to these.
        """
        allowed = self._allowed if origins is None else only_to(self._allowed, origins)
        return open_site(self._work, self.site(held), allowed)


def open_environment(checked: Checked, name: str | None, allow: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the variables of an environment without errors, and notes on references that other programs resolve.

    `allow` lists the references that this process may open. Raises LlmconfError if a secret cannot be opened. An
    environment with errors is refused before any key is used.
    """
    if checked.worst() == "error":
        raise RefusedError("nothing is opened for a project with errors", "fix what `llmconf validate` reports")
    opener = Opener(checked, name, allow)
    env = opener.env
    opened: dict[str, str] = {}
    notes: list[str] = []
    _check_hosts(env)
    for held in secret_values.secrets_in(env):
        if not env.is_live(held.resource):
            continue
        variable = held.variable.name
        reference = parse_reference(held.value)
        if reference is not None and reference.scheme not in ("env", "file"):
            notes.append(f"{variable} is left to `{reference.scheme}`: {held.value}")
            continue
        opened[variable] = opener.open(held)
    return opened, notes


def _check_hosts(env: Resolved) -> None:
    """Refuse credentials that would be sent to hosts that they are not bound to.

    Rules report this too, but a repository can turn rules off.
    """
    for identity, credentials in relations.credentials_by_endpoint(env).items():
        endpoint = env.endpoints[identity]
        for credential in credentials if env.is_live(endpoint) else ():
            if relations.has_secret(credential) and not relations.is_bound(env, credential, endpoint):
                message = f"{credential.identity} is not sealed for {endpoint.spec.url}, where {identity} would send it"
                raise RefusedError(message, "correct the URL, or the hosts of the credential")


def _site_of(held: secret_values.SecretValue, known: dict[tuple[str, Place], Site], env: Resolved) -> Site:
    """Return the site that set a value, with the hosts of this environment: an overlay may have changed them."""
    resource = held.resource
    layer, real = resource.chain(held.path)[-1]
    site = known[resource.identity, Place(layer.file, layer.document, layer.path + real)]
    if isinstance(resource.spec, Credential):
        hosts = tuple(str(origin) for origin in relations.bound_hosts(env, resource))
    else:
        hosts = relations.header_hosts(env, resource)
        if set(hosts) <= set(site.slot.hosts):
            return site
    return replace(site, slot=replace(site.slot, hosts=hosts))
