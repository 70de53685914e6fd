"""Small slips in documents and overlays: each is reported once, at the place where it is fixed."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from rule_projects import PROVIDER, Projects, credential, route

from llmconf.core import origins

TEAM = "kind: Team\nname: search\nuses: [{}]\n"
NEW = "kind: Route\nname: new\nCONTROL\ntargets: [{model: openai/gpt-5}]\n"


@pytest.mark.parametrize(
    ("document", "key"),
    [("kind: Team\nnam: z\nuses: []\n", "nam"), (route().replace("model:", "modle:"), "modle")],
)
def test_a_misspelled_required_key_is_not_missing_as_well(project: Projects, document: str, key: str) -> None:
    found = project.check(PROVIDER, document)
    assert [d.message for d in found.diagnostics] == [f"unknown key `{key}`"]


def test_a_key_that_only_stands_beside_does_not_hide_what_is_missing(project: Projects) -> None:
    found = project.check(PROVIDER, "kind: Team\ncolor: red\nuses: []\n")
    assert sorted(found.codes) == ["LCS003", "LCS004"]


@pytest.mark.parametrize(("control", "code"), [("$nwe: true", "LCS003"), ("$new: false", "LCS006")])
def test_new_written_wrong_is_meant_as_new(project: Projects, control: str, code: str) -> None:
    found = project.check(PROVIDER, overlay=NEW.replace("CONTROL", control))
    assert found.places == [f"{code} environments/prod/main.yaml:3:1"]


def test_remove_written_wrong_is_meant_as_remove(project: Projects) -> None:
    overlay = "kind: Route\nname: chat\n$remvoe: not bought\n"
    assert project.check(PROVIDER, route(), overlay=overlay).places == ["LCS003 environments/prod/main.yaml:3:1"]


class TestNullInAnOverlay:
    def test_unsets_a_label_and_the_settings_of_a_target(self, project: Projects) -> None:
        base = PROVIDER + "labels: {owner: me, tier: gold}\nextra: {litellm: {a: 1}}\n"
        overlay = "kind: Provider\nname: openai\nlabels: {owner: null}\nextra: {litellm: null}\n"
        assert project.check(base, overlay=overlay).lines == []

    def test_unsets_one_setting_of_a_target(self, project: Projects) -> None:
        base = PROVIDER + "extra: {litellm: {a: 1}}\n"
        overlay = "kind: Provider\nname: openai\nextra: {litellm: {a: null}}\n"
        assert project.check(base, overlay=overlay).lines == []

    def test_of_a_label_that_is_not_set_has_no_effect(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\nlabels: {owner: null}\n"
        assert project.check(PROVIDER + "labels: {tier: gold}\n", overlay=overlay).codes == ["LCO003"]


@pytest.mark.parametrize("rest", ["", "timeout: 5s\n"])
def test_an_empty_list_of_endpoints_changes_nothing(project: Projects, rest: str) -> None:
    found = project.check(PROVIDER, overlay=f"kind: Provider\nname: openai\nendpoints: []\n{rest}")
    assert found.places == ["LCO003 environments/prod/main.yaml:3:1"]
    assert found.diagnostics[0].hint == "`$remove` the items"


def test_an_empty_list_of_targets_changes_nothing(project: Projects) -> None:
    found = project.check(PROVIDER, route(), overlay="kind: Route\nname: chat\ntargets: []\n")
    assert found.places == ["LCO003 environments/prod/main.yaml:3:1"]


def test_a_budget_is_not_negative(project: Projects) -> None:
    found = project.check(PROVIDER, TEAM.format("provider/openai") + 'budget: {amount: "-5", per: month}\n')
    assert found.places == ["LCS006 config/main.yaml:17:18"]


def test_two_secrets_on_one_line_are_two_findings(project: Projects) -> None:
    secrets = "client_secret: Zm9vYmFyYmF6cXV4eHl6enk3, api_key: c29tZXRoaW5nZWxzZTEyMzQ1"
    found = project.check(PROVIDER, "{kind: Credential, provider: openai, name: b, " + secrets + "}\n")
    assert found.places == ["LCK001 config/main.yaml:14:62", "LCK001 config/main.yaml:14:97"]


def test_a_secret_known_by_field_and_format_is_one_finding(project: Projects) -> None:
    leaked = "sk-proj-" + "FAKE" * 18 + "00T3BlbkFJ" + "FAKE" * 18 + "00"
    assert project.check(PROVIDER, credential("b", f"api_key: '{leaked}'\n")).codes == ["LCK001"]


class TestExtra:
    @pytest.mark.parametrize("indent", ["", "  "])
    def test_of_a_misspelled_target(self, project: Projects, indent: str) -> None:
        base = PROVIDER if not indent else PROVIDER.replace("models:\n  - ", "models:\n  - enabled: true\n    ")
        text = "extra: {litelm: {a: 1}}\n"
        found = project.check(base + (f"    {text}" if indent else text))
        assert found.codes == ["LCP003"]
        assert found.diagnostics[0].hint == "did you mean `litellm`?"

    def test_in_an_overlay_and_in_the_defaults(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\nextra: {litelm: {a: 1}}\n"
        found = project.check(PROVIDER, overlay=overlay, settings="defaults: {Model: {extra: {yml: {a: 1}}}}\n")
        assert found.places == ["LCP003 environments/prod/main.yaml:3:9", "LCP003 llmconf.yaml:4:28"]


@pytest.mark.parametrize(
    "host", ["0x08080808", "0x8.0x8.0x8.0x8", "8.8.8.0x8", "134744072", "010.8.8.8", "0X08080808", "8.2056"]
)
def test_a_number_is_no_host(host: str) -> None:
    for parse in (origins.parse_url, origins.parse_host):
        with pytest.raises(ValueError, match="not an IPv4 address"):
            parse(f"http://{host}/v1")


@pytest.mark.parametrize("host", ["0xcafe.example", "deadbeef", "gpu-1", "10.0.0.5"])
def test_a_host_may_hold_numbers(host: str) -> None:
    assert origins.parse_host(host).host == host


class TestTwice:
    @pytest.mark.parametrize(
        ("document", "place"),
        [
            (credential("b", "api_key: env:B\nhosts: [api.openai.com, a.example, a.example]\n"), "18:36"),
            ("kind: Model\nprovider: openai\nid: b\ncapabilities: [chat, chat]\n", "17:22"),
            (route(rest="requires: [chat, chat]\n"), "17:18"),
            (TEAM.format("route/chat, route/chat"), "16:20"),
        ],
    )
    def test_in_a_document(self, project: Projects, document: str, place: str) -> None:
        found = project.check(PROVIDER, document)
        assert found.places == [f"LCS006 config/main.yaml:{place}"]
        assert found.diagnostics[0].related[0].message == "first written here"

    def test_in_the_project_file(self, project: Projects) -> None:
        found = project.check(PROVIDER, settings="environments: [dev, prod, prod, dev]\n")
        assert found.places == ["LCS006 llmconf.yaml:3:27", "LCS006 llmconf.yaml:3:33"]


@pytest.mark.parametrize(("use", "kind"), [("modl/x", "model"), ("rout/chat", "route"), ("providers/a", "provider")])
def test_a_misspelled_kind_of_use(project: Projects, use: str, kind: str) -> None:
    found = project.check(PROVIDER, TEAM.format(use))
    assert found.codes == ["LCS006"]
    assert found.diagnostics[0].hint == f"did you mean `{kind}/...`?"


class TestHookWithoutProjectFile:
    def check(self, root: Path, text: str) -> tuple[int, str]:
        (root / "config" / "inner").mkdir(parents=True)
        (root / "config" / "inner" / "a.yaml").write_text(text, encoding="utf-8")
        done = run("validate", "--if-present", cwd=root)
        return done.returncode, done.stderr

    def test_refuses_documents_that_are_left(self, tmp_path: Path) -> None:
        code, said = self.check(tmp_path, f"# ours\n---\n{PROVIDER}")
        assert code == 2
        assert "llmconf.yaml is missing" in said
        assert "config/inner/a.yaml" in said

    @pytest.mark.parametrize("text", ["kind: Deployment\n", "apiVersion: v1\nkind: Route\n", "a: {kind: Team}\n"])
    def test_leaves_other_programs_alone(self, tmp_path: Path, text: str) -> None:
        assert self.check(tmp_path, text) == (0, "")
