"""Metrics in the text format of Prometheus, as the textfile collector of node_exporter reads them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from llmconf.cli._health import PHASES, Round


def render(probed: Round) -> str:
    """Return all metrics, each with a value for each endpoint.

    All metrics have labels for the project and the environment, since Prometheus scrapes several files together.
    """
    lines: list[str] = []
    found = [({**_common(probed), "endpoint": h.identity, "url": h.url}, h) for h in probed.found]
    _metric(lines, "llmconf_probe_healthy", "Whether the endpoint is healthy.", (
        (labels, int(h.verdict == "healthy")) for labels, h in found if h.verdict != "undetermined"))  # fmt: skip
    _metric(lines, "llmconf_probe_verdict", "The verdict of the probe, as a label.", (
        (labels | {"verdict": h.verdict}, 1) for labels, h in found))  # fmt: skip
    _metric(lines, "llmconf_probe_status", "HTTP status of the answer.", (
        (labels, h.status) for labels, h in found if h.status is not None))  # fmt: skip
    ended: list[tuple[dict[str, str], float]] = [(_common(probed), int(time.time()))]
    _metric(lines, "llmconf_probe_time_seconds", "When the probe ended, in seconds since 1970.", ended)
    _metric(lines, "llmconf_probe_seconds", "Duration of a part of the probe.", (
        (labels | {"phase": phase}, round(value, 6))
        for labels, h in found for phase in PHASES if (value := getattr(h.timing, phase)) is not None))  # fmt: skip
    _metric(lines, "llmconf_certificate_expiry_seconds", "When the certificate expires, in seconds since 1970.", (
        (labels, int(datetime.combine(h.certificate_expires, datetime.min.time(), UTC).timestamp()))
        for labels, h in found if h.certificate_expires))  # fmt: skip
    return "".join(lines)


def _metric(lines: list[str], name: str, text: str, values: Iterable[tuple[dict[str, str], float]]) -> None:
    lines += [f"# HELP {name} {text}\n", f"# TYPE {name} gauge\n"]
    for labels, value in values:
        inner = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value}\n")


def _common(probed: Round) -> dict[str, str]:
    return {"project": probed.project} | ({"environment": probed.environment} if probed.environment else {})


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
