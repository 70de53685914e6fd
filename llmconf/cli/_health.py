"""How the results of a probe are written: for people, other programs, test reports, comments and monitoring."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from llmconf.cli import _common as common
from llmconf.reporters._text import dump_json, inert, visible

if TYPE_CHECKING:
    from llmconf.probe import Health

_COLUMNS = ("endpoint", "verdict", "status", "connect", "tls", "first byte", "total", "certificate", "detail")
_PHASES = ("connect", "tls", "first_byte", "total")
_HEADINGS = {"first_byte": "first byte"}


def as_table(found: Sequence[Health]) -> str:
    """Return one line for each endpoint; times in milliseconds."""
    return common.table([_cells(health) for health in found], _COLUMNS)


def as_json(found: Sequence[Health]) -> str:
    """Return a list of objects; times in seconds, rounded to the microsecond."""
    return dump_json([_object(health) for health in found])


def as_json_line(found: Sequence[Health]) -> str:
    """Return what `as_json` does on one line, for a stream of rounds."""
    return json.dumps([_object(health) for health in found]) + "\n"


def as_junit(found: Sequence[Health]) -> str:
    """Return one test case for each endpoint; what could not be determined is skipped."""
    failed = sum(1 for health in found if health.verdict not in ("healthy", "undetermined"))
    skipped = sum(1 for health in found if health.verdict == "undetermined")
    numbers = f'tests="{len(found)}" failures="{failed}" errors="0" skipped="{skipped}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="llmconf probe" {numbers.rpartition(" ")[0]}>')
    lines.append(f'  <testsuite name="llmconf probe" {numbers}>')
    for health in found:
        lines += _case(health)
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"]) + "\n"


def _case(health: Health) -> list[str]:
    seconds = f' time="{health.timing.total:.3f}"' if health.timing.total is not None else ""
    head = f'    <testcase name="{escape(health.identity)}" classname="{escape(visible(health.url))}"{seconds}'
    if health.verdict == "healthy":
        return [head + "/>"]
    message = escape(visible(_said(health)))
    if health.verdict == "undetermined":
        body = f'      <skipped message="{message}"/>'
    else:
        body = f'      <failure type="{health.verdict}" message="{message}"/>'
    return [head + ">", body, "    </testcase>"]


def as_markdown(found: Sequence[Health]) -> str:
    """Return a table with the unhealthy endpoints first."""
    healthy = sum(1 for health in found if health.verdict == "healthy")
    lines = [f"**{healthy} of {len(found)} endpoints healthy**", "", "| endpoint | verdict | status | total | detail |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for health in sorted(found, key=lambda each: each.verdict == "healthy"):
        cells = _cells(health)
        row = [inert(health.identity), health.verdict, cells["status"], cells["total"], inert(_said(health))]
        lines.append("| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |")
    return "\n".join(lines) + "\n"


def as_prometheus(found: Sequence[Health]) -> str:
    """Return metrics in the text format, as the textfile collector of node_exporter reads them."""
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
        for h in found for phase in _PHASES if (value := getattr(h.timing, phase)) is not None))  # fmt: skip
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


def _cells(health: Health) -> dict[str, Any]:
    times = {_HEADINGS.get(phase, phase): _milliseconds(getattr(health.timing, phase)) for phase in _PHASES}
    return {
        "endpoint": health.identity.removeprefix("endpoint/"),
        "verdict": health.verdict,
        "status": health.status,
        **times,
        "certificate": health.certificate_expires.isoformat() if health.certificate_expires else None,
        "detail": visible(_said(health)),
    }


def _said(health: Health) -> str:
    """Return what there is to say beside the verdict."""
    code = f"{health.code}: " if health.code and health.code not in health.detail else ""
    again = f" (after {health.attempts} attempts)" if health.attempts > 1 else ""
    model = f"{health.model} answers" if health.model and health.verdict == "healthy" else ""
    return f"{code}{health.detail or model}{again}".strip()


def _milliseconds(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds * 1000:.0f} ms"


def _object(health: Health) -> dict[str, Any]:
    times = {phase: getattr(health.timing, phase) for phase in _PHASES}
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


FORMATS: dict[str, Callable[[Sequence[Health]], str]] = {
    "table": as_table,
    "json": as_json,
    "junit": as_junit,
    "markdown": as_markdown,
    "prometheus": as_prometheus,
}
"""The formats by their names."""
