"""Rules: one module per code, found by its file name, and the documentation of all codes.

Codes that a stage raises have no module; what they mean stands in `stages.yaml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from llmconf.core.diagnostics import Severity
from llmconf.core.plugins import load_module, module_names
from llmconf.yamltext.load import load_trusted

if TYPE_CHECKING:
    from llmconf.check.rules._base import Rule

__all__ = ["RuleInfo", "codes", "info", "load", "names"]

_STAGES = Path(__file__).with_name("stages.yaml")
_SECTIONS = re.compile(r"^(Why|Example|Fix):[ \t]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What there is to know of a code. The severity of a `fixed` one cannot be set in `llmconf.yaml`."""

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    example: str
    fix: str
    fixed: bool = False


def names() -> tuple[str, ...]:
    """Return the codes of all rule modules, sorted, without importing them."""
    return tuple(_modules())


def load(code: str) -> Rule:
    """Import the rule with this code. Raises KeyError where there is none."""
    return cast("Rule", load_module(__name__, _modules()[code]))


def codes() -> tuple[str, ...]:
    """Return all codes, of rules and of stages, sorted."""
    return tuple(sorted((*_modules(), *_stages())))


def info(code: str) -> RuleInfo:
    """Return the documentation of a code. Raises KeyError where there is no such code."""
    return _read_docstring(load(code)) if code in _modules() else _stages()[code]


@cache
def _modules() -> dict[str, str]:
    return {name.partition("_")[0].upper(): name for name in module_names(__name__)}


@cache
def _stages() -> dict[str, RuleInfo]:
    entries = cast("list[dict[str, Any]]", load_trusted(_STAGES))
    found = (RuleInfo(**{key: _trimmed(value) for key, value in entry.items()}) for entry in entries)
    return {entry.code: entry for entry in found}


def _trimmed(value: Any) -> Any:
    return value.strip("\n") if isinstance(value, str) else value


def _read_docstring(rule: Rule) -> RuleInfo:
    """Take the docstring of a rule apart: a first sentence, `Why:`, `Example:` and `Fix:`."""
    summary, *parts = _SECTIONS.split(cleandoc(rule.__doc__ or ""))
    text = dict(zip(parts[::2], parts[1::2], strict=True))
    return RuleInfo(
        rule.CODE,
        rule.NAME,
        rule.SEVERITY,
        _one_line(summary),
        _one_line(text["Why"]),
        cleandoc("\n" + text["Example"].strip("\n")),
        _one_line(text["Fix"]),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
