"""`llmconf exec`: one command gets the opened credentials, and nothing of the key to them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from secret_projects import NEW_KEY
from secret_support import ANTHROPIC_KEY, GATEWAY_KEY, OPENAI_KEY, PROD_KEY, SEALED, Lab, leaks

OPENAI = "LLMCONF_OPENAI_MAIN_API_KEY"
SHOW = "import json, os, sys; json.dump([dict(os.environ), sys.argv[1:]], sys.stdout)"
DISABLED = """\
kind: Credential
provider: openai
name: other
hosts: [api.openai.com]
enabled: false
api_key: {}
"""


def shown(done: subprocess.CompletedProcess[str]) -> tuple[dict[str, str], list[str]]:
    """Return the environment and the arguments that a child saw."""
    assert done.returncode == 0, done.stderr
    environment, arguments = json.loads(done.stdout)
    return environment, arguments


def test_the_child_gets_the_credentials_of_one_environment(lab: Lab) -> None:
    environment, _ = shown(lab.run("exec", "--env", "dev", "--", sys.executable, "-c", SHOW))
    assert {name: value for name, value in environment.items() if name.startswith("LLMCONF_")} == {
        OPENAI: OPENAI_KEY,
        "LLMCONF_ANTHROPIC_MAIN_API_KEY": ANTHROPIC_KEY,
        "LLMCONF_GATEWAY_INNER_HEADER_X_API_KEY": GATEWAY_KEY,
    }
    assert environment["HOME"] == str(lab.home)
    environment, _ = shown(lab.run("exec", "--env", "prod", "--", sys.executable, "-c", SHOW))
    assert environment[OPENAI] == PROD_KEY


def test_the_child_does_not_get_the_key_to_the_vault(lab: Lab) -> None:
    file = lab.home / "identity"
    file.write_text(lab.identity)
    names = {
        "LLMCONF_AGE_KEY": lab.identity,
        "LLMCONF_AGE_KEY_FILE": str(file),
        "SOPS_AGE_KEY": lab.identity,
        "SOPS_AGE_KEY_FILE": str(file),
    }
    environment, _ = shown(lab.run("exec", "--env", "dev", "--", sys.executable, "-c", SHOW, env=names))
    assert not set(names) & set(environment)
    assert lab.identity not in environment.values()


def test_a_variable_of_the_caller_does_not_stand_in_for_a_secret(lab: Lab) -> None:
    environment, _ = shown(lab.run("exec", "--env", "dev", "--", sys.executable, "-c", SHOW, env={OPENAI: NEW_KEY}))
    assert environment[OPENAI] == OPENAI_KEY


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (["--", sys.executable, "-c", SHOW, "--env", "x", "-C", "/", "--help"], ["--env", "x", "-C", "/", "--help"]),
        ([sys.executable, "-c", SHOW, "--report", "x", "-v"], ["--report", "x", "-v"]),
        (["--", sys.executable, "-c", SHOW, "--", "a b", "*", ""], ["--", "a b", "*", ""]),
    ],
)
def test_options_of_the_command_are_its_own(lab: Lab, given: list[str], seen: list[str]) -> None:
    assert shown(lab.run("exec", "--env", "dev", *given))[1] == seen


@pytest.mark.parametrize("status", [0, 1, 2, 42, 255])
def test_the_exit_status_is_that_of_the_command(lab: Lab, status: int) -> None:
    assert lab.run("exec", "--env", "dev", "--", "sh", "-c", f"exit {status}").returncode == status


def test_streams_are_handed_through(lab: Lab) -> None:
    done = lab.run("exec", "--env", "dev", "--", "sh", "-c", "cat; echo error >&2", stdin="as it is\n")
    assert (done.stdout, done.stderr) == ("as it is\n", "error\n")


def test_a_command_that_a_signal_ends_is_ended_by_that_signal(lab: Lab) -> None:
    done = lab.run("exec", "--env", "dev", "--", "sh", "-c", "kill -TERM $$")
    assert done.returncode == -signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_reach_the_command(lab: Lab, number: signal.Signals) -> None:
    ready = lab.home / "ready"
    body = (
        "import pathlib, signal, sys, time\n"
        f"signal.signal({int(number)}, lambda n, f: sys.exit(100 + n))\n"
        f"pathlib.Path({str(ready)!r}).touch()\ntime.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "llmconf", "exec", "--env", "dev", "--", sys.executable, "-c", body],
        cwd=lab.root,
        env=lab.environment(),
    )
    end = time.monotonic() + 60
    while not ready.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(30) == 100 + number


@pytest.mark.parametrize(("command", "status"), [("/nowhere/program", 127), ("no-such-program", 127), ("/etc", 126)])
def test_a_command_that_does_not_start(lab: Lab, command: str, status: int) -> None:
    done = lab.run("exec", "--env", "dev", "--", command)
    assert done.returncode == status
    assert "cannot be started" in done.stderr
    assert leaks(done.stderr, SEALED) == []


def test_no_command_is_wrong_usage(lab: Lab) -> None:
    assert lab.run("exec", "--env", "dev").returncode == 2
    assert lab.run("exec", "--env", "dev", "--").returncode == 2


def test_which_environment_has_to_be_said(lab: Lab) -> None:
    done = lab.run("exec", "--", "true")
    assert done.returncode == 2
    assert "dev, prod" in done.stderr


def test_a_reference_of_another_tool_is_noted_and_left(lab: Lab) -> None:
    lab.edit("config/anthropic.yaml", lab.token("config/anthropic.yaml"), "op://vault/anthropic/key")
    done = lab.run("exec", "--env", "dev", "--", sys.executable, "-c", SHOW)
    environment, _ = shown(done)
    assert "LLMCONF_ANTHROPIC_MAIN_API_KEY" not in environment
    assert "LLMCONF_ANTHROPIC_MAIN_API_KEY is left to `op`: op://vault/anthropic/key" in done.stderr


def test_a_reference_is_opened_only_where_it_is_allowed(lab: Lab) -> None:
    lab.edit("config/anthropic.yaml", lab.token("config/anthropic.yaml"), "env:ANTHROPIC_KEY")
    variables = {"ANTHROPIC_KEY": "fake-from-the-environment"}
    command = ("--", sys.executable, "-c", SHOW)
    done = lab.run("exec", "--env", "dev", *command, env=variables)
    assert done.returncode == 4
    assert "--allow-ref 'env:ANTHROPIC_KEY@api.anthropic.com' allows it" in done.stderr
    assert done.stdout == ""
    done = lab.run("exec", "--env", "dev", "--allow-ref", "env:ANTHROPIC_*", *command, env=variables)
    # A variable that is referred to keeps its name: it is the one that targets write.
    assert shown(done)[0]["ANTHROPIC_KEY"] == "fake-from-the-environment"
    done = lab.run("exec", "--env", "dev", *command, env={**variables, "LLMCONF_ALLOW_REF": "env:ANTHROPIC_*"})
    assert shown(done)[0]["ANTHROPIC_KEY"] == "fake-from-the-environment"


def test_a_file_is_opened_only_where_it_is_allowed(lab: Lab) -> None:
    lab.edit("config/anthropic.yaml", lab.token("config/anthropic.yaml"), "file:local/key")
    lab.write("local/key", "fake-from-a-file\n")
    done = lab.run("exec", "--env", "dev", "--", "true")
    assert done.returncode == 4
    assert "--allow-ref 'file:local/key@api.anthropic.com' allows it" in done.stderr
    done = lab.run("exec", "--env", "dev", "--allow-ref", "file:local/*", "--", sys.executable, "-c", SHOW)
    assert shown(done)[0]["LLMCONF_ANTHROPIC_MAIN_API_KEY"] == "fake-from-a-file"


def test_nothing_is_opened_for_a_project_with_errors(lab: Lab) -> None:
    lab.write("config/broken.yaml", "kind: Team\nname: x\nuses: [route/nowhere]\n")
    done = lab.run("exec", "--env", "dev", "--", "touch", str(lab.home / "ran"), key=False)
    assert done.returncode == 1
    assert "LCR002" in done.stderr
    assert "no identity" not in done.stderr
    assert not (lab.home / "ran").exists()


def test_nothing_runs_where_one_secret_does_not_open(lab: Lab) -> None:
    for environment, status in (({"LLMCONF_AGE_KEY": ""}, 4), ({}, 1)):
        if not environment:
            token = lab.token("config/openai.yaml")
            lab.edit("config/openai.yaml", token, token[:-12] + "AAAAAAAAAAA)")
        done = lab.run("exec", "--env", "dev", "--", "touch", str(lab.home / "ran"), env=environment)
        assert done.returncode == status, done.stderr
        assert not (lab.home / "ran").exists()


def test_a_disabled_credential_is_not_opened(lab: Lab) -> None:
    lab.write("config/other.yaml", DISABLED.format("env:NOT_ALLOWED"))
    environment, _ = shown(lab.run("exec", "--env", "dev", "--", sys.executable, "-c", SHOW))
    assert "LLMCONF_OPENAI_OTHER_API_KEY" not in environment


def test_a_secret_with_a_nul_is_refused_and_not_shown(lab: Lab) -> None:
    assert lab.run("secrets", "set", "credential/openai/main", "api_key", stdin="fake\0NULfakeNULfake").returncode == 0
    done = lab.run("exec", "--env", "dev", "--", "true")
    assert done.returncode == 1
    assert "NUL" in done.stderr
    assert "fakeNUL" not in done.stderr


def test_the_command_takes_the_place_of_the_process(lab: Lab) -> None:
    """No parent stays behind that would hold the secrets, or swallow a signal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "llmconf", "exec", "--env", "dev", "--", "sh", "-c", "echo $$"],
        cwd=lab.root,
        env=lab.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.communicate(timeout=60)[0].strip() == str(process.pid)
    assert process.returncode == 0
