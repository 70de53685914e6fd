"""Metrics in the text format of Prometheus, as the textfile collector of node_exporter reads them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmconf.cli._health import PHASES

if TYPE_CHECKING:
    from llmconf.probe import Health


def render(found: Sequence[Health]) -> str:
    """Return one metric after the other, each with a value for each endpoint."""
    lines: list[str] = []
    _metric(lines, "llmconf_probe_healthy", "Whether the endpoint is healthy.", (
        (_labels(h), 1 if h.verdict == "healthy" else 0) for h in found if h.verdict != "undetermined"))  # fmt: skip
    _metric(lines, "llmconf_probe_verdict", "The verdict of the probe, as a label.", (
        (_labels(h) | {"verdict": h.verdict}, 1) for h in found))  # fmt: skip
    _metric(lines, "llmconf_probe_status", "HTTP status of the answer.", (
        (_labels(h), h.status) for h in found if h.status is not None))  # fmt: skip
    ended: list[tuple[dict[str, str], float]] = [({}, int(time.time()))]
    _metric(lines, "llmconf_probe_time_seconds", "When the probe ended, in seconds since 1970.", ended)
    _metric(lines, "llmconf_probe_seconds", "Duration of a part of the probe.", (
        (_labels(h) | {"phase": phase}, round(value, 6))
        for h in found for phase in PHASES if (value := getattr(h.timing, phase)) is not None))  # fmt: skip
    _metric(lines, "llmconf_certificate_expiry_seconds", "When the certificate expires, in seconds since 1970.", (
        (_labels(h), int(datetime.combine(h.certificate_expires, datetime.min.time(), UTC).timestamp()))
        for h in found if h.certificate_expires))  # fmt: skip
    return "".join(lines)


def _metric(lines: list[str], name: str, text: str, values: Iterable[tuple[dict[str, str], float]]) -> None:
    lines += [f"# HELP {name} {text}\n", f"# TYPE {name} gauge\n"]
    for labels, value in values:
        inner = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value}\n" if inner else f"{name} {value}\n")


def _labels(health: Health) -> dict[str, str]:
    return {"endpoint": health.identity, "url": health.url}


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
