"""Nulls unset keys, except in maps whose values belong to somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from llmconf.core.nulls import drop_nulls

OPAQUE = {"options": 0, "extra": 1}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"a": None, "b": 1}, {"b": 1}),
        ({"a": {"b": None, "c": {"d": None}}}, {"a": {"c": {}}}),
        ({"a": [{"b": None}, None, [None, {"c": None}]]}, {"a": [{}, None, [None, {}]]}),
        ({"options": None}, {}),
        ({"options": {"a": None, "b": [{"c": None}]}}, {"options": {"a": None, "b": [{"c": None}]}}),
        ({"extra": {"litellm": None, "x": {"a": None}}}, {"extra": {"x": {"a": None}}}),
        ({"extra": {"options": {"a": None}, "extra": {"b": None}}}, {"extra": {"options": {"a": None}, "extra": {"b": None}}}),
        ({"models": [{"options": {"a": None}, "b": None}]}, {"models": [{"options": {"a": None}}]}),
        ([{"a": None}], [{}]),
        (None, None),
        ("a", "a"),
    ],
)  # fmt: skip
def test_what_is_left(data: Any, expected: Any) -> None:
    assert drop_nulls(data, OPAQUE) == expected


def test_without_an_opaque_key_all_nulls_go() -> None:
    assert drop_nulls({"options": {"a": None}, "extra": {"b": {"c": None}}}) == {"options": {}, "extra": {"b": {}}}


def test_data_without_a_null_are_the_same_object() -> None:
    data = {"a": [{"b": 1}], "c": {}}
    assert drop_nulls(data) is data


def test_the_data_are_not_changed() -> None:
    data = {"a": {"b": None}, "c": [{"d": None}]}
    drop_nulls(data)
    assert data == {"a": {"b": None}, "c": [{"d": None}]}
