"""The options of the target, and the check that they contain no secret in plain text."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from llmconf.build.targets._base import TargetOptions
from llmconf.core.grammar import ENV_NAME_PATTERN

_REFERENCE = re.compile(r"^(?:os\.environ/|env:)(" + ENV_NAME_PATTERN.strip("^$") + r")$")
_SECRET = re.compile(r"(^|_)(key|secret|password|token|credentials|license)$|^database_url$|^redis_url$")


def _check_reference(value: str) -> str:
    match = _REFERENCE.match(value)
    if not match:
        raise PydanticCustomError("secret_plaintext", "not a reference to an environment variable")
    return f"os.environ/{match[1]}"


EnvironmentReference = Annotated[str, AfterValidator(_check_reference)]


def _secrets(data: Any) -> set[str]:
    """Return the keys, at any depth, that name a secret but whose value is not a reference."""
    if isinstance(data, list):
        return {key for item in data for key in _secrets(item)}
    if not isinstance(data, dict):
        return set()
    own = {
        key
        for key, value in data.items()
        if isinstance(value, str) and _SECRET.search(str(key).lower()) and not _REFERENCE.match(value)
    }
    return own.union(*(_secrets(value) for value in data.values()))


def _check_settings(settings: dict[str, Any]) -> dict[str, Any]:
    found = sorted(_secrets(settings))
    if found:
        raise PydanticCustomError("setting", "{key} is a secret: write env:NAME", {"key": f"`{found[0]}`"})
    resolved: dict[str, Any] = _with_variables(settings)
    return resolved


def _with_variables(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _with_variables(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_variables(value) for value in data]
    match = _REFERENCE.match(data) if isinstance(data, str) else None
    return f"os.environ/{match[1]}" if match else data


Settings = Annotated[dict[str, Any], AfterValidator(_check_settings)]


class GeneralSettings(TargetOptions):
    """LiteLLM's `general_settings`: any of its keys."""

    model_config = ConfigDict(extra="allow")

    master_key: EnvironmentReference | None = "os.environ/LITELLM_MASTER_KEY"
    """Variable with the key that clients of the proxy use, as `env:NAME`. Null for no key."""

    @model_validator(mode="after")
    def _check(self) -> GeneralSettings:
        _check_settings(self.model_extra or {})
        return self

    def values(self) -> dict[str, Any]:
        """Return the settings as LiteLLM reads them."""
        extra: dict[str, Any] = _with_variables(self.model_extra or {})
        return ({"master_key": self.master_key} if self.master_key else {}) | extra


class Options(TargetOptions):
    """Options of the target `litellm`."""

    models: Literal["used", "all", "none"] = "used"
    """The models that are offered in addition to the routes, as `provider/id`: those of teams, all, or none."""
    general_settings: GeneralSettings = GeneralSettings()
    """LiteLLM's `general_settings`."""
    litellm_settings: Settings = Field(default_factory=dict)
    """LiteLLM's `litellm_settings`."""
    router_settings: Settings = Field(default_factory=dict)
    """LiteLLM's `router_settings`. They do not override settings that follow from the routes."""
