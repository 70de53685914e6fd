"""What goes wrong around secrets: identities, damaged files, full disks, links and other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from secret_projects import MAIN, NEW_KEY, files, ok, opened, program
from secret_support import OPENAI_KEY, SEALED, Lab, leaks, new_identity

FILE = "config/openai.yaml"


def _foreign(lab: Lab) -> tuple[dict[str, str], str]:
    return {"LLMCONF_AGE_KEY": new_identity()[0]}, "$LLMCONF_AGE_KEY (1 identity)"


def _none(_: Lab) -> tuple[dict[str, str], str]:
    return {}, "$LLMCONF_AGE_KEY (not set)"


def _nonsense(_: Lab) -> tuple[dict[str, str], str]:
    return {"LLMCONF_AGE_KEY": "AGE-SECRET-KEY-1NONSENSE"}, "a line that is no age identity"


def _missing(_: Lab) -> tuple[dict[str, str], str]:
    return {"LLMCONF_AGE_KEY_FILE": "/nowhere/key"}, "$LLMCONF_AGE_KEY_FILE (No such file or directory)"


def _a_folder(lab: Lab) -> tuple[dict[str, str], str]:
    return {"LLMCONF_AGE_KEY_FILE": str(lab.home)}, "$LLMCONF_AGE_KEY_FILE (Is a directory)"


def _with_passphrase(lab: Lab) -> tuple[dict[str, str], str]:
    file = lab.home / "locked"
    subprocess.run([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "fake-passphrase", "-f", file], check=True)
    return {"LLMCONF_AGE_KEY_FILE": str(file)}, "an SSH key that is encrypted or of another kind"


def _binary(lab: Lab) -> tuple[dict[str, str], str]:
    (lab.home / "binary").write_bytes(b"\xff\x00\xfe")
    return {"LLMCONF_AGE_KEY_FILE": str(lab.home / "binary")}, "not text"


@pytest.mark.parametrize("wrong", [_foreign, _none, _nonsense, _missing, _a_folder, _with_passphrase, _binary])
def test_without_the_right_identity_it_says_what_was_tried(
    lab: Lab, wrong: Callable[[Lab], tuple[dict[str, str], str]]
) -> None:
    environment, said = wrong(lab)
    for command in (("get", *MAIN, "--reveal"), ("set", *MAIN), ("rotate",), ("decrypt", FILE, "--reveal"), ("prune",)):
        done = lab.run("secrets", *command, key=False, env=environment, stdin=NEW_KEY)
        assert done.returncode == 4, command
        assert "no identity at hand opens the vault `default`" in done.stderr
        assert said in done.stderr
        assert "AGE-SECRET" not in done.stderr


@pytest.mark.parametrize("name", ["SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "LLMCONF_AGE_KEY_FILE"])
def test_identities_are_found_in_other_places_too(lab: Lab, name: str) -> None:
    file = lab.home / "key.txt"
    file.write_text(f"# created: today\n# public key: age1x\n{lab.identity}\n")
    value = str(file) if name.endswith("FILE") else lab.identity
    assert ok(lab.run("secrets", "get", *MAIN, "--reveal", key=False, env={name: value})) == OPENAI_KEY + "\n"


def test_a_truncated_token_is_reported_with_what_to_do(lab: Lab) -> None:
    token = lab.token(FILE)
    lab.edit(FILE, token, token[:-20] + ")")
    done = lab.run("secrets", "get", *MAIN, "--reveal")
    assert done.returncode == 1
    assert "credential/openai/main api_key" in done.stderr
    assert "git history" in done.stderr


def test_an_unknown_key_is_reported_with_what_to_do(lab: Lab) -> None:
    kid = lab.kid()
    lab.edit(FILE, f"k={kid}", "k=aaaaaaaaaa")
    done = lab.run("secrets", "get", *MAIN, "--reveal")
    assert done.returncode == 1
    assert "there is no key `aaaaaaaaaa` in the vault `default`" in done.stderr
    assert "restore" in done.stderr


@pytest.mark.parametrize("part", ["key.yaml", "alice.age", "alice.mac"])
@pytest.mark.parametrize("length", [0, 20])
def test_a_half_written_key_file_loses_nothing_and_is_reported(lab: Lab, part: str, length: int) -> None:
    file = lab.root / "keys/default" / lab.kid() / part
    whole = file.read_bytes()
    file.write_bytes(whole[:length])
    before = (lab.root / FILE).read_bytes()
    check = lab.run("secrets", "check")
    assert check.returncode == 1
    assert f"keys/default/{lab.kid()}" in check.stdout + check.stderr or "alice" in check.stdout
    rotated = lab.run("secrets", "rotate")
    assert rotated.returncode in (1, 4)
    assert "Traceback" not in rotated.stderr
    assert (lab.root / FILE).read_bytes() == before
    assert file.read_bytes() == whole[:length]
    file.write_bytes(whole)
    assert opened(lab) == OPENAI_KEY


def test_a_token_that_does_not_open_stops_a_rotation_before_it_begins(lab: Lab) -> None:
    lab.edit(FILE, "hosts: [api.openai.com]", "hosts: [evil.example]")
    before = sorted(lab.root.glob("keys/default/*"))
    done = lab.run("secrets", "rotate")
    assert done.returncode == 1
    assert "credential/openai/main api_key" in done.stderr
    assert sorted(lab.root.glob("keys/default/*")) == before


def test_no_key_is_rotated_away_under_a_file_that_does_not_parse(lab: Lab) -> None:
    text = (lab.root / FILE).read_text()
    lab.write(FILE, f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")
    for command in ("rotate", "prune"):
        done = lab.run("secrets", command)
        assert done.returncode == 1
        assert FILE in done.stderr
    done = lab.run("secrets", "recipients", "remove", "alice")
    assert done.returncode == 1


def test_prune_keeps_a_key_that_is_named_anywhere(lab: Lab) -> None:
    old = lab.kid()
    token = lab.token(FILE)
    ok(lab.run("secrets", "rotate"))
    lab.write("config/notes.yaml", f"# was {token}\nkind: Team\nname: notes\n")
    assert ok(lab.run("secrets", "prune")) == "nothing to delete\n"
    lab.write("config/notes.yaml", "kind: Team\nname: notes\n")
    assert f"key {old} deleted" in ok(lab.run("secrets", "prune"))
    assert opened(lab) == OPENAI_KEY


def test_two_processes_on_one_file_keep_both_changes(lab: Lab) -> None:
    lab.write("config/second.yaml", "kind: Credential\nprovider: openai\nname: second\nhosts: [api.openai.com]\n")
    lab.edit(FILE, "models:", "  - name: third\n    hosts: [api.openai.com]\nmodels:")
    lab.edit(FILE, "models:", "  - name: fourth\n    hosts: [api.openai.com]\nmodels:")
    names = ("main", "third", "fourth", "second")
    running = []
    for name in names:
        command = [sys.executable, "-m", "llmconf", "secrets", "set", f"credential/openai/{name}", "api_key"]
        process = subprocess.Popen(command, cwd=lab.root, env=lab.environment(), stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(f"fakeBOTHfakeBOTHfake-{name}".encode())
        process.stdin.close()
        running.append(process)
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    for name in names:
        assert opened(lab, f"credential/openai/{name}", "api_key") == f"fakeBOTHfakeBOTHfake-{name}"


def test_a_full_disk_loses_nothing(lab: Lab) -> None:
    """No file may grow beyond some blocks of 512 bytes, which is what a full disk looks like to a program."""
    before = files(lab)
    for limit in (0, 1):
        for command in (("set", *MAIN), ("rotate",), ("encrypt",)):
            script = f"ulimit -f {limit}; trap '' XFSZ; exec \"$@\""
            full = [*command, "--debug"]
            done = subprocess.run(
                ["sh", "-c", script, "sh", sys.executable, "-B", "-m", "llmconf", "secrets", *full],
                cwd=lab.root, env=lab.environment(), input=NEW_KEY, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if command == ("encrypt",):
                assert done.returncode == 0
                continue
            assert done.returncode == 1, done.stderr
            assert "File too large" in done.stderr
            assert "nothing was changed" in done.stderr
            assert leaks(done.stderr + done.stdout, [NEW_KEY, *SEALED]) == []
    assert files(lab) == before





def test_a_link_out_of_the_repository_is_not_written_through(lab: Lab, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    (lab.root / FILE).rename(outside)
    (lab.root / FILE).symlink_to(outside)
    before = outside.read_bytes()
    for command in (("set", *MAIN), ("rotate",), ("edit", FILE)):
        done = lab.run("secrets", *command, stdin=NEW_KEY, env={"EDITOR": "sed -i s/a/b/"})
        assert done.returncode in (1, 2), command
    assert outside.read_bytes() == before


def test_a_link_inside_of_the_repository_is_not_replaced(lab: Lab) -> None:
    (lab.root / "shared").mkdir()
    (lab.root / FILE).rename(lab.root / "shared/openai.yaml")
    (lab.root / FILE).symlink_to("../shared/openai.yaml")
    done = lab.run("secrets", "set", *MAIN, stdin=NEW_KEY)
    assert done.returncode == 1
    assert "is a link" in done.stderr
    assert (lab.root / FILE).is_symlink()
