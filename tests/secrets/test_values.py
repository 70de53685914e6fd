"""Single secrets by command: set, get, decrypt, with any text and at a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time

import pytest
from secret_projects import MAIN, NEW_KEY, ok, opened
from secret_support import OPENAI_KEY, PROD_KEY, SEALED, Lab, leaks

FILE = "config/openai.yaml"
TOKEN = re.compile(r"ENC\([^)]*\)")


@pytest.mark.parametrize(
    "value",
    [
        "plain-secret-0001",
        "two\nlines\n and a blank ",
        "emoji 🔑 and 日本語",
        "nul\0inside",
        "tab\tand \\ and \" and '",
        "carriage\r\nreturn",
        "#not a comment: {x}",
        "\ufeffmark",
        "x" * 64 * 1024,
        "1",
    ],
    ids=lambda value: value[:12].encode("unicode_escape").decode(),
)
def test_any_text_survives_set_get_edit_and_rotate(lab: Lab, value: str) -> None:
    ok(lab.run("secrets", "set", *MAIN, stdin=value))
    assert _exactly(lab) == value.encode()
    text = (lab.root / FILE).read_bytes()
    ok(lab.run("secrets", "edit", FILE, env={"EDITOR": "sed -i '$a # more'"}))
    assert (lab.root / FILE).read_bytes() == text + b"# more\n"
    ok(lab.run("secrets", "rotate"))
    assert _exactly(lab) == value.encode()
    assert lab.run("secrets", "check").returncode == 0


def _exactly(lab: Lab) -> bytes:
    command = [sys.executable, "-m", "llmconf", "secrets", "get", *MAIN, "--reveal"]
    return subprocess.run(command, cwd=lab.root, env=lab.environment(), check=True, capture_output=True).stdout[:-1]


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", 1, "empty"),
        (b"\n", 1, "empty"),
        (b"x" * (64 * 1024 + 1), 2, "64 KiB"),
        (b"\xff\xfe\x00", 2, "not UTF-8"),
        (b"env:OPENAI_API_KEY\n", 1, "a token or a reference"),
    ],
)
def test_what_cannot_be_a_secret_is_refused(lab: Lab, data: bytes, status: int, said: str) -> None:
    before = (lab.root / FILE).read_bytes()
    command = [sys.executable, "-m", "llmconf", "secrets", "set", *MAIN]
    done = subprocess.run(command, cwd=lab.root, env=lab.environment(), input=data, check=False, capture_output=True)
    assert done.returncode == status
    assert said in done.stderr.decode()
    assert (lab.root / FILE).read_bytes() == before


def test_closed_standard_input_is_wrong_usage(lab: Lab) -> None:
    command = f"{sys.executable} -m llmconf secrets set {' '.join(MAIN)} <&-"
    done = subprocess.run(["sh", "-c", command], cwd=lab.root, env=lab.environment(), check=False, capture_output=True)
    assert done.returncode == 2, done.stderr
    assert b"Traceback" not in done.stderr


def test_one_line_break_at_the_end_is_not_part_of_a_secret(lab: Lab) -> None:
    for ending in ("\n", "\r\n", ""):
        ok(lab.run("secrets", "set", *MAIN, stdin=NEW_KEY + ending))
        assert _exactly(lab) == NEW_KEY.encode()


def test_an_unchanged_secret_keeps_its_token(lab: Lab) -> None:
    before = (lab.root / FILE).read_bytes()
    assert "nothing changed" in ok(lab.run("secrets", "set", *MAIN, stdin=OPENAI_KEY))
    assert (lab.root / FILE).read_bytes() == before


def test_set_in_an_overlay(lab: Lab) -> None:
    base = (lab.root / FILE).read_bytes()
    ok(lab.run("secrets", "set", *MAIN, "--env", "prod", stdin=NEW_KEY))
    assert opened(lab, *MAIN, "--env", "prod") == NEW_KEY
    assert f"k={lab.kid('prod')};" in lab.token("environments/prod/openai.yaml")
    assert (lab.root / FILE).read_bytes() == base


def test_set_where_the_overlay_does_not_have_the_resource(lab: Lab) -> None:
    done = lab.run("secrets", "set", *MAIN, "--env", "dev", stdin=NEW_KEY)
    assert done.returncode == 1
    assert "environments/dev" in done.stderr


def test_set_a_new_field_beside_a_name(lab: Lab) -> None:
    lab.write("config/bedrock.yaml", BEDROCK)
    ok(lab.run("secrets", "set", "credential/bedrock/main", "access_key_id", stdin="AKIAFAKEFAKEFAKEFAKE"))
    ok(lab.run("secrets", "set", "credential/bedrock/main", "secret_access_key", stdin=NEW_KEY))
    text = (lab.root / "config/bedrock.yaml").read_text()
    lines = TOKEN.sub("TOKEN", text).splitlines()
    start = lines.index("  - name: main # ours")
    assert lines[start : start + 4] == [
        "  - name: main # ours",
        "    secret_access_key: TOKEN",
        "    access_key_id: TOKEN",
        "    hosts: [bedrock-runtime.eu-central-1.amazonaws.com]",
    ]
    assert opened(lab, "credential/bedrock/main", "secret_access_key") == NEW_KEY
    assert lab.run("secrets", "check").returncode == 0


BEDROCK = """\
kind: Provider
name: bedrock
type: bedrock
endpoints:
  - name: main
    url: https://bedrock-runtime.eu-central-1.amazonaws.com
    region: eu-central-1
credentials:
  - name: main # ours
"""


@pytest.mark.parametrize(
    ("identity", "field", "said"),
    [
        ("credential/opnai/main", "api_key", "credential/openai/main api_key"),
        ("credential/openai/main", "apikey", "credential/openai/main api_key"),
        ("credential/openai/main", "url", "secret field"),
        ("openai", "api_key", "secret field"),
    ],
)
@pytest.mark.parametrize("command", ["set", "get"])
def test_an_unknown_field_gets_a_suggestion(lab: Lab, command: str, identity: str, field: str, said: str) -> None:
    done = lab.run("secrets", command, identity, field, stdin=NEW_KEY)
    assert done.returncode == 1
    assert said in done.stderr


def test_an_unknown_environment_is_wrong_usage(lab: Lab) -> None:
    done = lab.run("secrets", "set", *MAIN, "--env", "prdo", stdin=NEW_KEY)
    assert done.returncode == 2
    assert "prod" in done.stderr


def test_a_secret_on_the_command_line_is_not_taken(lab: Lab) -> None:
    done = lab.run("secrets", "set", *MAIN, NEW_KEY)
    assert done.returncode == 2
    assert lab.token(FILE) in (lab.root / FILE).read_text()


def test_the_prompt_shows_nothing_and_asks_twice(lab: Lab) -> None:
    status, shown = _at_a_terminal(lab, ["secrets", "set", *MAIN], [NEW_KEY, NEW_KEY])
    assert status == 0
    assert b"credential/openai/main api_key" in shown
    assert leaks(shown, [NEW_KEY]) == []
    assert opened(lab) == NEW_KEY


def _at_a_terminal(lab: Lab, args: list[str], answers: list[str]) -> tuple[int, bytes]:
    """Run a command on a terminal of its own and type an answer at each prompt."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(lab.root)
        command = [sys.executable, "-m", "llmconf", *args]
        os.execve(sys.executable, command, lab.environment())  # noqa: S606 - no shell is what is wanted
    shown = b""
    for answer in answers:
        part = b""
        while not part.rstrip().endswith(b":"):
            part += os.read(terminal, 4096)
        shown += part
        time.sleep(0.1)  # until echo is off, which a terminal does not tell
        os.write(terminal, answer.encode() + b"\n")
    try:
        while data := os.read(terminal, 4096):
            shown += data
    except OSError:
        pass  # Linux ends a terminal with an error
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown


def test_get_masks_without_reveal(lab: Lab) -> None:
    assert ok(lab.run("secrets", "get", *MAIN, key=False)) == f"****{OPENAI_KEY[-4:]}\n"
    assert ok(lab.run("secrets", "get", *MAIN, "--reveal")) == OPENAI_KEY + "\n"
    assert ok(lab.run("secrets", "get", *MAIN, "--env", "prod", "--reveal")) == PROD_KEY + "\n"


def test_get_never_shows_a_plain_secret_in_a_file(lab: Lab) -> None:
    lab.edit(FILE, lab.token(FILE), NEW_KEY)
    assert ok(lab.run("secrets", "get", *MAIN)) == "****\n"
    done = lab.run("secrets", "get", *MAIN, "--reveal")
    assert done.returncode == 1
    assert leaks(done.stderr + done.stdout, [NEW_KEY]) == []


def test_decrypt_asks_for_reveal(lab: Lab) -> None:
    done = lab.run("secrets", "decrypt", FILE)
    assert done.returncode == 2
    assert leaks(done.stdout + done.stderr, SEALED) == []
    text = (lab.root / FILE).read_text()
    assert ok(lab.run("secrets", "decrypt", FILE, "--reveal")) == text.replace(lab.token(FILE), OPENAI_KEY)
    assert (lab.root / FILE).read_text() == text


@pytest.mark.parametrize("name", ["README.txt", "config/broken.yaml", "config/latin.yaml"])
def test_decrypt_of_what_is_no_yaml_is_refused(lab: Lab, name: str) -> None:
    (lab.root / name).write_bytes(b"a: [\xfc" if "latin" in name else b"a: [b\n")
    done = lab.run("secrets", "decrypt", name, "--reveal")
    assert done.returncode == 1
    assert name in done.stderr
