"""The secrets of a resolved environment, and the environment variables that carry them at run time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from llmconf.core.grammar import environment_variable
from llmconf.core.tokens import is_sealed, parse_reference
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Credential, Endpoint, Provider
from llmconf.schema.secret_fields import NAMED, SECRET_FIELDS, secret_values


@dataclass(frozen=True, slots=True)
class SecretVariable:
    """The environment variable that carries a secret at run time.

    `source` is `token`, `env`, `file` or the scheme of another reference.
    """

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class SecretValue:
    """A secret that a resource holds at `path`: a token or a reference."""

    resource: Resource[Credential] | Resource[Endpoint] | Resource[Provider]
    path: tuple[str, ...]
    value: str

    @property
    def variable(self) -> SecretVariable:
        """The variable that carries the secret at run time."""
        reference = parse_reference(self.value)
        if reference and reference.scheme == "env":
            return SecretVariable(reference.target, "env")
        owner, steps = self.resource, ["header" if step == "headers" else step for step in self.path]
        if owner.provider is None:
            name = environment_variable(owner.name, steps[0], "_".join(steps[1:]))
        else:
            name = environment_variable(owner.provider, owner.name, "_".join(steps))
        return SecretVariable(name, reference.scheme if reference else "token")


def secrets_in(env: Resolved) -> Iterator[SecretValue]:
    """Yield every secret of an environment, including those of disabled resources."""
    kinds: tuple[Iterable[Resource[Credential] | Resource[Provider] | Resource[Endpoint]], ...] = (
        env.credentials.values(), env.providers.values(), env.endpoints.values()
    )  # fmt: skip
    for resource in chain.from_iterable(kinds):
        for path, value in secret_values(resource.kind, resource.data):
            # A plain text under the name of a secret is reported elsewhere, and cannot be opened.
            if path[0] not in NAMED.get(resource.kind, ()) or is_sealed(value):
                yield SecretValue(resource, path, value)


def secret_variable(credential: Resource[Credential], field: str) -> SecretVariable | None:
    """Return the variable for a field of a credential, or None if the field is empty or not a secret."""
    value = getattr(credential.spec, field) if field in SECRET_FIELDS else None
    return SecretValue(credential, (field,), value).variable if value is not None else None


def header_variable(resource: Resource[Endpoint] | Resource[Provider], header: str) -> SecretVariable | None:
    """Return the variable for a header of an endpoint or provider, or None if its value is not a secret."""
    value = resource.spec.headers[header]
    return SecretValue(resource, ("headers", header), value).variable if is_sealed(value) else None
