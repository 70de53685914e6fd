"""Provider types: protocols as modules, vendors and servers as data files in `presets/`."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from functools import cache
from pathlib import Path
from typing import Any, cast

from llmconf import values
from llmconf.adapters._base import (
    Adapter,
    Check,
    CredentialForm,
    Failure,
    ModelRecord,
    Options,
    Page,
    Preset,
    Request,
    Response,
    Site,
    Unreadable,
    Verdict,
)
from llmconf.registry import load_module, module_names

__all__ = [
    "Adapter", "Check", "CredentialForm", "Failure", "ModelRecord", "Options", "Page", "Preset", "Request",
    "Response", "Site", "Unreadable", "Verdict", "adapter", "preset", "types",
]  # fmt: skip

_PRESETS = Path(__file__).parent / "presets"


@cache
def types() -> tuple[str, ...]:
    """Return the names of all provider types, sorted."""
    return tuple(sorted(file.stem for file in _PRESETS.glob("*.yaml")))


@cache
def preset(provider_type: str) -> Preset:
    """Return the facts of a provider type. Raises KeyError where there is no such type."""
    if provider_type not in types():
        raise KeyError(provider_type)
    data = cast(dict[str, Any], values.load_trusted(_PRESETS / f"{provider_type}.yaml"))
    known = {field.name for field in dataclass_fields(Preset)}
    facts = {key: value for key, value in data.items() if key in known}
    return Preset(type=provider_type, **{**facts, "hosts": tuple(data.get("hosts", ()))})


_CLOUDS = (
    "amazonaws.com", "amazonaws.com.cn", "api.aws", "azure.com", "azuredatabricks.net", "databricks.com",
    "googleapis.com", "microsoftonline.com", "windows.net",
)  # fmt: skip
"""Domains of vendors whose hosts depend on the account or region."""


@cache
def vendor_domains() -> tuple[str, ...]:
    """Return the domains that belong to vendors: whoever is called there is known to everybody."""
    hosts = {host.partition("/")[0] for name in types() for host in preset(name).hosts}
    return tuple(sorted({".".join(host.split(".")[-2:]) for host in hosts} | set(_CLOUDS)))


def is_vendor(host: str) -> bool:
    """Tell whether a host is one of a vendor, of whatever type."""
    return any(host == domain or host.endswith(f".{domain}") for domain in vendor_domains())


def adapter(provider_type: str) -> Adapter:
    """Return the adapter module of a provider type. Raises KeyError where there is no such type."""
    return cast(Adapter, load_module(__name__, preset(provider_type).protocol))


@cache
def protocols() -> tuple[str, ...]:
    """Return the names of all protocols, sorted."""
    return module_names(__name__)
