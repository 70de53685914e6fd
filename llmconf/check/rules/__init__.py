"""Rules: one module per code, found by its file name, and the documentation of all codes.

Codes that a stage raises have no module; what they mean stands in `stages/`, a file for each letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from llmconf.core.diagnostics import Severity
from llmconf.core.plugins import load_module, module_names
from llmconf.yamltext.load import load_trusted

if TYPE_CHECKING:
    from llmconf.check.rules._base import Rule

__all__ = ["RuleInfo", "Trait", "codes", "has", "info", "load", "names"]

Trait = Literal["about_models", "guess", "hides_secrets", "shows_secret", "unclear", "unsuppressible"]
"""What other parts of the program need to know of a code:

- `about_models`: a model is missing, or is not what it was. It keeps nobody from looking at models, or from
  asking for a newer list of them.
- `guess`: something does not exist or is not used. Only the whole project can tell, so the finding is dropped while
  a part of the project is not read.
- `hides_secrets`: secrets of the file are not found, or not all of them, or their vault is not known.
- `shows_secret`: there is a secret at the place of the finding, so no report quotes the lines.
- `unclear`: a document is not taken over, or does not do what was meant. A model that nothing refers to may be in use.
- `unsuppressible`: no comment silences the finding.
"""

_STAGES = Path(__file__).with_name("stages")
_SECTIONS = re.compile(r"^(Why|Example|Fix):[ \t]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What there is to know of a code.

    The severity of a `fixed` one cannot be set in `llmconf.yaml`. `stages` are the modules outside of this package
    that raise the code.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    example: str
    fix: str
    fixed: bool = False
    traits: tuple[Trait, ...] = ()
    stages: tuple[str, ...] = ()


def names() -> tuple[str, ...]:
    """Return the codes of all rule modules, sorted, without importing them."""
    return tuple(_modules())


def load(code: str) -> Rule:
    """Import the rule with this code. Raises KeyError where there is none."""
    return cast("Rule", load_module(__name__, _modules()[code]))


def codes() -> tuple[str, ...]:
    """Return all codes, of rules and of stages, sorted."""
    return tuple(sorted((*_modules(), *(code for file in _STAGES.glob("*.yaml") for code in _stages(file.stem)))))


@cache
def info(code: str) -> RuleInfo:
    """Return the documentation of a code. Raises KeyError if there is no such code."""
    return _read_docstring(load(code)) if code in _modules() else _stages(code[:3].lower())[code]


def has(code: str, trait: Trait) -> bool:
    """Tell whether a code has a trait. Of the rules and files, only the one with this code is read."""
    return trait in info(code).traits


@cache
def _modules() -> dict[str, str]:
    return {name.partition("_")[0].upper(): name for name in module_names(__name__)}


@cache
def _stages(letter: str) -> dict[str, RuleInfo]:
    file = _STAGES / f"{letter}.yaml"
    entries = cast("list[dict[str, Any]]", load_trusted(file)) if file.exists() else []
    found = (RuleInfo(**{key: _constant(value) for key, value in entry.items()}) for entry in entries)
    return {entry.code: entry for entry in found}


def _constant(value: Any) -> Any:
    return value.strip("\n") if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


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
        traits=getattr(rule, "TRAITS", ()),
        stages=getattr(rule, "STAGES", ()),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
