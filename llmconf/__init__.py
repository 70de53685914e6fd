"""A compiler for LLM configuration kept in git.

    from pathlib import Path
    import llmconf

    checked = llmconf.validate(Path("examples/acme"))
    bundle = llmconf.build(checked, "prod")

The names below are public. They are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from llmconf.core.version import __version__

if TYPE_CHECKING:
    from llmconf.api import build, validate
    from llmconf.build.bundle import Bundle
    from llmconf.core.diagnostics import Diagnostic, Span
    from llmconf.core.errors import LlmconfError, RefusedError, UndeterminedError, UsageError
    from llmconf.project.checked import Checked

__all__ = [
    "Bundle",
    "Checked",
    "Diagnostic",
    "LlmconfError",
    "RefusedError",
    "Span",
    "UndeterminedError",
    "UsageError",
    "__version__",
    "build",
    "validate",
]

_HOMES = {
    "Bundle": "build.bundle",
    "Checked": "project.checked",
    "Diagnostic": "core.diagnostics",
    "LlmconfError": "core.errors",
    "RefusedError": "core.errors",
    "Span": "core.diagnostics",
    "UndeterminedError": "core.errors",
    "UsageError": "core.errors",
    "build": "api",
    "validate": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `llmconf` has no attribute `{name}`")
    return getattr(import_module(f"llmconf.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
