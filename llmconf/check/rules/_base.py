"""The interface of a rule: a module that documents one problem and yields each place that has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from llmconf.core.diagnostics import Path, Place, Severity
from llmconf.project import relations, secret_values
from llmconf.project.environment import Resolved, Resource
from llmconf.project.model_facts import ModelFacts
from llmconf.schema.kinds import Credential, Endpoint, Model, Provider
from llmconf.schema.project_file import ProjectFile

LOWEST_PRICE, HIGHEST_PRICE = 0.0005, 5000
"""The prices that vendors ask for a million tokens are between these two, in USD."""


@dataclass(frozen=True, slots=True)
class Account:
    """An enabled provider with its endpoints and credentials: all of them, and those that are enabled."""

    provider: Resource[Provider]
    endpoints: list[Resource[Endpoint]]
    enabled_endpoints: list[Resource[Endpoint]]
    credentials: list[Resource[Credential]]
    enabled_credentials: list[Resource[Credential]]


@dataclass(frozen=True)
class Context:
    """The input of rules: one resolved environment, the project's settings, and the day.

    A value that several rules need is computed once, when the first rule asks for it.
    """

    env: Resolved
    project: ProjectFile
    today: date

    @cached_property
    def credentials(self) -> dict[str, list[Resource[Credential]]]:
        """The enabled credentials that each enabled endpoint may be called with, by the endpoint's identity."""
        return relations.credentials_by_endpoint(self.env)

    @cached_property
    def accounts(self) -> list[Account]:
        """The enabled providers."""
        return [self._account(provider) for provider in self.env.providers.values() if provider.spec.enabled]

    def _account(self, provider: Resource[Provider]) -> Account:
        endpoints, credentials = self.env.endpoints_of(provider.name), self.env.credentials_of(provider.name)
        return Account(
            provider,
            endpoints,
            [endpoint for endpoint in endpoints if endpoint.spec.enabled],
            credentials,
            [credential for credential in credentials if credential.spec.enabled],
        )

    @cached_property
    def live_providers(self) -> set[str]:
        """The names of enabled providers, and of broken ones, which are treated as enabled."""
        enabled = {provider.name for provider in self.env.providers.values() if provider.spec.enabled}
        return enabled.union(each.partition("/")[2] for each in self.env.broken if each.startswith("provider/"))

    @cached_property
    def live_endpoints(self) -> list[Resource[Endpoint]]:
        """The endpoints that are enabled and belong to an enabled provider."""
        enabled = (endpoint for endpoint in self.env.endpoints.values() if endpoint.spec.enabled)
        return [endpoint for endpoint in enabled if endpoint.provider in self.live_providers]

    @cached_property
    def live_credentials(self) -> list[Resource[Credential]]:
        """The credentials that are enabled and belong to an enabled provider."""
        enabled = (credential for credential in self.env.credentials.values() if credential.spec.enabled)
        return [credential for credential in enabled if credential.provider in self.live_providers]

    @cached_property
    def secrets(self) -> list[secret_values.SecretValue]:
        """Every secret of the environment, including those of disabled resources."""
        return list(secret_values.secrets_in(self.env))

    @cached_property
    def odd_prices(self) -> list[tuple[Resource[Model], Path, str]]:
        """The negative and the unusual prices of declared models, each with its path and its text."""
        priced = ((model, model.data["price"]) for model in self.declared_models if "price" in model.data)
        return [(model, path, text) for model, price in priced for path, text in _odd_prices(price, ("price",))]

    @cached_property
    def declared_models(self) -> list[Resource[Model]]:
        """The models that a document declares or changes. Most rules check only these."""
        return [model for model in self.env.models.values() if model.is_declared]

    @cached_property
    def model_facts(self) -> ModelFacts:
        """The facts of the models."""
        return ModelFacts(self.env)


def _odd_prices(data: dict[str, Any] | list[Any], path: Path) -> Iterator[tuple[Path, str]]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(value, str):
            if not LOWEST_PRICE <= float(value) <= HIGHEST_PRICE:
                yield (*path, key), value
        elif isinstance(value, (dict, list)):
            yield from _odd_prices(value, (*path, key))


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that a rule found, with its place. The checker adds the rule's code and severity."""

    place: Place
    message: str
    hint: str | None = None
    related: tuple[tuple[str, Place], ...] = ()


class Rule(Protocol):
    """A module named `<code>_<name>.py`, such as `lce002_default_endpoint.py`.

    The module's docstring is the documentation: a first sentence, then the paragraphs `Why:`,
    `Example:` (indented YAML that breaks the rule) and `Fix:`.

    Two more constants may follow: `TRAITS`, the traits of the code, and `STAGES`, the modules elsewhere that raise it.
    """

    CODE: str
    NAME: str
    SEVERITY: Severity

    def check(self, context: Context, /) -> Iterable[Problem]:
        """Yield the problems of one environment. Pure: no I/O, no clock, no environment variables."""
        ...
