"""The one table of the fields that may hold a secret, and the one walk over them.

`kinds` gives the same fields the type `Secret`. This module is separate because it needs no pydantic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from llmconf.core.key_formats import SENSITIVE_KEY
from llmconf.core.tokens import is_sealed, is_token_like

FieldPath: TypeAlias = tuple[str, ...]

SECRET_FIELDS = (
    "api_key",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "client_secret",
    "service_account",
)
"""Fields of a credential that hold a secret. They have the same meaning in every provider type."""

FIXED: dict[str, tuple[FieldPath, ...]] = {
    "Credential": tuple((name,) for name in SECRET_FIELDS),
    "Endpoint": (("tls", "client_key"),),
}
"""Fields that hold only a secret, by kind."""

NAMED: dict[str, tuple[str, ...]] = {"Provider": ("headers",), "Endpoint": ("headers",)}
"""Maps with free keys, in which some values are secrets, by kind."""

_FIXED_NAMES = frozenset(path[-1] for paths in FIXED.values() for path in paths)


def secret_values(kind: str, data: Mapping[str, Any]) -> Iterator[tuple[FieldPath, Any]]:
    """Yield path and value of each secret field of a resource that is not empty, sealed or not, valid or not."""
    for name in NAMED.get(kind, ()):
        values = data.get(name)
        if isinstance(values, dict):
            yield from (((name, key), value) for key, value in values.items() if _is_secret(key, value))
    for path in FIXED.get(kind, ()):
        value: Any = data
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            yield path, value


def is_secret_name(name: object) -> bool:
    """Tell whether a field or a key of this name holds a secret in any place."""
    return isinstance(name, str) and (name in _FIXED_NAMES or SENSITIVE_KEY.search(name) is not None)


def _is_secret(key: object, value: object) -> bool:
    """Tell whether an entry of a map is a secret, by its value or by its name."""
    if isinstance(value, str) and (is_token_like(value) or is_sealed(value)):
        return True
    return isinstance(key, str) and SENSITIVE_KEY.search(key) is not None
