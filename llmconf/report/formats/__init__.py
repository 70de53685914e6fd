"""Formats of findings: one module per format, found by its name."""

from __future__ import annotations

from typing import cast

from llmconf.core.plugins import load_module, module_names
from llmconf.report.formats._base import ReporterModule
from llmconf.report.report import Report, RuleText

__all__ = ["Report", "ReporterModule", "RuleText", "formats", "reporter"]


def formats() -> tuple[str, ...]:
    """Return the names of all formats, sorted."""
    return module_names(__name__)


def reporter(name: str) -> ReporterModule:
    """Return the module that writes one format. Raises KeyError for an unknown name."""
    return cast(ReporterModule, load_module(__name__, name))
