"""What an adapter is: one protocol, its options, its secret fields, and presets of it as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Base of the `options` that a provider of one protocol takes."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )


@dataclass(frozen=True, slots=True)
class CredentialForm:
    """One way to fill in a credential: fields that it needs and fields that it may have."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()

    @property
    def fields(self) -> frozenset[str]:
        """All fields of this form."""
        return self.required | self.optional


class Adapter(Protocol):
    """A module of this package, one per protocol. Its name is the protocol's name."""

    Options: type[Options]
    CREDENTIAL_FORMS: tuple[CredentialForm, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider type: a protocol with its facts filled in. One YAML file in `presets/` each.

    `url` is the default base URL and None where each account or server has its own; `regions` maps
    a region to its base URL; `hosts` are the hosts that a credential of this type may be sent to
    unless it says otherwise, token endpoints included; `consumers` maps the name of a target to what
    that consumer calls this type.
    """

    type: str
    protocol: str
    title: str
    credential: Literal["required", "optional", "none"]
    docs: str
    url: str | None = None
    regions: dict[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    consumers: dict[str, str] = field(default_factory=dict)
