"""Writes a target's YAML. Texts that YAML 1.1 and 1.2 may read differently are quoted."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

import yaml

from llmconf.yamltext.scalars import is_plain

_WIDE = 2**31 - 1


def dump(data: dict[str, Any], header: str) -> str:
    """Return data as block YAML in its own order, below a header of comment lines.

    A Decimal is written as a number in plain notation. The text is ASCII, and libyaml does not change its bytes.
    """
    comment = "".join(f"# {line}\n" for line in header.splitlines())
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=_WIDE)
    return comment + text


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # chosen at run time
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # libyaml does not accept a subclass of str.
    return dumper.represent_scalar("tag:yaml.org,2002:str", str.__str__(value), style=None if is_plain(value) else '"')


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = format(value.normalize(), "f")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "." in text else f"{text}.0")


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    return _decimal(dumper, Decimal(repr(value))) if isfinite(value) else dumper.represent_float(value)


_Dumper.add_multi_representer(str, _string)
_Dumper.add_representer(str, _string)
_Dumper.add_representer(float, _float)
_Dumper.add_representer(Decimal, _decimal)
