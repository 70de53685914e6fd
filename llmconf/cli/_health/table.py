"""A table for people: one line for each endpoint, times in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmconf.cli import _common as common
from llmconf.cli._health import cells

if TYPE_CHECKING:
    from llmconf.probe import Health

_COLUMNS = ("endpoint", "verdict", "status", "connect", "tls", "first byte", "total", "certificate", "detail")


def render(found: Sequence[Health]) -> str:
    """Return one line for each endpoint under a heading."""
    return common.table([cells(health) for health in found], _COLUMNS)
