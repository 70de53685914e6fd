"""The project file, `llmconf.yaml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from llmconf.core.unique import check_unique
from llmconf.schema.annotations import Hint
from llmconf.schema.types import Name, Strict, Text

RuleCode = Annotated[
    str, StringConstraints(pattern=r"^LC[A-Z][0-9]{3}$"), Hint("a rule code is written as in LCE002")
]


def _by_name(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict.fromkeys(check_unique(value))
    return value


class Environment(Strict):
    """One environment, with its overlay in `environments/<name>/`."""

    vault: Name | None = None
    """Vault of the secrets in this environment's overlay. If it is missing, the vault is `default`."""
    description: Text | None = None
    """A description for people."""


class Policy(Strict):
    """Thresholds of rules."""

    expires_within_days: Annotated[int, Field(ge=0, le=3650)] = 30
    """How many days before it expires a credential is reported."""
    retires_within_days: Annotated[int, Field(ge=0, le=3650)] = 90
    """How many days before its retirement a model in use is reported."""
    secret_hints: bool = True
    """Whether tokens show the last four characters of long secrets."""


class ProjectFile(Strict):
    """The project file: environments, targets, policy, rule settings."""

    version: Literal[1]
    """Version of this format."""
    name: Name
    """Name of the project."""
    environments: Annotated[dict[Name, Environment | None], BeforeValidator(_by_name)] = Field(
        default_factory=dict
    )
    """Environments by name; a list of names is the short form."""
    defaults: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Default values, the lowest layer, by kind (`Endpoint`) or by kind and provider type (`Endpoint/vllm`)."""
    policy: Policy = Policy()
    """Thresholds of rules."""
    rules: dict[RuleCode, Literal["error", "warning", "info", "off"]] = Field(default_factory=dict)
    """Severity of single rules, by code."""
    targets: dict[str, dict[str, Any] | None] = Field(default_factory=dict)
    """Targets whose files a build writes, by name, with their options."""

    def environment_names(self) -> tuple[str, ...]:
        """Return the names of the environments, in the order of the file."""
        return tuple(self.environments)
