"""A table for people: one line for each endpoint, times in milliseconds."""

from __future__ import annotations

from llmconf.cli._health import Round, cells
from llmconf.cli._rendering import table

_COLUMNS = ("endpoint", "verdict", "status", "connect", "tls", "first byte", "total", "certificate", "detail")


def render(probed: Round) -> str:
    """Return one line for each endpoint under a heading."""
    return table([cells(health) for health in probed.found], _COLUMNS)
