"""The file format of an imported catalog: JSON lines, a header, then models sorted by type and id.

The same facts always give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from llmconf.core.errors import RefusedError
from llmconf.core.unique import Unique
from llmconf.lock.catalogs._base import FACTS, CatalogFacts
from llmconf.schema.parts import Lifecycle, Price
from llmconf.schema.types import Capability, Count, Mode, ModelId, Name, Strict, Text

VERSION = 1
Shape = TypeVar("Shape", bound=Strict)
_HINT = "import the catalog again with `llmconf catalog import`"


class _Header(Strict):
    version: int
    source: Text
    sha256: Text


class _Line(Strict):
    type: Name
    id: ModelId
    mode: Mode | None = None
    capabilities: Unique[Capability] | None = None
    context: Count | None = None
    max_output: Count | None = None
    price: Price | None = None
    lifecycle: Lifecycle | None = None


def write(source: str, sha256: str, models: Mapping[tuple[str, str], CatalogFacts]) -> bytes:
    """Return the bytes of a catalog file. `sha256` is the hex digest of what was imported."""
    lines = [_text({"version": VERSION, "source": source, "sha256": sha256})]
    for (provider_type, model_id), known in sorted(models.items()):
        said = {key: getattr(known, key) for key in FACTS if getattr(known, key) is not None}
        lines.append(_text({"type": provider_type, "id": model_id, **said}))
    return "".join(lines).encode()


def read(data: bytes, file: str) -> dict[tuple[str, str], CatalogFacts]:
    """Return facts by provider type and model id. Raises RefusedError, with file and line, if a line is invalid."""
    header, *lines = data.split(b"\n")
    if _parse(_Header, header, f"{file}:1").version != VERSION:
        raise RefusedError(f"{file}:1: written by another version of llmconf", _HINT)
    models: dict[tuple[str, str], CatalogFacts] = {}
    for number, line in enumerate(lines, 2):
        if not line and number == len(lines) + 1:
            continue
        known = _parse(_Line, line, f"{file}:{number}")
        if (known.type, known.id) in models:
            raise RefusedError(f"{file}:{number}: `{known.type}` has this model twice", _HINT)
        models[known.type, known.id] = _facts(known)
        if _is_negative(models[known.type, known.id].price):
            raise RefusedError(f"{file}:{number}: a price is negative", _HINT)
    return models


def _parse(shape: type[Shape], line: bytes, where: str) -> Shape:
    try:
        return shape.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(step) for step in first["loc"] if step in _KEYS or isinstance(step, int))
        said = f"{path}: {first['msg']}" if path else first["msg"]
        raise RefusedError(f"{where}: {said}", _HINT) from None


def _is_negative(price: Any) -> bool:
    if isinstance(price, Mapping):
        return any(map(_is_negative, price.values()))
    return any(map(_is_negative, price)) if isinstance(price, list) else str(price).startswith("-")


def _facts(line: _Line) -> CatalogFacts:
    return CatalogFacts(
        line.mode,
        tuple(line.capabilities) if line.capabilities else None,
        line.context,
        line.max_output,
        line.price.model_dump(exclude_none=True) if line.price else None,
        line.lifecycle.model_dump(exclude_none=True) if line.lifecycle else None,
    )


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


_KEYS = {*_Header.model_fields, *_Line.model_fields, *Price.model_fields, *Lifecycle.model_fields}
"""The field names that a message may show. Other keys of a file are not shown."""
