"""A JUnit report, which CI systems show as tests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from llmconf.cli._health import Round, said
from llmconf.report.text import visible
from llmconf.report.xml import to_xml

if TYPE_CHECKING:
    from llmconf.live.probe import Health


def render(probed: Round) -> str:
    """Return one test case for each endpoint; what could not be determined is skipped."""
    found = probed.found
    failed = sum(1 for health in found if health.verdict not in ("healthy", "undetermined"))
    skipped = sum(1 for health in found if health.verdict == "undetermined")
    numbers = {"name": "llmconf probe", "tests": str(len(found)), "failures": str(failed), "errors": "0"}
    root = Element("testsuites", numbers)
    suite = SubElement(root, "testsuite", numbers, skipped=str(skipped))
    for health in found:
        _add_case(suite, health)
    return to_xml(root)


def _add_case(suite: Element, health: Health) -> None:
    case = SubElement(suite, "testcase", name=health.identity, classname=visible(health.url))
    if health.timing.total is not None:
        case.set("time", f"{health.timing.total:.3f}")
    message = visible(said(health))
    if health.verdict == "undetermined":
        SubElement(case, "skipped", message=message)
    elif health.verdict != "healthy":
        SubElement(case, "failure", type=health.verdict, message=message)
