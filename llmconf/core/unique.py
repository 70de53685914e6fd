"""The field type of a list without duplicate items."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

Item = TypeVar("Item", bound=Hashable)


def check_unique(value: list[Item]) -> list[Item]:
    """Refuse a list with a duplicate item. The error has its index and the index of the first one."""
    if len(set(value)) < len(value):
        seen: dict[Item, int] = {}
        again = {index: seen[item] for index, item in enumerate(value) if seen.setdefault(item, index) != index}
        raise PydanticCustomError("duplicate_items", "an item stands twice", {"first": again})
    return value


Unique = Annotated[list[Item], AfterValidator(check_unique), Field(json_schema_extra={"uniqueItems": True})]
"""A list without duplicate items."""
