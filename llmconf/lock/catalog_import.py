"""Imports a catalog file that the user has downloaded: its facts about models become a file of the repository."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from llmconf.core.diagnostics import Finding
from llmconf.core.errors import RefusedError
from llmconf.lock.catalogs import _lines, format_named, format_names
from llmconf.lock.catalogs._base import CatalogFacts, Unusable
from llmconf.lock.enrich import FOLDER, GENAI_PRICES, MAX_SIZE, PROVIDER, read_bounded
from llmconf.workspace import transaction
from llmconf.yamltext.text import Lines, decode

RESERVED = (GENAI_PRICES, PROVIDER)
"""Names of sources that no imported catalog can have."""
_MAX_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: the change of the catalog file, and the changes as numbers of models.

    `path` is relative to the root. `foreign` counts entries of vendors without a provider type. `skipped` counts
    entries that are not a model of their own.
    """

    path: str
    change: transaction.Change
    models: int
    types: int
    added: int
    changed: int
    removed: int
    foreign: int
    skipped: int

    @property
    def same(self) -> bool:
        """Tell whether the file stays the same, byte for byte."""
        return self.change.old == self.change.new


def prepare(root: Path, file: Path, shown: str, source: str, name: str) -> Imported:
    """Read the catalog `file` of the format `source`, and return the new content of `catalog/<name>.jsonl`.

    Writes nothing. Raises RefusedError if the file is not JSON; the error names `shown`, line and column. Raises it
    also if the file is not a catalog of this format, or has no facts about models of provider types.
    """
    data = read_bounded(file, shown)
    parsed = _parse(data, shown)
    try:
        contents = format_named(source).read(parsed)
    except Unusable as error:
        message = f"{shown}: does not look like a catalog of {source}: {error}"
        raise RefusedError(message, _resembled(parsed)) from None
    if not contents.models:
        raise RefusedError(f"{shown}: has no facts about models of provider types")
    path = root / FOLDER / f"{name}.jsonl"
    here = f"{FOLDER}/{name}.jsonl"
    old = read_bounded(path, here, regular=True) if path.exists() else None
    before = _known(old, here)
    after = dict(contents.models)
    new = _lines.write(source, sha256(data).hexdigest(), after)
    if len(new) > MAX_SIZE:
        raise RefusedError(f"{shown}: has more models than a catalog of {MAX_SIZE:,} bytes can hold")
    return Imported(
        here,
        transaction.Change(path, old, new),
        models=len(after),
        types=len({provider_type for provider_type, _ in after}),
        added=len(after.keys() - before.keys()),
        changed=sum(before[key] != after[key] for key in after.keys() & before.keys()),
        removed=len(before.keys() - after.keys()),
        foreign=contents.foreign,
        skipped=contents.skipped,
    )


def apply(root: Path, imported: Imported) -> None:
    """Write the prepared change. Raises RefusedError if the file cannot be replaced; then it is unchanged."""
    if not imported.same:
        with transaction.locked(root):
            transaction.apply(root, [imported.change])


def _resembled(parsed: Any) -> str:
    """Return a hint that names the format of the file, because the file does not have the named format."""
    for name in format_names():
        with contextlib.suppress(Unusable):
            if format_named(name).read(parsed).models:
                return f"it looks like a catalog of {name}: use --from {name}"
    return f"a catalog of one of these is expected: {', '.join(format_names())}"


def _known(old: bytes | None, here: str) -> dict[tuple[str, str], CatalogFacts]:
    """Return the current facts of the file. A broken file counts as empty, because the import replaces it."""
    try:
        return _lines.read(old, here) if old else {}
    except RefusedError:
        return {}


def _parse(data: bytes, shown: str) -> Any:
    """Parse JSON with exact numbers. Raises RefusedError with line and column; the error does not quote the file."""
    text = decode(data, shown)
    if isinstance(text, Finding):
        span = text.place
        raise RefusedError(f"{shown}:{span.line}:{span.column}: {text.message}")  # type: ignore[union-attr]  # decode gives a span
    try:
        return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        line, column = Lines(text).position(error.pos)
        raise RefusedError(f"{shown}:{line}:{column}: not JSON: {error.msg[0].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise RefusedError(f"{shown}: is nested too deep") from None
    except ValueError as error:
        raise RefusedError(f"{shown}: {error}") from None


def _number(text: str) -> int | Decimal | None:
    """Read a number. Returns None for a number of absurd length or size."""
    if len(text) > _MAX_DIGITS:
        return None
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        return None
    return number if abs(number.adjusted()) < _MAX_DIGITS else None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")
