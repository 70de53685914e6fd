"""Markdown for a comment or a job's summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmconf.cli._health import cells, said
from llmconf.reporters._text import inert

if TYPE_CHECKING:
    from llmconf.probe import Health


def render(found: Sequence[Health]) -> str:
    """Return a table with the unhealthy endpoints first."""
    healthy = sum(1 for health in found if health.verdict == "healthy")
    lines = [f"**{healthy} of {len(found)} endpoints healthy**", "", "| endpoint | verdict | status | total | detail |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for health in sorted(found, key=lambda each: each.verdict == "healthy"):
        shown = cells(health)
        row = [inert(health.identity), health.verdict, shown["status"], shown["total"], inert(said(health))]
        lines.append("| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |")
    return "\n".join(lines) + "\n"
