"""The output formats of `probe`: one module for each format, whose `render` takes one round of results.

This module has what the formats share. Times are in seconds, or `None` if a part of the call did not happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmconf.report.text import visible

if TYPE_CHECKING:
    from llmconf.live.probe import Health

PHASES = ("connect", "tls", "first_byte", "total")
"""The parts of a call that are timed. `total` is the whole call."""


@dataclass(frozen=True, slots=True)
class Round:
    """The results of one round, with the names of the project and the environment, or None without a name."""

    project: str
    environment: str | None
    found: Sequence[Health]


def cells(health: Health) -> dict[str, Any]:
    """Return the cells of one endpoint by the name of their column."""
    times = {phase.replace("_", " "): _milliseconds(getattr(health.timing, phase)) for phase in PHASES}
    return {
        "endpoint": health.identity.removeprefix("endpoint/"),
        "verdict": health.verdict,
        "status": health.status,
        **times,
        "certificate": health.certificate_expires.isoformat() if health.certificate_expires else None,
        "detail": visible(said(health)),
    }


def said(health: Health) -> str:
    """Return the details of a verdict."""
    code = f"{health.code}: " if health.code and health.code not in health.detail else ""
    again = f" (after {health.attempts} attempts)" if health.attempts > 1 else ""
    model = f"{health.model} answers" if health.model and health.verdict == "healthy" else ""
    return f"{code}{health.detail or model}{again}".strip()


def _milliseconds(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds * 1000:.0f} ms"


def as_objects(probed: Round) -> list[dict[str, Any]]:
    """Return all facts about each endpoint. Times are in seconds, rounded to the microsecond."""
    return [{"environment": probed.environment, **_as_object(health)} for health in probed.found]


def _as_object(health: Health) -> dict[str, Any]:
    times = {phase: getattr(health.timing, phase) for phase in PHASES}
    return {
        "endpoint": health.identity,
        "url": health.url,
        "credential": health.credential,
        "verdict": health.verdict,
        "status": health.status,
        "code": health.code,
        "detail": health.detail,
        "seconds": {phase: None if value is None else round(value, 6) for phase, value in times.items()},
        "attempts": health.attempts,
        "certificate_expires": health.certificate_expires.isoformat() if health.certificate_expires else None,
        "model": health.model,
    }
