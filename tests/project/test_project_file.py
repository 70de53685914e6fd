"""The project file: what it may say, where what is wrong with it is reported, and what it changes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from llmconf import api
from llmconf.core.errors import UsageError
from llmconf.project.checked import Checked
from llmconf.report.rows import origins

DAY = date(2026, 11, 23)
CONFIG = """\
kind: Provider
name: openai
type: openai
endpoints: [{name: main, url: https://api.openai.com/v1}]
credentials: [{name: main, api_key: env:OPENAI_API_KEY, expires: "2026-12-20"}]
models: [{id: gpt-5, lifecycle: {retires: "2027-01-31"}}]
---
kind: Provider
name: farm
type: vllm
timeout: 10s
endpoints:
  - {name: a, url: http://10.0.0.1:8000, default: true}
  - {name: b, url: http://10.0.0.2:8000, timeout: 5s}
models: [{id: small, endpoints: [a, b]}]
---
kind: Route
name: chat
targets: [{model: openai/gpt-5}, {model: farm/small}]
---
kind: Team
name: all
uses: [route/chat]
"""


def check(root: Path, text: str, env: str | None = None, config: str = CONFIG) -> Checked:
    (root / "config").mkdir(exist_ok=True)
    (root / "llmconf.yaml").write_text(text, encoding="utf-8")
    (root / "config" / "all.yaml").write_text(config, encoding="utf-8")
    return api.validate(root, today=DAY, env=env)


def found(checked: Checked) -> list[tuple[str, int, int]]:
    """Return code, line and column of what was found in the project file."""
    return [
        (item.code, item.span.line, item.span.column)
        for item in checked.diagnostics
        if item.span.file == "llmconf.yaml"
    ]


def codes(checked: Checked) -> dict[str, str]:
    return {item.code: item.severity for item in checked.diagnostics}


HEAD = "version: 1\nname: small\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", [None]),
        ("environments: {}\n", [None]),
        ("environments: [prod, dev]\n", ["prod", "dev"]),
        ("environments: {prod: {vault: prod}, dev: {}, qa: }\n", ["prod", "dev", "qa"]),
    ],
)
def test_environments_in_short_and_in_full(tmp_path: Path, text: str, names: list[str | None]) -> None:
    checked = check(tmp_path, HEAD + text)
    assert found(checked) == []
    assert list(checked.environments) == names
    if names != [None]:
        assert list(check(tmp_path, HEAD + text, env="prod").environments) == ["prod"]
    with pytest.raises(UsageError):
        check(tmp_path, HEAD + text, env="prdo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: small\n", [("LCS004", 1, 1)]),
        ("version: 2\nname: small\n", [("LCS006", 1, 10)]),
        ('version: "1"\nname: small\n', [("LCS006", 1, 10)]),
        ("version: 1\nname: Small One\n", [("LCS006", 2, 7)]),
        (HEAD + "enviroments: [dev]\n", [("LCS003", 3, 1)]),
        (HEAD + "environments: {Dev: {}}\n", [("LCS006", 3, 16)]),
        (HEAD + "environments: {dev: {valut: prod}}\n", [("LCS003", 3, 22)]),
        (HEAD + "environments: 3\n", [("LCS005", 3, 15)]),
        (HEAD + "rules: {LCE002: fatal}\n", [("LCS006", 3, 17)]),
        (HEAD + "rules: {E2: off}\n", [("LCS006", 3, 9)]),
        (HEAD + "rules: {LCE999: off}\n", [("LCP002", 3, 9)]),
        (HEAD + "rules: {LCK001: off}\n", [("LCP004", 3, 9)]),
        (HEAD + "targets: {litelm: {}}\n", [("LCP003", 3, 11)]),
        (HEAD + "targets: {litellm: {no_such: 1}}\n", [("LCS003", 3, 21)]),
        (HEAD + "policy: {expires_within_days: -1}\n", [("LCS006", 3, 31)]),
        (HEAD + "policy: {expires_within_days: soon}\n", [("LCS005", 3, 31)]),
        (HEAD + "defaults: {Endpiont: {timeout: 5s}}\n", [("LCP001", 3, 12)]),
        (HEAD + "defaults: {Endpoint/vlm: {timeout: 5s}}\n", [("LCP001", 3, 12)]),
        (HEAD + "defaults: {Endpoint: {tiemout: 5s}}\n", [("LCS003", 3, 23)]),
        (HEAD + "defaults: {Endpoint: {timeout: 5}}\n", [("LCS005", 3, 32)]),
        (HEAD + "defaults: {Endpoint: {url: https://a.example}}\n", [("LCP001", 3, 23)]),
        (HEAD + "name: twice\n", [("LCY003", 3, 1)]),
        ("- version: 1\n", [("LCS001", 1, 1)]),
        ("", [("LCY009", 1, 1)]),
        (HEAD + "---\n" + HEAD, None),
    ],
)
def test_what_is_wrong_is_reported_once_and_there(
    tmp_path: Path, text: str, expected: list[tuple[str, int, int]] | None
) -> None:
    reported = found(check(tmp_path, text))
    if expected is None:
        assert len(reported) == 1
    else:
        assert reported == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("enviroments: [dev]\n", "environments"),
        ("targets: {litelm: {}}\n", "litellm"),
        ("rules: {LCE0002: off}\nrules2: 1\n", "LCE002"),
        ("defaults: {Endpiont: {}}\n", "Endpoint"),
        ("defaults: {Endpoint/vlm: {}}\n", "vllm"),
    ],
)
def test_a_near_miss_gets_a_suggestion(tmp_path: Path, text: str, hint: str) -> None:
    assert any(hint in (item.hint or "") for item in check(tmp_path, HEAD + text).diagnostics)


def test_thresholds_decide_what_is_soon(tmp_path: Path) -> None:
    assert {"LCK008", "LCM005"} <= set(codes(check(tmp_path, HEAD)))
    policy = "policy: {expires_within_days: 26, retires_within_days: 68}\n"
    assert not {"LCK008", "LCM005"} & set(codes(check(tmp_path, HEAD + policy)))
    policy = "policy: {expires_within_days: 27, retires_within_days: 69}\n"
    assert {"LCK008", "LCM005"} <= set(codes(check(tmp_path, HEAD + policy)))


def test_the_severity_of_a_rule_can_be_set(tmp_path: Path) -> None:
    assert codes(check(tmp_path, HEAD))["LCK008"] == "warning"
    for severity in ("error", "info"):
        assert codes(check(tmp_path, f"{HEAD}rules: {{LCK008: {severity}}}\n"))["LCK008"] == severity
    assert "LCK008" not in codes(check(tmp_path, f"{HEAD}rules: {{LCK008: off}}\n"))
    quoted = codes(check(tmp_path, f'{HEAD}rules: {{LCK008: "off"}}\n'))
    assert "LCK008" not in quoted


def _values(checked: Checked, identity: str) -> dict[str, Any]:
    env = checked.environments[None]
    resource = env.get(identity)
    assert resource is not None
    return dict(resource.data)


def test_defaults_are_the_lowest_layer_and_a_type_is_nearer_than_a_kind(tmp_path: Path) -> None:
    defaults = (
        "defaults:\n"
        "  Provider: {labels: {org: acme}}\n"
        "  Endpoint: {timeout: 60s, retries: 2}\n"
        "  Endpoint/vllm: {timeout: 180s}\n"
    )
    checked = check(tmp_path, HEAD + defaults)
    assert found(checked) == []
    assert _values(checked, "endpoint/openai/main")["timeout"] == "60s"
    near = _values(checked, "endpoint/farm/b")
    assert (near["timeout"], near["retries"]) == ("5s", 2)
    assert _values(checked, "endpoint/farm/a")["timeout"] == "180s"
    assert _values(checked, "provider/openai")["labels"] == {"org": "acme"}
    resource = checked.environments[None].get("endpoint/farm/b")
    assert resource is not None
    places = {path: where for path, _, where in origins(checked.project, resource)}
    assert [place.split()[-1] for place in places["timeout"]] == [
        "llmconf.yaml:5", "llmconf.yaml:6", "config/all.yaml:14",
    ]  # fmt: skip
    assert [place.split()[-1] for place in places["retries"]] == ["llmconf.yaml:5"]


def test_a_broken_project_file_hides_nothing_that_can_be_known(tmp_path: Path) -> None:
    checked = check(tmp_path, "version: 1\nnmae: x\n", config=CONFIG.replace("endpoints:", "enpoints:", 1))
    assert {"LCS003"} <= set(codes(checked))
    assert {item.span.file for item in checked.diagnostics} == {"llmconf.yaml", "config/all.yaml"}
