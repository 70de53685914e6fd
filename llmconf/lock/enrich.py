"""Adds facts from catalogs to the models of a provider: prices, limits and capabilities."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from llmconf.adapters import ModelRecord
from llmconf.core.errors import RefusedError
from llmconf.core.grammar import NAME_PATTERN
from llmconf.lock.catalogs import _lines
from llmconf.lock.catalogs._base import FACTS, CatalogFacts, is_known
from llmconf.lock.catalogs._genai_prices import genai_prices_facts
from llmconf.lock.catalogs._ids import candidates

__all__ = [
    "FOLDER", "GENAI_PRICES", "PROVIDER", "CatalogFacts", "Catalogs", "Disagreement", "Enriched", "catalog_files",
    "enrich", "facts", "genai_prices_facts", "is_known", "load", "read_bounded",
]  # fmt: skip

FOLDER = "catalog"
"""The folder of imported catalogs in a project."""
PROVIDER, GENAI_PRICES = "provider", "genai-prices"
"""Sources of facts apart from the imported catalogs, whose source names are their file names."""
MAX_SIZE = 32 * 1024 * 1024
"""Largest file that is read, in bytes."""
_STAGES = ("status", "deprecated", "retires", "replacement")


@dataclass(frozen=True, slots=True)
class Catalogs:
    """The imported catalogs of a project by name. The order of the names is also their precedence."""

    imported: Mapping[str, Mapping[tuple[str, str], CatalogFacts]]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Different values that sources give for one fact of a model. The value that llmconf uses comes first.

    `fact` is `context`, `max_output` (tokens), `price.input` or `price.output` (USD per million tokens).
    """

    model: str
    fact: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Enriched:
    """A model with the facts that catalogs add, and the source of each fact, by the fields of `Facts`."""

    record: ModelRecord
    sources: dict[str, str]
    disagreements: list[Disagreement]

    @property
    def facts(self) -> dict[str, Any]:
        """The known facts without the id, in the shape of `schema.kinds.Model`. The status `active` is left out."""
        record = self.record
        known = {field: getattr(record, field) for field in (*FACTS[:-1], "aliases")}
        known["lifecycle"] = _lifecycle(record)
        return {field: value for field, value in known.items() if value}


def load(root: Path) -> Catalogs:
    """Read the imported catalogs of the project at `root`.

    Raises RefusedError, with file and line, if one is broken, too large or not a regular file of the project.
    """
    found = {}
    for path in catalog_files(root):
        name = f"{FOLDER}/{path.name}"
        if not re.fullmatch(NAME_PATTERN, path.stem) or path.stem in (PROVIDER, GENAI_PRICES):
            raise RefusedError(f"{name}: no catalog can have this name", "rename it, or import it again with --as")
        if not os.path.realpath(path).startswith(os.path.realpath(root) + os.sep):
            raise RefusedError(f"{name}: is a link out of the repository", "copy the file into it")
        found[path.stem] = _lines.read(read_bounded(path, name, regular=True), name)
    return Catalogs(found)


def catalog_files(root: Path) -> list[Path]:
    """Return the paths of the imported catalogs, sorted by name."""
    return sorted((root / FOLDER).glob("[!.]*.jsonl"))


def read_bounded(path: Path, shown: str, *, regular: bool = False) -> bytes:
    """Return the content of a file. The file may be a pipe, unless `regular` is set.

    Raises RefusedError if the file cannot be read or has more than MAX_SIZE bytes.
    """
    try:
        with open(path, "rb", opener=_open_regular if regular else None) as file:
            data: bytes = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise RefusedError(f"{shown}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_SIZE:
        raise RefusedError(f"{shown}: is larger than the limit of {MAX_SIZE:,} bytes")
    return data


def _open_regular(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file")
    return handle


def facts(
    catalogs: Catalogs, provider_type: str, model_id: str, url: str | None = None
) -> list[tuple[str, CatalogFacts]]:
    """Return the facts that catalogs have about a model, each with its source, in order of precedence.

    `genai-prices` comes first and has price and context only. Models of self-hosted servers have no facts: a
    catalog cannot know the price of a model that runs on such a server under a known name.
    """
    if not is_known(provider_type):
        return []
    known = genai_prices_facts(provider_type, model_id, url)
    found = [(GENAI_PRICES, known)] if known else []
    names = list(candidates(provider_type, model_id))
    for source, models in catalogs.imported.items():
        for name, holds in names:
            said = models.get((provider_type, name))
            if said:
                found.append((source, said if holds else replace(said, price=None)))
                break
    return found


def enrich(record: ModelRecord, provider_type: str, catalogs: Catalogs, url: str | None = None) -> Enriched:
    """Fill in the facts that a provider does not give about one of its models.

    The provider has precedence over genai-prices, and genai-prices over imported catalogs. A whole price comes from
    one source. Capabilities that the provider does not name come from the first catalog that knows the model. Then
    both are the source (`provider+litellm`). Capabilities that the provider denies are left out. All disagreements
    between sources are returned.
    """
    told = [(PROVIDER, _said_by_provider(record)), *facts(catalogs, provider_type, record.id, url)]
    chosen: dict[str, object] = {}
    sources: dict[str, str] = {}
    for field in FACTS:
        for source, said in told:
            value = getattr(said, field)
            if value is not None:
                chosen[field], sources[field] = value, source
                break
    more = next(((source, said.capabilities) for source, said in told[1:] if said.capabilities), None)
    able = set(record.capabilities or ()) | (set(more[1]) - set(record.lacks) if more else set())
    if more and able > set(record.capabilities or ()):
        chosen["capabilities"] = tuple(sorted(able))
        sources["capabilities"] = f"{PROVIDER}+{more[0]}" if record.capabilities else more[0]
    return Enriched(_completed(record, CatalogFacts(**chosen)), sources, list(_disagreements(record.id, told)))  # type: ignore[arg-type]  # by the names of its fields


def _said_by_provider(record: ModelRecord) -> CatalogFacts:
    return CatalogFacts(
        record.mode, record.capabilities, record.context, record.max_output, record.price, _lifecycle(record)
    )


def _lifecycle(record: ModelRecord) -> dict[str, str] | None:
    """Return the facts about the end of a model, or None. The status `active` alone is not such a fact."""
    stages = {stage: said for stage in _STAGES if (said := getattr(record, stage)) is not None}
    return None if stages in ({}, {"status": "active"}) else stages


def _completed(record: ModelRecord, known: CatalogFacts) -> ModelRecord:
    ends = known.lifecycle or {}
    return replace(
        record,
        mode=known.mode,
        capabilities=known.capabilities,
        context=known.context,
        max_output=known.max_output,
        price=known.price,
        status=record.status or ends.get("status"),  # type: ignore[arg-type]  # one of the three, in a checked file
        deprecated=ends.get("deprecated"),
        retires=ends.get("retires"),
        replacement=ends.get("replacement"),
    )


def _disagreements(model: str, told: list[tuple[str, CatalogFacts]]) -> Iterator[Disagreement]:
    contexts = [(source, said) for source, said in told if said.context is not None]
    if any(not _same_context(contexts[0][1], said) for _, said in contexts[1:]):
        yield Disagreement(model, "context", tuple((source, str(said.context)) for source, said in contexts))
    outputs = [(source, str(said.max_output)) for source, said in told if said.max_output is not None]
    if len({value for _, value in outputs}) > 1:
        yield Disagreement(model, "max_output", tuple(outputs))
    for part in ("input", "output"):
        amounts = [(source, said.price[part]) for source, said in told if said.price and part in said.price]
        if len({Decimal(value) for _, value in amounts}) > 1:
            yield Disagreement(model, f"price.{part}", tuple(amounts))


def _same_context(one: CatalogFacts, other: CatalogFacts) -> bool:
    """Tell whether two contexts agree: some sources count input and output together, others only the input."""
    first, second = one.context or 0, other.context or 0
    return first == second or second == first + (one.max_output or 0) or first == second + (other.max_output or 0)
