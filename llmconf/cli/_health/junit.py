"""A JUnit report, which CI systems show as tests."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from llmconf.cli._health import Round, said
from llmconf.report.text import visible

if TYPE_CHECKING:
    from llmconf.live.probe import Health


def render(probed: Round) -> str:
    """Return one test case for each endpoint; what could not be determined is skipped."""
    found = probed.found
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
    message = escape(visible(said(health)))
    if health.verdict == "undetermined":
        body = f'      <skipped message="{message}"/>'
    else:
        body = f'      <failure type="{health.verdict}" message="{message}"/>'
    return [head + ">", body, "    </testcase>"]
