"""Comments that silence a finding: where they count, and what is wrong with one."""

from __future__ import annotations

from datetime import date

import pytest
from commands import run
from rule_projects import PROVIDER, Projects, credential, route

from llmconf import api

PRICE = PROVIDER.replace("    capabilities: [chat]\n", '    capabilities: [chat]\n    price: {{input: "0.0000001"}}{}\n')
"""A provider with a price that is far too low (LCM003), and room for a comment behind it, on line 13."""
KEY = "sk-proj-" + "FakeFake" * 8


def above(*comments: str) -> str:
    """Return the provider with comments on the lines above the price."""
    return PRICE.format("").replace("    price:", "".join(f"    {comment}\n" for comment in comments) + "    price:")


def test_the_finding_is_there_without(project: Projects) -> None:
    assert project.check(PRICE.format("")).codes == ["LCM003"]


@pytest.mark.parametrize(
    "comment",
    [
        "# llmconf: ignore[LCM003] a test model", "#llmconf: ignore[LCM003] a test model",
        "# llmconf:ignore[LCM003]: a test model", "#  llmconf:  ignore[ LCM003 ] - a test model",
        "# llmconf: ignore[LCM003] ünïcode 😀",
    ],
)  # fmt: skip
def test_trailing_and_above(project: Projects, comment: str) -> None:
    assert project.check(PRICE.format("   " + comment)).lines == []
    assert project.check(above(comment)).lines == []


def test_above_over_other_comments_and_blank_lines(project: Projects) -> None:
    assert project.check(above("# llmconf: ignore[LCM003] a test model", "# more", "", "# and more")).lines == []


def test_a_trailing_one_silences_its_own_line_only(project: Projects) -> None:
    text = PRICE.format("").replace("[chat]\n", "[chat] # llmconf: ignore[LCM003] a test model\n")
    assert project.check(text).places == ["LCX001 config/main.yaml:12:26", "LCM003 config/main.yaml:13:20"]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends(project: Projects, end: str) -> None:
    assert project.check(above("# llmconf: ignore[LCM003] a test model").replace("\n", end)).lines == []


def test_several_codes_each_of_which_is_needed(project: Projects) -> None:
    comment = "# llmconf: ignore[LCM003, LCM001] a test model"
    found = project.check(above(comment))
    assert found.places == ["LCX001 config/main.yaml:13:5"]
    assert "`LCM001` does not occur on line 14" in found.lines[0]


def test_two_comments_for_one_line(project: Projects) -> None:
    expiring = credential("old", 'api_key: env:OLD\nexpires: "2020-01-01"{}\nenabled: true\n')
    ignored = "\n".join(["", "# llmconf: ignore[LCM003] a test model"])
    found = project.check(PRICE.format(""), expiring.format(" # llmconf: ignore[LCK007] kept for a while" + ignored))
    assert "LCK007" not in found.codes
    assert {"LCM003", "LCX001"} <= set(found.codes)


@pytest.mark.parametrize(
    ("comment", "code", "message"),
    [
        ("# llmconf: ignore[LCM003]", "LCX002", "a suppression must give a reason"),
        ("# llmconf: ignore[LCM003]  -- ", "LCX002", "a suppression must give a reason"),
        ("# llmconf: ignore a test model", "LCX003", "a suppression must name the codes that it silences"),
        ("# llmconf: ignore[] a test model", "LCX003", "a suppression must name the codes that it silences"),
        ("# llmconf: ignore[LCM999] a test model", "LCX003", "unknown code `LCM999`"),
        ("# llmconf: ignore[price-unit] a test model", "LCX003", "unknown code `price-unit`"),
        ("# llmconf: ignore[LCM003, XYZ] a test model", "LCX003", "unknown code `XYZ`"),
        ("# llmconf: ignore[lcm003] a test model", "LCX003", "unknown code `lcm003`"),
        ("# llmconf: ignore[LCK001] a test model", "LCX004", "`LCK001` cannot be suppressed"),
        ("# llmconf: ignore[LCY001] a test model", "LCX004", "`LCY001` cannot be suppressed"),
    ],
)
def test_one_that_is_wrong_silences_nothing(project: Projects, comment: str, code: str, message: str) -> None:
    found = project.check(PRICE.format("   " + comment))
    assert sorted(found.codes) == sorted(["LCM003", code])
    wrong = next(d for d in found.diagnostics if d.code == code)
    assert (wrong.message, wrong.span.line, wrong.span.column) == (message, 13, 35)


def test_a_code_that_is_nearly_right_is_suggested(project: Projects) -> None:
    found = project.check(PRICE.format(" # llmconf: ignore[LCM03] a test model"))
    assert any("did you mean `LCM003`?" in (d.hint or "") for d in found.diagnostics)


def test_a_plain_secret_cannot_be_silenced(project: Projects) -> None:
    text = PROVIDER.replace("env:OPENAI_API_KEY", f"{KEY} # llmconf: ignore[LCK001] only a test")
    found = project.check(text)
    assert found.codes == ["LCK001", "LCX004"]
    assert KEY not in str(found.diagnostics)


def test_a_file_that_is_no_yaml_cannot_be_silenced(project: Projects) -> None:
    found = project.check(PROVIDER + "x: [ # llmconf: ignore[LCY001] to be fixed\n")
    assert "LCY001" in found.codes


class TestWhatIsNoComment:
    LINE = "# llmconf: ignore[LCM003] a test model"

    @pytest.mark.parametrize(
        "description",
        [f"|\n  {LINE}\n", f">-\n  a\n\n  {LINE}\n", f"'a {LINE}'\n", f'"a\n  {LINE}"\n', "a#llmconf:ignore[LCM003]\n"],
        ids=["literal", "folded", "single", "double", "inside a word"],
    )
    def test_text_of_a_scalar(self, project: Projects, description: str) -> None:
        document = PRICE.format("") + f"description: {description}"
        assert project.check(document).codes == ["LCM003"]

    def test_a_comment_mark_on_another_line(self, project: Projects) -> None:
        text = PRICE.format("") + "#\nllmconf: ignore[LCM003] a\n"
        assert sorted(project.check(text).codes) == ["LCM003", "LCS003"]

    def test_the_header_of_a_block_scalar_may_have_one(self, project: Projects) -> None:
        text = PRICE.format("") + f"description: |  {self.LINE}\n  text\n"
        assert project.check(text).places == ["LCM003 config/main.yaml:13:20", "LCX001 config/main.yaml:14:17"]

    def test_what_follows_a_block_scalar_is_a_comment_again(self, project: Projects) -> None:
        text = "description: |\n  text\n" + PRICE.format("")
        lines = text.replace("    price:", f"    {self.LINE}\n    price:")
        assert project.check(lines).lines == []


class TestUnused:
    def test_is_a_warning_at_the_comment(self, project: Projects) -> None:
        found = project.check(PROVIDER + "# llmconf: ignore[LCM003] a test model\nenabled: true\n")
        assert found.places == ["LCX001 config/main.yaml:13:1"]
        assert found.diagnostics[0].severity == "warning"
        assert "does not occur on line 14" in found.lines[0]

    def test_at_the_end_of_a_file(self, project: Projects) -> None:
        assert project.check(PROVIDER + "# llmconf: ignore[LCM003] a test model").codes == ["LCX001"]

    def test_is_not_said_where_only_one_environment_is_checked(self, project: Projects) -> None:
        overlay = 'kind: Model\nprovider: openai\nid: gpt-5\nprice: {input: "0.0000001"} # llmconf: ignore[LCM003] why\n'
        assert project.check(PROVIDER, overlay=overlay).lines == []
        day = date(2026, 6, 1)
        assert api.validate(project.root, env="dev", today=day).diagnostics == []
        assert api.validate(project.root, env="prod", today=day).diagnostics == []

    def test_is_said_once_for_all_environments(self, project: Projects) -> None:
        base = PROVIDER + "# llmconf: ignore[LCM003] why\nenabled: true\n"
        assert project.check(base, overlay="kind: Provider\nname: openai\ntimeout: 5s\n").codes == ["LCX001"]

    def test_in_the_project_file(self, project: Projects) -> None:
        found = project.check(PROVIDER, settings="# llmconf: ignore[LCP002] why\nrules: {}\n")
        assert found.places == ["LCX001 llmconf.yaml:3:1"]

    def test_many_are_found_in_time_that_grows_with_them(self, project: Projects) -> None:
        comments = "# llmconf: ignore[LCM003] a test model\n" * 20_000
        text = PROVIDER + comments + "enabled: true\nlabels:\n" + "".join(
            f"  a{number}: 'b' # llmconf: ignore[LCM003] x\n" for number in range(20_000)
        )
        assert project.check(text).codes.count("LCX001") == 40_000

    def test_many_wrong_ones_are_not_all_listed(self, project: Projects) -> None:
        found = project.check(PROVIDER, route(), "# llmconf: ignore[ABC] why\n" * 20_000)
        assert 1000 <= found.codes.count("LCX003") <= 1100


def test_the_command_exits_0_where_all_is_silenced(project: Projects) -> None:
    project.check(PRICE.format(" # llmconf: ignore[LCM003] a test model"))
    done = run("-C", project.root, "validate", "--no-cache", "--fail-on", "info", "--today", "2026-06-01")
    assert (done.returncode, done.stderr) == (0, "")
