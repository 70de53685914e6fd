"""Markdown for a comment or a job's summary."""

from __future__ import annotations

from llmconf.cli._health import Round, cells, said
from llmconf.report.text import inert


def render(probed: Round) -> str:
    """Return a table with the unhealthy endpoints first."""
    found = probed.found
    healthy = sum(1 for health in found if health.verdict == "healthy")
    lines = [f"**{healthy} of {len(found)} endpoints healthy**", "", "| endpoint | verdict | status | total | detail |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for health in sorted(found, key=lambda each: each.verdict == "healthy"):
        shown = cells(health)
        row = [inert(health.identity), health.verdict, shown["status"], shown["total"], inert(said(health))]
        lines.append("| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |")
    return "\n".join(lines) + "\n"
