"""Adds the settings that are only for LiteLLM. They can neither redirect a key nor read the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from llmconf.build.targets._base import Note
from llmconf.build.targets._litellm_call import LitellmCall, Variable
from llmconf.core.diagnostics import Path
from llmconf.project.environment import Resource

_RESERVED = re.compile(
    r"^(model|model_\w+|custom_llm_provider|client|\w*fallbacks|mock_\w+|order|weight|organization|tags"
    r"|configurable_clientside_auth_params|use_litellm_proxy|litellm_\w+|\w*headers|tenant_id|client_id"
    r"|\w*(base|url|uri|host|endpoint|proxy)|\w*region\w*"
    r"|\w*(key|key_id|secret|password|credentials|authorization|_ref|_token|_token_file))$"
)
"""Parameters for the URL and the key of a call. Their values come from the project's own fields."""

_LOOKUP = ("os.environ/", "oidc/")
"""Text that LiteLLM replaces by a secret in any value."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Adds parameters and facts of one resource. Adds a note for each that it leaves out."""

    resource: Resource[Any]
    notes: list[Note]

    def put(self, data: dict[str, Any], path: Path, value: Any) -> None:
        """Put a value into `data` under the last step of its path."""
        key = str(path[-1])
        if _looks_up(value):
            message = f"`{key}` is left out: LiteLLM would replace its value by a secret"
            self.notes.append(Note(self.resource.place(*path), message))
        else:
            data[key] = value

    def refuse(self, path: Path) -> None:
        """Add a note that a key cannot be set here."""
        message = f"`{path[-1]}` is left out: the provider, endpoint and credential determine it"
        self.notes.append(Note(self.resource.place(*path, on_key=True), message))


def add_parameters(
    params: dict[str, Any], call: LitellmCall, route: Resource[Any] | None, notes: list[Note]
) -> None:
    """Add the default parameters of model and route. Those of the route win."""
    own = set(params)
    for merge in _merges((call.model, route), notes):
        for key, value in merge.resource.spec.parameters.items():
            if key in own or _is_reserved(key):
                merge.refuse(("parameters", key))
            else:
                merge.put(params, ("parameters", key), value)


def add_extra(
    params: dict[str, Any], info: dict[str, Any], call: LitellmCall, route: Resource[Any] | None, notes: list[Note]
) -> None:
    """Add `extra.litellm` of provider, endpoint, model and route. The last one wins.

    A mapping `model_info` inside it adds to the model's facts.
    """
    for merge in _merges((call.provider, call.endpoint, call.model, route), notes):
        for key, value in merge.resource.spec.extra.get("litellm", {}).items():
            path: Path = ("extra", "litellm", key)
            if key == "model_info" and isinstance(value, dict):
                _add_facts(info, value, merge)
            elif _is_reserved(key):
                merge.refuse(path)
            else:
                merge.put(params, path, value)


def plain(params: dict[str, Any], call: LitellmCall, notes: list[Note]) -> dict[str, Any]:
    """Return parameters without texts that only look like a LiteLLM reference to a secret."""
    headers = params.get("extra_headers", {})
    safe = {name: value for name, value in headers.items() if not _looks_up(value)}
    kept = {key: value for key, value in params.items() if key == "extra_headers" or not _looks_up(value)}
    if len(kept) < len(params) or len(safe) < len(headers):
        message = "a value that LiteLLM would replace by a secret is left out: write it as `env:NAME`"
        notes.append(Note(call.endpoint.place(), message))
    return kept | ({"extra_headers": safe} if headers else {})


def _add_facts(info: dict[str, Any], facts: dict[str, Any], merge: Merge) -> None:
    for name, value in facts.items():
        path: Path = ("extra", "litellm", "model_info", name)
        if name in ("id", "base_model"):
            merge.refuse(path)
        else:
            merge.put(info, path, value)


def _merges(resources: Iterable[Resource[Any] | None], notes: list[Note]) -> list[Merge]:
    return [Merge(resource, notes) for resource in resources if resource is not None]


def _is_reserved(key: str) -> bool:
    return "_cost_" not in key and _RESERVED.match(key) is not None


def _looks_up(value: Any) -> bool:
    """Tell whether a value contains a text that LiteLLM replaces, other than a variable that llmconf wrote."""
    if isinstance(value, dict):
        return any(_looks_up(item) for item in value.values())
    if isinstance(value, list):
        return any(_looks_up(item) for item in value)
    return isinstance(value, str) and not isinstance(value, Variable) and value.startswith(_LOOKUP)
