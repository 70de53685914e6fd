"""What a wrong value gets as a hint: how it is written, the values it can have, or the keys there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_projects import PROVIDER, Found, Projects, route

TEAM = "kind: Team\nname: search\nuses: [route/chat]\n"
BUDGET = "budget: {amount: '5', per: day}\n"
NAME = "a name has at most 63 lower-case letters and digits, and inner `-`, `_`, `.`"
USE = "written as `route/NAME`, `model/PROVIDER/ID` or `provider/NAME`"


def _hints(project: Projects, *documents: str, settings: str = "") -> list[str | None]:
    """Return the hints on values and keys that the schema does not allow."""
    found = project.check(*documents, settings=settings).diagnostics
    return [d.hint for d in found if d.code in ("LCS003", "LCS006")]


@pytest.mark.parametrize(
    ("document", "hint"),
    [
        (route(rest="timeout: soon\n"), "a duration is a number and a unit, such as `30s`, `500ms` or `5m`"),
        (route(rest="aliases: [fine, not fine]\n"), "a model id has no white space and at most 256 characters"),
        (route(rest="fallbacks: [Other]\n"), NAME),
        (route("chat", "gpt-5"), "written as `provider/id`"),
        (TEAM + "credentials: [main]\n", "written as `provider/id`"),
        (TEAM.replace("route/chat", "chat"), USE),
        (TEAM.replace("route/chat", "http/chat"), USE),
        (TEAM.replace("route/chat", "rout/chat"), "did you mean `route/...`?"),
        (TEAM + BUDGET.replace("5", "-5"), 'an amount is a decimal number in quotes, not negative, such as "500"'),
        (TEAM + BUDGET.replace("day", "hour"), "one of `day`, `week`, `month`, `year`"),
        (TEAM + BUDGET.replace("day", "dya"), "did you mean `day`?"),
        (TEAM + BUDGET.replace("day", "5"), "one of `day`, `week`, `month`, `year`"),
        (TEAM + BUDGET.replace("per", "pre: x, per"), "did you mean `per`?"),
    ],
)
def test_in_a_document(project: Projects, document: str, hint: str) -> None:
    assert _hints(project, PROVIDER, document) == [hint]


def test_in_lists_of_mappings(project: Projects) -> None:
    model = "kind: Model\nprovider: openai\nid: other\nlifecycle: {retires: soon}\n"
    price = 'price: {tiers: [{above: 5, input: "much"}]}\n'
    amount = 'an amount is a decimal number in quotes, such as "1.25"'
    assert sorted(map(str, _hints(project, PROVIDER, model + price))) == [amount, "write a date such as 2027-03-31"]


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ("rules: {no-endpoint: error}\n", "a rule code is written as in LCE002"),
        ("rules: {LCE001: loud}\n", "one of `error`, `warning`, `info`, `off`"),
        ("environments: {Prod: }\n", NAME),
        ("environments: {prod: {vault: Main}}\n", NAME),
        ("environments: {prod: {vualt: main}}\n", "did you mean `vault`?"),
        ("environments: {prod: {colour: red}}\n", "known keys: description, vault"),
    ],
)
def test_in_the_project_file(project: Projects, settings: str, hint: str) -> None:
    assert _hints(project, settings=settings) == [hint]


def test_a_number_as_the_only_value(tmp_path: Path) -> None:
    (tmp_path / "llmconf.yaml").write_text("version: 2\nname: cases\n", encoding="utf-8")
    found = Found(tmp_path, "2026-06-01").diagnostics
    assert [(d.code, d.message, d.hint) for d in found] == [("LCS006", "`version` cannot be a number", "one of 1")]
