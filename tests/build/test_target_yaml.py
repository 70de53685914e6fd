"""How targets write YAML: exact numbers, and texts that no version of YAML reads as something else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from llmconf.build.targets import _yaml
from llmconf.build.targets._litellm_info import per_token


@pytest.mark.parametrize(
    ("amount", "number"),
    [
        ("1.25", 0.00000125),
        ("0", 0.0),
        ("0.02", 0.00000002),
        ("15", 0.000015),
        ("999999999999", 999999.999999),
    ],
)
def test_prices_are_exact(amount: str, number: float) -> None:
    text = _yaml.dump({"cost": per_token(amount)}, "")
    assert yaml.safe_load(text)["cost"] == number
    assert "e" not in text.split(":")[1]


@given(st.decimals(min_value=0, max_value=10**11, places=12, allow_nan=False))
def test_a_price_reads_back_as_the_nearest_number(amount: Decimal) -> None:
    text = _yaml.dump({"cost": per_token(format(amount, "f"))}, "")
    expected = float(amount / Decimal(1_000_000))
    assert yaml.safe_load(text)["cost"] == expected
    assert YAML(typ="safe", pure=True).load(text)["cost"] == expected


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(st.dictionaries(st.text(max_size=300), VALUES, min_size=1))
def test_yaml_reads_back(data: dict[str, Any]) -> None:
    assert yaml.safe_load(_yaml.dump(data, "header")) == data


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "Y",
        "on",
        "null",
        "010",
        "0o17",
        "1_000",
        "12:30:00",
        "2027-01-01",
        "=",
        "<<",
        "~",
        "1e3",
        ".5",
        "",
        "a: b",
        "a #b",
        "- a",
        "é",
        "\x85",
        "😀",
    ],
)
def test_strings_stay_strings_in_both_versions(text: str) -> None:
    written_text = _yaml.dump({"value": text, "list": [text]}, "")
    for loaded in (yaml.safe_load(written_text), YAML(typ="safe", pure=True).load(written_text)):
        assert loaded == {"value": text, "list": [text]}
    assert written_text.isascii()


def test_yaml_is_the_same_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {
        "a": ["no", "é😀\n\t\x07", "x" * 300 + " y" * 300],
        "b": {},
        "c": [],
        "d": Decimal("0.5"),
        "e": [{"f": 1}],
    }
    expected = _yaml.dump(data, "one\ntwo")
    pure = type("Pure", (yaml.SafeDumper,), {"ignore_aliases": lambda self, data: True})
    pure.yaml_representers = dict(_yaml._Dumper.yaml_representers)  # type: ignore[attr-defined]  # set by PyYAML
    pure.yaml_multi_representers = dict(_yaml._Dumper.yaml_multi_representers)  # type: ignore[attr-defined]  # as above
    monkeypatch.setattr(_yaml, "_Dumper", pure)
    assert _yaml.dump(data, "one\ntwo") == expected
    assert expected.startswith("# one\n# two\n")
