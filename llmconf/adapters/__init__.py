"""Provider types: protocols as modules, vendors and servers as data files in `presets/`."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from functools import cache
from pathlib import Path
from typing import Any, cast

from llmconf.adapters._base import (
    Adapter,
    CalledEndpoint,
    Check,
    CredentialForm,
    Failure,
    ModelRecord,
    Options,
    Page,
    Preset,
    Request,
    Response,
    Unreadable,
    Verdict,
)
from llmconf.core.plugins import load_module, module_names
from llmconf.yamltext import load as yaml_load

__all__ = [
    "Adapter",
    "CalledEndpoint",
    "Check",
    "CredentialForm",
    "Failure",
    "ModelRecord",
    "Options",
    "Page",
    "Preset",
    "Request",
    "Response",
    "Unreadable",
    "Verdict",
    "adapter",
    "is_vendor",
    "preset",
    "protocols",
    "types",
]  # fmt: skip

_PRESETS = Path(__file__).parent / "presets"


@cache
def types() -> tuple[str, ...]:
    """Return the names of all provider types, sorted."""
    return tuple(sorted(file.stem for file in _PRESETS.glob("*.yaml")))


@cache
def preset(provider_type: str) -> Preset:
    """Return the facts of a provider type. Raises KeyError if there is no such type."""
    if provider_type not in types():
        raise KeyError(provider_type)
    data = cast(dict[str, Any], yaml_load.load_trusted(_PRESETS / f"{provider_type}.yaml"))
    known = {field.name for field in dataclass_fields(Preset)}
    facts = {key: value for key, value in data.items() if key in known}
    lists = {name: tuple(data.get(name, ())) for name in ("hosts", "domains")}
    return Preset(type=provider_type, **{**facts, **lists})


@cache
def _vendor_domains() -> frozenset[str]:
    presets = [preset(name) for name in types()]
    hosts = {host.partition("/")[0] for each in presets for host in each.hosts}
    return frozenset({".".join(host.split(".")[-2:]) for host in hosts}.union(*(each.domains for each in presets)))


def is_vendor(host: str) -> bool:
    """Tell whether a host is the public host of a vendor, of any type."""
    return any(host == domain or host.endswith(f".{domain}") for domain in _vendor_domains())


def adapter(provider_type: str) -> Adapter:
    """Return the adapter module of a provider type. Raises KeyError if there is no such type."""
    return cast(Adapter, load_module(__name__, preset(provider_type).protocol))


@cache
def protocols() -> tuple[str, ...]:
    """Return the names of all protocols, sorted."""
    return module_names(__name__)
