"""The command line as a user meets it: help, exit codes, streams, and what is misspelled."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from commands import EXAMPLES, REPOSITORY, TODAY, copy_example, edit, run, tree
from ruamel.yaml import YAML

from llmconf.check import rules
from llmconf.cli import group
from llmconf.cli._options import report_formats

ACME = EXAMPLES / "acme"
COMMANDS = ("build", "completion", "list", "rule", "schema", "show", "validate")
PROJECT_COMMANDS = (
    ("validate",),
    ("list", "model", "--env", "prod"),
    ("show", "route/chat-default", "--env", "prod"),
)
ANSI = "\x1b["


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command, groups left out."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, (*path, name))
    else:
        yield path


ALL_COMMANDS = tuple(_commands(group))


def _help(*words: str) -> str:
    done = run(*words, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _examples(text: str) -> list[list[str]]:
    """Return the commands in the examples of a help text, without the program and what a shell does."""
    section = re.search(r"^ *Examples:\n((?: +.*\n)+)", text, re.MULTILINE)
    lines = section[1].splitlines() if section else []
    found = [shlex.split(line.partition(" > ")[0]) for line in lines]
    return [words[words.index("llmconf") + 1 :] for words in found if "llmconf" in words]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of an example with one error in one file and one warning in another."""
    root = copy_example("minimal", tmp_path_factory.mktemp("broken"))
    edit(root / "config/openai.yaml", "endpoints:", "enpoints:")
    (root / "config/more.yml").write_text("kind: Team\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of an example with a warning and no error."""
    root = copy_example("minimal", tmp_path_factory.mktemp("warned"))
    (root / "config/more.yml").write_text("kind: Team\n", encoding="utf-8")
    return root


# Help


def test_the_commands_of_the_first_release_are_there() -> None:
    assert {(name,) for name in COMMANDS} <= set(ALL_COMMANDS)


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_each_command_explains_itself_with_examples(words: tuple[str, ...]) -> None:
    text = _help(*words)
    assert text.startswith(f"Usage: llmconf {' '.join(words)} ")
    examples = _examples(text)
    assert examples, "no examples"
    assert all(tuple(example[: len(words)]) == words for example in examples)


def test_the_help_lists_each_command_with_its_summary() -> None:
    text = _help()
    assert _examples(text)
    listed = dict(re.findall(r"^  ([a-z][a-z-]*)  +(\S.*)$", text.partition("Commands:")[2], re.MULTILINE))
    assert sorted(listed) == sorted({words[0] for words in ALL_COMMANDS})
    for summary in listed.values():
        assert summary[0].isupper()
        assert len(summary) > 15
    assert text == run("-h").stdout == run().stdout + run().stderr


@pytest.mark.parametrize("command", ["group", "validate", "list", "show", "rule", "build", "schema", "completion"])
def test_the_examples_of_the_help_run(command: str, tmp_path: Path) -> None:
    root = copy_example("acme", tmp_path)
    (root / "config/openai.yaml").write_text(
        "kind: Route\nname: spare\ntargets: [{model: openai/gpt-5}]\n", encoding="utf-8"
    )
    examples = _examples(_help(*([] if command == "group" else [command])))
    assert examples
    for words in examples:
        done = run(*words, cwd=root)
        allowed = (0, 1) if "--fail-on" in words else (0,)
        assert done.returncode in allowed, (words, done.stdout, done.stderr)


# Exit codes


def test_a_project_without_findings_exits_0() -> None:
    done = run("validate", "-C", ACME, "--today", TODAY)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_project_with_an_error_exits_1(broken: Path) -> None:
    done = run("validate", "-C", broken)
    assert (done.returncode, done.stderr) == (1, "")
    assert "did you mean `endpoints`?" in done.stdout


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["valdate"], "validate"),
        (["lst"], "list"),
        (["validate", "--evn", "prod"], "--env"),
        (["list", "modle"], "model"),
        (["validate", "--report", "sarfi"], "sarif"),
        (["validate", "--report", "json:"], "FORMAT[:PATH]"),
        (["validate", "--today", "tomorrow"], "2027-03-31"),
        (["validate", "--fail-on", "never"], "warning"),
        (["list", "model", "--label", "owner"], "KEY=VALUE"),
        (["validate", "--env", "prdo"], "did you mean `prod`?"),
        (["show", "route/chat-defalt", "--env", "prod"], "did you mean `route/chat-default`?"),
        (["show", "route/chat-default"], "--env"),
        (["list", "model"], "dev, staging, prod"),
        (["rule", "LCE02"], "did you mean `LCE002`?"),
        (["schema", "provder"], "did you mean `provider`?"),
        (["validate", "no/such/file.yaml"], "no/such/file.yaml"),
        (["validate", "/etc/hostname"], "/etc/hostname"),
        (["completion", "tcsh"], "fish"),
        (["show"], "IDENTITY"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_is_right(words: list[str], hint: str) -> None:
    done = run(*words, cwd=ACME)
    assert (done.returncode, done.stdout) == (2, "")
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [*PROJECT_COMMANDS, ("build", "--env", "prod")], ids=lambda words: words[0])
def test_without_a_project_the_exit_code_is_2(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "llmconf.yaml" in done.stderr
    assert "-C" in done.stderr
    assert "write a file llmconf.yaml with `version: 1` and `name: NAME`" in done.stderr
    missing = run(*words, "-C", tmp_path / "nowhere", cwd=ACME)
    assert missing.returncode == 2
    assert "nowhere" in missing.stderr


def test_a_hook_can_run_anywhere(tmp_path: Path, broken: Path) -> None:
    done = run("validate", "--if-present", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert run("validate", "--if-present", "-C", tmp_path / "nowhere").returncode == 2
    assert run("validate", "--if-present", "-C", broken).returncode == 1


DEFECT = """
import sys
import llmconf.project.discover

def fail(*_):
    raise {error}

llmconf.project.discover.find_root = fail
from llmconf.__main__ import main
main()
"""


def _run_with_defect(error: str, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DEFECT.format(error=error), *args]
    return subprocess.run(command, cwd=ACME, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("words", [*PROJECT_COMMANDS, ("build", "--env", "prod")], ids=lambda words: words[0])
def test_an_internal_error_exits_70_without_a_traceback(words: tuple[str, ...]) -> None:
    done = _run_with_defect("ZeroDivisionError('a text that may hold a secret')", *words)
    assert (done.returncode, done.stdout) == (70, "")
    assert len(done.stderr.splitlines()) == 1
    assert "ZeroDivisionError" in done.stderr
    assert "--debug" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("words", [("--debug", "validate"), ("validate", "--debug")])
def test_an_internal_error_has_a_traceback_with_debug(words: tuple[str, ...]) -> None:
    done = _run_with_defect("ZeroDivisionError('why')", *words)
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "ZeroDivisionError: why" in done.stderr


@pytest.mark.parametrize(
    "words", [("exec", "--env", "prod", "--", "true", "--debug"), ("list", "model", "--env", "--debug")], ids=["argument", "value"]
)
def test_a_word_that_is_no_option_asks_for_no_traceback(words: tuple[str, ...]) -> None:
    done = _run_with_defect("ZeroDivisionError('a text that may hold a secret')", *words)
    assert done.returncode == 70
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr


def test_an_interrupt_exits_130_quietly() -> None:
    done = _run_with_defect("KeyboardInterrupt", "validate")
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


# Places


def test_the_folder_may_stand_before_and_after_the_command(tmp_path: Path) -> None:
    after = run("list", "team", "-o", "name", "--env", "dev", "-C", ACME, cwd=tmp_path)
    before = run("-C", ACME, "list", "team", "-o", "name", "--env", "dev", cwd=tmp_path)
    inside = run("list", "team", "-o", "name", "--env", "dev", cwd=ACME / "config" / "teams")
    assert after.returncode == 0
    assert after.stdout == before.stdout == inside.stdout
    nearer = run("-C", tmp_path, "validate", "-C", ACME)
    assert nearer.returncode == 0


def test_it_runs_as_a_module_and_as_a_program() -> None:
    as_module = run("--version")
    assert re.fullmatch(r"llmconf [0-9.]+\S*\n", as_module.stdout)
    program = subprocess.run(
        [Path(sys.executable).with_name("llmconf"), "--version"], check=True, capture_output=True, text=True
    )
    assert program.stdout == as_module.stdout
    assert run("--version", "validate").stdout == as_module.stdout


# Reports


def test_paths_narrow_down_what_is_shown_and_counted(broken: Path) -> None:
    everything = run("validate", "--report", "concise", cwd=broken)
    assert everything.stdout.count("LC") == 2
    warning = run("validate", "config/more.yml", "--report", "concise", cwd=broken)
    assert (warning.returncode, warning.stdout.count("LC")) == (0, 1)
    assert "LCY011" in warning.stdout
    for place in (
        "config/openai.yaml",
        str(broken / "config" / "openai.yaml"),
        "./config/../config/openai.yaml",
    ):
        error = run("validate", place, "--report", "concise", cwd=broken)
        assert (error.returncode, "LCS003" in error.stdout, "LCY011" in error.stdout) == (1, True, False)
    folder = run("validate", ".", "--report", "concise", cwd=broken / "config")
    assert folder.stdout.count("LC") == 2
    assert run("validate", "llmconf.yaml", "--report", "concise", cwd=broken).returncode == 0


@pytest.mark.parametrize(("severity", "code"), [("error", 0), ("warning", 1), ("info", 1)])
def test_fail_on_moves_the_bar(warned: Path, severity: str, code: int) -> None:
    assert run("validate", "-C", warned, "--fail-on", severity).returncode == code
    assert run("list", "model", "-C", warned, "--fail-on", severity).returncode == code


def test_a_report_goes_to_several_places_at_once(broken: Path, tmp_path: Path) -> None:
    places = {name: tmp_path / f"report.{name}" for name in report_formats()}
    words = [word for name, path in places.items() for word in ("--report", f"{name}:{path}")]
    done = run("validate", "-C", broken, "--report", "github", *words)
    assert done.returncode == 1
    assert done.stdout.startswith("::error")
    assert all("LCS003" in path.read_text(encoding="utf-8") for path in places.values())
    assert json.loads(places["sarif"].read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in places.values())


@pytest.mark.parametrize("clean", [True, False])
def test_a_report_that_cannot_be_written_is_said(broken: Path, tmp_path: Path, clean: bool) -> None:
    root = ACME if clean else broken
    done = run("validate", "-C", root, "--report", f"json:{tmp_path}/no/such/folder.json")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_report_replaces_an_old_one_or_leaves_it(broken: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("old\n", encoding="utf-8")
    report.chmod(0o640)
    assert run("validate", "-C", broken, "--report", f"json:{report}").returncode == 1
    assert json.loads(report.read_text(encoding="utf-8"))
    assert report.stat().st_mode & 0o777 == 0o640
    assert run("validate", "-C", broken, "--report", f"json:{tmp_path}").returncode == 1
    assert list(tmp_path.iterdir()) == [report]


def test_a_report_may_go_to_a_pipe(broken: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = run("validate", "-C", broken, "--report", f"json:{pipe}")
        text = os.read(reading, 1_000_000)
    finally:
        os.close(reading)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert json.loads(text)["diagnostics"]
    assert pipe.is_fifo(), "what is no file is written to, not replaced"
    to_stdout = run("validate", "-C", broken, "--report", "json:/dev/fd/1")
    assert to_stdout.stdout.encode() == text


@pytest.mark.parametrize("name", ["config/link.yaml", "environments/link.yaml"])
@pytest.mark.parametrize("name_of_report", ["full", "json", "sarif"])
def test_a_file_outside_of_the_repository_is_not_shown(name: str, name_of_report: str, tmp_path: Path) -> None:
    root = copy_example("minimal", tmp_path)
    (tmp_path / "outside.yaml").write_text("precious: thing\n", encoding="utf-8")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(tmp_path / "outside.yaml")
    done = run("validate", "-C", root, "--report", name_of_report)
    assert done.returncode == 1
    assert "LCY007" in done.stdout
    assert "precious" not in done.stdout


# Color and streams


@pytest.mark.parametrize(
    ("words", "settings", "colored"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color_when_the_output_is_a_pipe(
    broken: Path, words: list[str], settings: dict[str, str], colored: bool
) -> None:
    done = run("validate", "-C", broken, *words, env=settings)
    assert (ANSI in done.stdout) == colored


@pytest.mark.parametrize(("settings", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_color_when_the_output_is_a_terminal(broken: Path, settings: dict[str, str], colored: bool) -> None:
    main, terminal = os.openpty()
    clean = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    command = [sys.executable, "-m", "llmconf", "validate", "-C", broken]
    process = subprocess.Popen(command, stdout=terminal, env={**clean, "TERM": "xterm", **settings})
    os.close(terminal)
    said = b""
    try:
        while chunk := os.read(main, 4096):
            said += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(main)
    assert process.wait() == 1
    assert b"LCS003" in said
    assert (ANSI.encode() in said) == colored


def test_a_file_is_never_colored(broken: Path, tmp_path: Path) -> None:
    run("validate", "-C", broken, "--color", "always", "--report", f"full:{tmp_path / 'report.txt'}")
    assert ANSI not in (tmp_path / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", ["rule", "list model --env prod -o json", "validate --report json"])
def test_a_reader_that_goes_away_is_no_error(words: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m llmconf -C {shlex.quote(str(ACME))} {words} | head -c 1"
    done = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True, cwd=REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) == 1


@pytest.mark.parametrize("words", [
    "validate --report junit:reports/x.xml", "build --out reports/x", "probe --out reports/x", "schema --write --out reports",
])  # fmt: skip
def test_nothing_is_written_through_a_link_out_of_the_repository(tmp_path: Path, words: str) -> None:
    root = copy_example("minimal", tmp_path)
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "llmconf.yaml").write_text("version: 1\nname: other\n", encoding="utf-8")
    before = tree(outside)
    (root / "reports").symlink_to("../outside/deep")
    # No reference is allowed, so that the probe sends nothing.
    done = run(*words.split(), cwd=root)
    assert (done.returncode, "leads out of the repository through a link" in done.stderr) == (1, True)
    assert tree(outside) == before
    (root / "reports").unlink()
    (root / "real").mkdir()
    if "schema" in words:
        (root / "real/provider.schema.json").symlink_to(outside / "llmconf.yaml")
        assert "it is a link" in run("schema", "--write", "--out", "real", cwd=root).stderr
        assert tree(outside) == before
        (root / "real/provider.schema.json").unlink()
    (root / "reports").symlink_to("real")
    assert "through a link" not in run(*words.split(), cwd=root).stderr


@pytest.mark.parametrize("words", ["--version", "--help", "rule LCS006", "list model --env prod", "validate --report json"])
@pytest.mark.parametrize("errors", ["", "2>/dev/full"])
def test_a_full_disk_is_said_where_it_can_be(words: str, errors: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m llmconf {words} >/dev/full {errors}"
    done = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True, cwd=ACME)
    said = "llmconf: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, "" if errors else said)


def test_data_and_findings_do_not_mix(warned: Path, broken: Path) -> None:
    done = run("list", "model", "-o", "json", "-C", warned)
    assert done.returncode == 0
    assert [row["id"] for row in json.loads(done.stdout)] == ["gpt-5", "gpt-5-mini"]
    assert "LCY011" in done.stderr
    shown = run("show", "route/chat", "-o", "json", "-C", warned)
    assert json.loads(shown.stdout)["identity"] == "route/chat"
    assert "LCY011" in shown.stderr
    refused = run("list", "model", "-o", "json", "-C", broken)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "LCS003" in refused.stderr


def test_output_is_utf8_whatever_the_locale(tmp_path: Path) -> None:
    root = copy_example("minimal", tmp_path)
    edit(root / "config/openai.yaml", "name: everyone", "name: everyone\ndescription: Zoë → 日本")
    done = run("show", "team/everyone", "-C", root, env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "Zoë → 日本" in done.stdout


# The commands


def test_the_list_in_all_formats() -> None:
    words = ("list", "credential", "--provider", "openai", "-C", ACME, "--env", "prod", "--today", TODAY)
    table, names, as_json, as_yaml = (run(*words, "-o", output).stdout for output in ("table", "name", "json", "yaml"))
    rows: list[dict[str, Any]] = json.loads(as_json)
    assert rows == YAML(typ="safe", pure=True).load(as_yaml)
    assert names.splitlines() == [row["identity"] for row in rows]
    assert names.splitlines() == [
        "credential/openai/main", "credential/openai/search", "credential/openai/mobile",
        "credential/openai/global",
    ]  # fmt: skip
    header, *lines = table.splitlines()
    assert header.split() == ["PROVIDER", "NAME", "HOSTS", "EXPIRES", "SECRETS"]
    assert [line.split()[1] for line in lines] == ["main", "search", "mobile", "global"]
    assert not any(line.endswith(" ") for line in (header, *lines))
    assert ";d=" not in table + names + as_json + as_yaml


def test_texts_in_yaml_are_texts_to_every_version_of_yaml(tmp_path: Path) -> None:
    root = copy_example("minimal", tmp_path)
    words = ["on", "No", "y", "010", "1_000", "12:30:00", "2027-01-01", "=", "a: b", "a #b", "Zoë", "x\ny", "::x", ""]
    labels = {f"{word or 'empty'}": word for word in words}
    edit(root / "config/openai.yaml", "name: everyone", f"name: everyone\nlabels: {json.dumps(labels)}")
    shown = run("show", "team/everyone", "-C", root).stdout
    assert yaml.safe_load(shown)["labels"] == YAML(typ="safe", pure=True).load(shown)["labels"] == labels


@pytest.mark.parametrize("kind", ["provider", "endpoint", "credential", "model", "route", "team"])
def test_each_kind_can_be_listed(kind: str) -> None:
    done = run("list", kind, "-C", ACME, "--env", "staging", "-o", "name", "--today", TODAY)
    assert done.returncode == 0
    assert done.stdout
    assert all(line.startswith(f"{kind}/") for line in done.stdout.splitlines())


def test_filters_add_up() -> None:
    words = ("list", "model", "-C", ACME, "--env", "prod", "-o", "json", "--today", TODAY)
    both = json.loads(run(*words, "--capability", "vision", "--capability", "web_search").stdout)
    assert both
    assert all({"vision", "web_search"} <= set(row["capabilities"]) for row in both)
    fewer = json.loads(
        run(*words, "--capability", "vision", "--capability", "web_search", "--provider", "openai").stdout
    )
    assert {row["provider"] for row in fewer} == {"openai"}
    assert len(fewer) < len(both)
    assert json.loads(run(*words, "--label", "no=such").stdout) == []
    table = run("list", "model", "-C", ACME, "--env", "prod", "--label", "no=such", "--today", TODAY)
    assert (table.returncode, len(table.stdout.splitlines())) == (0, 1)


@pytest.mark.parametrize("output", ["yaml", "json"])
@pytest.mark.parametrize("why", [(), ("--why",)])
def test_show_masks_tokens_and_keeps_references(output: str, why: tuple[str, ...]) -> None:
    for identity, shown in (
        ("credential/openai/main", "****VGLe"),
        ("credential/bedrock/gateway", "****"),
        ("credential/gpu-farm/gateway", "env:ACME_GPU_API_KEY"),
    ):
        done = run("show", identity, "-C", ACME, "--env", "prod", "-o", output, *why, "--today", TODAY)
        assert (done.returncode, done.stderr) == (0, "")
        assert shown in done.stdout
        assert "ENC(" not in done.stdout


def test_why_names_the_chain_of_places() -> None:
    words = ("show", "route/chat-default", "--why", "-C", ACME, "--env", "prod", "--today", TODAY)
    rows = {row["path"]: row for row in json.loads(run(*words, "-o", "json").stdout)["values"]}
    timeout = rows["timeout"]
    assert timeout["value"] == "60s"
    files = [place.split()[-1].partition(":")[0] for place in timeout["set_by"]]
    assert files == ["config/routes/chat.yaml", "environments/prod/platform.yaml"]
    for place in timeout["set_by"]:
        file, _, line = place.split()[-1].partition(":")
        assert "timeout:" in (ACME / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    text = run(*words).stdout
    assert re.search(r"^  timeout: 60s +\S+ config/routes/chat.yaml:\d+ -> \S+ environments/prod/", text, re.M)


def test_rule_lists_and_explains_every_code() -> None:
    listed = run("rule").stdout
    assert [line.split()[0] for line in listed.splitlines()] == list(rules.codes())
    by_code, by_name = run("rule", "lce002"), run("rule", "default-endpoint")
    assert by_code.stdout == by_name.stdout
    for heading in ("LCE002 default-endpoint", "Why: ", "Example:", "Fix: "):
        assert heading in by_code.stdout


@pytest.mark.parametrize("code", rules.codes())
def test_each_code_can_be_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert group.main(["rule", code], standalone_mode=False) == 0
    text = capsys.readouterr().out
    info = rules.info(code)
    assert text.startswith(f"{code} {info.name} ({info.severity}")
    assert info.fix in text


def test_schemas_are_printed(tmp_path: Path) -> None:
    done = run("schema", "overlay")
    assert done.stdout == (REPOSITORY / "schemas/overlay.schema.json").read_text(encoding="utf-8")
    (tmp_path / "file").write_text("a file\n", encoding="utf-8")
    refused = run("schema", "--write", "--out", tmp_path / "file" / "below")
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell: str) -> None:
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_LLMCONF_COMPLETE" in done.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, check=True, text=True)


@pytest.mark.parametrize(("words", "expected"), [("llmconf va", "validate"), ("llmconf list mo", "model"),
                                                 ("llmconf validate --fa", "--fail-on")])  # fmt: skip
def test_completion_completes(words: str, expected: str) -> None:
    settings = {
        "_LLMCONF_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")),
    }  # fmt: skip
    program = Path(sys.executable).with_name("llmconf")
    done = subprocess.run([program], env={**os.environ, **settings}, check=False, capture_output=True, text=True)
    assert f"plain,{expected}" in done.stdout.splitlines()


def complete(line: str, root: Path) -> list[str]:
    """Return what bash is offered at the end of a command line."""
    env = {"_LLMCONF_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'llmconf'; from llmconf.cli import group; group(prog_name='llmconf')"],
        env={**os.environ, **env}, cwd=root, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return [entry.partition(",")[2] for entry in done.stdout.split()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("llmconf pro", "probe"),
        ("llmconf validate --env pr", "prod"),
        ("llmconf show route/chat-d", "route/chat-default"),
        ("llmconf probe endpoint/openai/", "endpoint/openai/global"),
        ("llmconf list model --capability function", "function_calling"),
        ("llmconf list model --provider anth", "anthropic"),
        ("llmconf sync --only provider/coh", "provider/cohere"),
        ("llmconf rule LCE00", "LCE004"),
        ("llmconf validate --report sar", "sarif"),
    ],
)
def test_names_are_completed(line: str, offered: str) -> None:
    assert offered in complete(line, EXAMPLES / "acme")


LOCKED = """\
# Written by `llmconf sync`. After a conflict: `llmconf lock resolve`.
version: 1
source:
  endpoint: https://bedrock.eu-west-1.amazonaws.com
  adapter: bedrock
models:
- id: "arn:aws:bedrock:eu-west-1:000000000000:imported-model/abc"
- id: claude-9@default
- id: "evil$(touch${IFS}gone)"
- id: "bad`touch${IFS}gone`"
- id: "fake.nova-9-v1:0"
- id: "fake.nova-9-v2:0"
- id: "z\u0378$(touch${IFS}gone)"
"""


@pytest.fixture(scope="module")
def colons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with models whose ids have what ends a word in bash, and the command beside it."""
    root = tmp_path_factory.mktemp("colons")
    for name in ("lock", "config", "bin"):
        (root / name).mkdir()
    (root / "llmconf.yaml").write_text("version: 1\nname: colons\n", encoding="utf-8")
    provider = "kind: Provider\nname: aws\ntype: bedrock\nendpoints: [{name: main, url: https://bedrock.eu-west-1.amazonaws.com}]\n"
    (root / "config/aws.yaml").write_text(provider, encoding="utf-8")
    (root / "lock/aws.lock.yaml").write_text(LOCKED, encoding="utf-8")
    program = root / "bin/llmconf"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m llmconf "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (root / "llmconf.bash").write_text(run("completion", "bash").stdout, encoding="utf-8")
    return root


def typed(root: Path, line: str, setup: str = "") -> list[str]:
    """Return the words that a command gets when somebody types a line in bash, `\\t` being the tab key."""
    outer, inner = os.openpty()
    env = {**os.environ, "PATH": f"{root / 'bin'}:{os.environ['PATH']}", "TERM": "dumb", "HISTFILE": ""}
    # What is shown is the command as bash has understood it; `env` in the script runs the program itself.
    show = "llmconf() { printf '<<%s>>' \"$@\"; echo; exit; }"
    (root / "rc").write_text(f"PS1='$ '; bind 'set bell-style none'\n{setup}\nsource llmconf.bash\n{show}\n", encoding="utf-8")
    process = subprocess.Popen(
        ["bash", "--noprofile", "--rcfile", "rc", "-i"], cwd=root, env=env, stdin=inner, stdout=inner, stderr=inner,
        start_new_session=True,
    )  # fmt: skip
    os.close(inner)
    said = b""
    try:
        while select.select([outer], [], [], 60)[0] and (chunk := os.read(outer, 4096)):
            said += chunk
            if line and said.endswith(b"$ "):
                os.write(outer, f"{line}\n".encode())
                line = ""
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(outer)
        process.kill()
        process.wait(60)
    return [word for word in re.findall(r"<<([^<>]*)>>", said.decode()) if word != "%s"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("line", "setup", "words"),
    [
        ("llmconf sh\tprov\t", "", ["show", "provider/aws"]),
        ("llmconf show model/aws/fake.nova-9-v1\t", "", ["show", "model/aws/fake.nova-9-v1:0"]),
        ("llmconf show model/aws/fake.nova-9-v1:\t", "", ["show", "model/aws/fake.nova-9-v1:0"]),
        ("llmconf show model/aws/fake.n\t2\t", "", ["show", "model/aws/fake.nova-9-v2:0"]),
        ("llmconf show model/aws/arn\t", "", ["show", "model/aws/arn:aws:bedrock:eu-west-1:000000000000:imported-model/abc"]),
        ("llmconf show model/aws/arn:aws:bed\t", "", ["show", "model/aws/arn:aws:bedrock:eu-west-1:000000000000:imported-model/abc"]),
        ("llmconf show model/aws/cl\t", "", ["show", "model/aws/claude-9@default"]),
        ("llmconf show model/aws/claude-9@\t", "", ["show", "model/aws/claude-9@default"]),
        ("llmconf show model/aws/claude-9@d\t", "", ["show", "model/aws/claude-9@default"]),
        ("llmconf show model/aws/claude-9@d\t", "COMP_WORDBREAKS=${COMP_WORDBREAKS//@}", ["show", "model/aws/claude-9@default"]),
        ("llmconf show 'model/aws/fake.nova-9-v1:\t", "", ["show", "model/aws/fake.nova-9-v1:0"]),
        ("llmconf show model/aws/fake.nova-9-v1:\t", "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}", ["show", "model/aws/fake.nova-9-v1:0"]),
        ("llmconf show model/aws/fake.nova-9-v1:0 -o j\t", "", ["show", "model/aws/fake.nova-9-v1:0", "-o", "json"]),
        ("llmconf list model --mode=emb\t", "", ["list", "model", "--mode=embedding"]),
        ("llmconf list model --mode=emb\t", "COMP_WORDBREAKS=${COMP_WORDBREAKS//=}", ["list", "model", "--mode=embedding"]),
        ("llmconf show model/aws/fake.nova-9-v1: -o json" + "\x02" * 8 + "\t", "", ["show", "model/aws/fake.nova-9-v1:0", "-o", "json"]),
        ("llmconf show model/aws/ev\t", "", ["show", "model/aws/ev"]),
        ("llmconf show model/aws/bad\t", "", ["show", "model/aws/bad"]),
        ('llmconf show model/"aws/ev\t"', "", ["show", "model/aws/ev"]),
        ('llmconf show model/"aws/z\t"', "", ["show", "model/aws/z"]),
        ("llmconf show model/aws/z\t", "", ["show", "model/aws/z"]),
        ('llmconf show "model/aws/fake.nova-9-v1:\t', "", ["show", "model/aws/fake.nova-9-v1:0"]),
        ('llmconf show "model/aws/ev\t"', "", ["show", "model/aws/ev"]),
        ("llmconf show 'model/aws/bad\t'", "", ["show", "model/aws/bad"]),
    ],
)
def test_bash_completes_names_with_colons(colons: Path, line: str, setup: str, words: list[str]) -> None:
    assert typed(colons, line, setup) == words
    assert not (colons / "gone").exists()


def test_nothing_is_offered_where_there_is_no_project(tmp_path: Path) -> None:
    assert complete("llmconf show route/", tmp_path) == []
