"""Rules: one module per code, found by its file name, and the documentation of all codes.

A code that a stage raises has no module. Its documentation is in `stages/`, in one file for each letter.
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
"""The traits of a code, which other parts of the program need:

- `about_models`: a model is missing or has changed. Commands that list or sync models run in spite of the finding.
- `guess`: something does not exist or is not used. Only the whole project can tell, so the finding is dropped if
  a part of the project cannot be read.
- `hides_secrets`: llmconf does not find all secrets of the file, or does not know their vault.
- `shows_secret`: there is a secret at the place of the finding, so no report quotes the lines.
- `unclear`: a document is ignored, or does not do what its author meant. A model that nothing refers to may be in use.
- `unsuppressible`: no comment silences the finding.
"""

_STAGES = Path(__file__).with_name("stages")
_SECTIONS = re.compile(r"^(Why|Example|Fix):[ \t]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """The documentation and the properties of a code.

    If it is `fixed`, `llmconf.yaml` cannot set its severity. `stages` are the modules outside of this package that
    raise the code.
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
    """Import the rule with this code. Raises KeyError if there is none."""
    return cast("Rule", load_module(__name__, _modules()[code]))


def codes() -> tuple[str, ...]:
    """Return all codes, of rules and of stages, sorted."""
    return tuple(sorted((*_modules(), *(code for file in _STAGES.glob("*.yaml") for code in _stages(file.stem)))))


@cache
def info(code: str) -> RuleInfo:
    """Return the documentation of a code. Raises KeyError if there is no such code."""
    return _read_docstring(load(code)) if code in _modules() else _stages(code[:3].lower())[code]


def has(code: str, trait: Trait) -> bool:
    """Tell whether a code has a trait. This reads only the module or the file of this code."""
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
    """Split the docstring of a rule into its first sentence, `Why:`, `Example:` and `Fix:`."""
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
