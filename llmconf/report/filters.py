"""Selects and sorts the rows of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, get_args

from llmconf.core.errors import UsageError
from llmconf.core.suggest import did_you_mean
from llmconf.project.environment import Resolved
from llmconf.schema.types import Capability

Row = dict[str, Any]

SORTS = ("price", "context", "name")
"""Cheapest first (a million tokens in and a million out; those of half a price last), largest first, by identity."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions on the rows of a list. Prices are in USD per million tokens, `context` and `output` in tokens.

    A model with an unknown price or limit does not pass a filter on it.
    """

    capabilities: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    provider: str | None = None
    max_input_price: Decimal | None = None
    max_output_price: Decimal | None = None
    min_context: int | None = None
    min_output: int | None = None
    mode: str | None = None
    status: str | None = None

    @property
    def of_models(self) -> list[str]:
        """The given options that apply only to models."""
        names = ("max_input_price", "max_output_price", "min_context", "min_output", "mode", "status")
        return [f"--{name.replace('_', '-')}" for name in names if getattr(self, name) is not None]


def filter_rows(env: Resolved, kind: str, rows: Iterable[Row], filters: Filters) -> list[Row]:
    """Select the rows that pass all filters.

    A route belongs to the providers of its targets. Raises UsageError for a filter that cannot match any row.
    """
    _check(env, kind, filters)
    return [
        row
        for row in rows
        if filters.capabilities.issubset(row.get("capabilities") or row.get("requires") or ())
        and filters.labels.items() <= row["labels"].items()
        and (filters.provider is None or filters.provider in _providers_of(kind, row))
        and (kind != "model" or _passes(row, filters))
    ]


def _passes(row: Row, filters: Filters) -> bool:
    return (
        _is_at_least(row["context"], filters.min_context)
        and _is_at_least(row["max_output"], filters.min_output)
        and filters.mode in (None, row["mode"])
        and filters.status in (None, row["status"])
        and _is_at_most(row["input"], filters.max_input_price)
        and _is_at_most(row["output"], filters.max_output_price)
    )


def _is_at_least(value: int | None, least: int | None) -> bool:
    return least is None or (value is not None and value >= least)


def _is_at_most(price: str | None, most: Decimal | None) -> bool:
    return most is None or (price is not None and Decimal(price) <= most)


def sort_rows(kind: str, rows: list[Row], by: str | None) -> list[Row]:
    """Return the sorted rows. Rows with an unknown value come last. Equal rows keep their order.

    Raises UsageError if the kind does not have this value.
    """
    if by is None:
        return rows
    if by != "name" and kind != "model":
        raise UsageError(f"--sort {by} does not apply to `{kind}`", f"only models have a {by}")
    keys: dict[str, Callable[[Row], Any]] = {
        "name": lambda row: (False, row["identity"]),
        "context": lambda row: (row["context"] is None, -(row["context"] or 0)),
        "price": lambda row: (_unpriced(row), _cost(row)),
    }
    return sorted(rows, key=keys[by])


def _unpriced(row: Row) -> int:
    """Return how many parts of a price, input and output, are unknown: 0, 1 or 2.

    A model that does not return text has no price for output tokens.
    """
    silent = row["mode"] not in (None, "chat", "completion")
    return (row["input"] is None) + (row["output"] is None and not (silent and row["input"] is not None))


def _cost(row: Row) -> Decimal:
    return Decimal(row["input"] or 0) + Decimal(row["output"] or 0)


def _check(env: Resolved, kind: str, filters: Filters) -> None:
    if filters.capabilities and kind not in ("model", "route"):
        raise UsageError(f"--capability does not apply to `{kind}`", "only models and routes have capabilities")
    if filters.of_models and kind != "model":
        raise UsageError(f"{filters.of_models[0]} does not apply to `{kind}`", "it applies only to models")
    known = get_args(Capability)
    for capability in sorted(filters.capabilities):
        if capability not in known:
            hint = did_you_mean(capability, known) or f"one of {', '.join(known)}"
            raise UsageError(f"there is no capability `{capability}`", hint)
    if filters.provider is None:
        return
    if kind == "team":
        raise UsageError("--provider does not apply to `team`", "a team belongs to no provider")
    names = [each.name for each in env.providers.values()]
    if filters.provider not in names:
        hint = did_you_mean(filters.provider, names) or "`llmconf list provider -o name` lists them"
        raise UsageError(f"there is no provider `{filters.provider}`", hint)


def _providers_of(kind: str, row: Row) -> set[str]:
    if kind == "route":
        return {target.partition("/")[0] for target in row["targets"]}
    return {row["name"] if kind == "provider" else row["provider"]}
