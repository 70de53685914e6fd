"""`llmconf secrets edit`: what is typed is sealed, what is not touched stays, and no plain text is left."""

from __future__ import annotations

import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from secret_support import ANTHROPIC_KEY, OPENAI_KEY, SEALED, Lab, leaks, make_lab, search

FILE = "config/openai.yaml"
MEMORY = Path("/dev/shm")
NEW_KEY = "sk-proj-fakeCANARYeditedCANARYfakeCANARYeditedHHHH"
TOKEN = re.compile(rb"ENC\([^)]*\)")


def script(lab: Lab, body: str) -> str:
    """Return an $EDITOR that runs Python on the text of the file, with `path` and `text` at hand."""
    file = lab.home / "editor.py"
    file.write_text(
        "import os, pathlib, signal, sys, time\npath = pathlib.Path(sys.argv[-1])\n"
        f"pathlib.Path({str(lab.home / 'edited')!r}).write_text(str(path.parent))\n"
        "text = path.read_bytes().decode()\n"
        f"{body}\n"
    )
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(file))}"


def edit(lab: Lab, body: str, name: str = FILE) -> subprocess.CompletedProcess[str]:
    """Edit a file with a script and check that nothing secret was said and nothing is left."""
    done = lab.run("secrets", "edit", name, env={"EDITOR": script(lab, body)})
    assert leaks(done.stdout + done.stderr, [*SEALED, NEW_KEY]) == []
    assert search([lab.root, lab.home / "tmp"], [*SEALED, NEW_KEY]) == []
    note = lab.home / "edited"
    assert not note.exists() or not Path(note.read_text()).exists()
    return done


def opened(lab: Lab, identity: str = "credential/openai/main", *options: str) -> str:
    """Return a secret of the lab."""
    return lab.run("secrets", "get", identity, "api_key", "--reveal", *options).stdout.rstrip("\n")


def test_one_changed_secret_is_sealed_and_nothing_else_changes(lab: Lab) -> None:
    before = (lab.root / FILE).read_bytes()
    done = lab.run("secrets", "edit", FILE, env={"EDITOR": f"sed -i s/{OPENAI_KEY}/{NEW_KEY}/"})
    assert (done.returncode, done.stdout) == (0, f"credential/openai/main api_key sealed in {FILE}, revision 2\n")
    after = (lab.root / FILE).read_bytes()
    assert TOKEN.split(after) == TOKEN.split(before)
    assert b";r=2;" in after
    assert opened(lab) == NEW_KEY


def test_another_field_changes_and_the_token_stays(lab: Lab) -> None:
    before = (lab.root / FILE).read_bytes()
    done = edit(lab, "path.write_text(text.replace('context: 400000', 'context: 300000', 1))")
    assert (done.returncode, done.stdout) == (0, f"{FILE} written\n")
    assert (lab.root / FILE).read_bytes() == before.replace(b"context: 400000", b"context: 300000", 1)


def test_nothing_changed_is_said_and_the_file_is_not_touched(lab: Lab) -> None:
    before = (lab.root / FILE).stat().st_mtime_ns
    assert edit(lab, "path.write_text(text)").stdout == "nothing changed\n"
    assert (lab.root / FILE).stat().st_mtime_ns == before


def test_an_added_secret_is_sealed(lab: Lab) -> None:
    added = f"  - name: second\\n    hosts: [api.openai.com]\\n    api_key: {NEW_KEY}\\n"
    token = lab.token(FILE)
    done = edit(lab, f"path.write_text(text.replace('models:\\n', '{added}models:\\n', 1))")
    assert done.stdout == f"credential/openai/second api_key sealed in {FILE}\n"
    assert opened(lab, "credential/openai/second") == NEW_KEY
    assert lab.token(FILE) == token


def test_hosts_are_filled_in_from_the_endpoints(lab: Lab) -> None:
    name = "config/gateway.yaml"
    added = f"credentials:\\n  - name: main\\n    api_key: {NEW_KEY}\\n"
    done = edit(lab, f"path.write_text(text.replace('models:\\n', '{added}models:\\n', 1))", name)
    assert done.returncode == 0, done.stderr
    text = (lab.root / name).read_text(encoding="utf-8")
    assert "  - name: main\n    hosts: [llm.example.org]\n    api_key: ENC(" in text
    assert opened(lab, "credential/gateway/main") == NEW_KEY


def test_a_secret_without_hosts_is_refused_where_nothing_says_them(lab: Lab) -> None:
    before = (lab.root / "config/gateway.yaml").read_bytes()
    added = f"---\\nkind: Credential\\nprovider: lost\\nname: main\\napi_key: {NEW_KEY}\\n"
    done = edit(lab, f"path.write_text(text + '{added}')", "config/gateway.yaml")
    assert done.returncode == 1
    assert "nothing says to which hosts `credential/lost/main` may be sent" in done.stderr
    assert (lab.root / "config/gateway.yaml").read_bytes() == before


def test_changed_hosts_seal_the_secret_anew_with_its_revision(lab: Lab) -> None:
    before = lab.token(FILE)
    done = edit(lab, "path.write_text(text.replace('[api.openai.com]', '[api.openai.com, eu.api.openai.com]'))")
    assert done.stdout == f"credential/openai/main api_key sealed in {FILE}\n"
    assert lab.token(FILE) != before
    assert ";r=1;" in lab.token(FILE)
    assert opened(lab) == OPENAI_KEY


def test_an_overlay_is_sealed_in_its_own_vault(lab: Lab) -> None:
    name = "environments/prod/openai.yaml"
    done = edit(lab, f"import re; path.write_text(re.sub('sk-proj-\\\\w+', '{NEW_KEY}', text))", name)
    assert done.returncode == 0, done.stderr
    assert f"k={lab.kid('prod')};" in lab.token(name)
    assert opened(lab, "credential/openai/main", "--env", "prod") == NEW_KEY


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("path.write_text(text + '\\n  - [broken\\n')", "not YAML"),
        (f"path.write_text(text.replace('{OPENAI_KEY}', 'your-key-here'))", "holds a placeholder"),
        (f"path.write_text(text.replace('{OPENAI_KEY}', '\"\"'))", "holds nothing or a dummy"),
        (f"path.write_text(text.replace('{OPENAI_KEY}', '1234567890123'))", "string"),
        (f"path.write_text(text.replace('{OPENAI_KEY}', 'ENC(v1;k=cut'))", "token that is not well formed"),
        (f"path.write_text(text.replace('{OPENAI_KEY}', '[{OPENAI_KEY}]'))", "string"),
        (f"path.write_text(text + '    api_key: {NEW_KEY}\\n')", "not YAML"),
        ("path.write_text(text.replace('    api_key', '    api_key: x\\n    api_key', 1))", "stands twice"),
        ("path.write_bytes(b'\\xff\\xfe' + text.encode())", "no longer UTF-8"),
        ("path.unlink()", "the editor left no"),
        ("sys.exit(3)", "the editor ended with status 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "the editor was ended by signal 9"),
    ],
)
def test_what_cannot_be_sealed_changes_nothing(lab: Lab, body: str, said: str) -> None:
    before = (lab.root / FILE).read_bytes()
    done = edit(lab, body)
    assert done.returncode == 1
    assert said in done.stderr
    assert (lab.root / FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("/nowhere/editor", "`/nowhere/editor` cannot be started: No such file"),
        ("'unbalanced", "unbalanced quote"),
        (" ", "is blank"),
    ],
)
def test_an_editor_that_does_not_start_changes_nothing(lab: Lab, editor: str, said: str) -> None:
    done = lab.run("secrets", "edit", FILE, env={"EDITOR": editor})
    assert done.returncode == 1
    assert said in done.stderr


def test_a_value_behind_an_alias_is_not_sealed_in_two_places(lab: Lab) -> None:
    added = "  - name: second\\n    api_key: *key\\n"
    body = f"path.write_text(text.replace('api_key: ', 'api_key: &key ').replace('models:\\n', '{added}models:\\n', 1))"
    before = (lab.root / FILE).read_bytes()
    done = edit(lab, body)
    assert done.returncode == 1
    assert "an anchor, an alias or a merge key" in done.stderr
    assert (lab.root / FILE).read_bytes() == before


def test_line_breaks_and_the_byte_order_mark_stay(lab: Lab) -> None:
    file = lab.root / FILE
    before = b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n")
    file.write_bytes(before)
    done = edit(lab, "path.write_bytes(text.replace('context: 400000', 'context: 300000', 1).encode())")
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == before.replace(b"context: 400000", b"context: 300000", 1)


def test_a_byte_order_mark_of_the_editor_is_not_kept(lab: Lab) -> None:
    before = (lab.root / FILE).read_bytes()
    edit(lab, "path.write_bytes(b'\\xef\\xbb\\xbf' + text.encode() + b'# more\\n')")
    assert (lab.root / FILE).read_bytes() == before + b"# more\n"


def test_an_editor_that_replaces_the_file_is_fine(lab: Lab) -> None:
    body = (
        "new = path.with_name('new~')\n"
        f"new.write_text(text.replace('{OPENAI_KEY}', '{NEW_KEY}'))\n"
        "path.rename(path.with_name('backup~')); new.rename(path)"
    )
    assert edit(lab, body).returncode == 0
    assert opened(lab) == NEW_KEY


def test_what_changed_under_the_editor_is_not_overwritten(lab: Lab) -> None:
    target = str(lab.root / FILE)
    theirs = f"open({target!r}, 'a').write('# theirs\\n')"
    done = edit(lab, f"{theirs}\npath.write_text(text + '# mine\\n')")
    assert done.returncode == 1
    assert "changed by somebody else meanwhile" in done.stderr
    assert (lab.root / FILE).read_text().endswith("# theirs\n")


def test_a_file_whose_token_does_not_open_is_not_edited(lab: Lab) -> None:
    lab.edit(FILE, "hosts: [api.openai.com]", "hosts: [api.openai.com, evil.example]")
    done = edit(lab, "path.write_text(text + '# more\\n')")
    assert done.returncode == 1
    assert "credential/openai/main api_key" in done.stderr


def test_without_an_identity_no_editor_starts(lab: Lab) -> None:
    editor = script(lab, f"pathlib.Path({str(lab.home)!r}, 'started').touch()")
    done = lab.run("secrets", "edit", FILE, key=False, env={"EDITOR": editor})
    assert done.returncode == 4
    assert "no identity at hand" in done.stderr
    assert not (lab.home / "started").exists()


@pytest.mark.parametrize("name", ["../outside.yaml", "config/missing.yaml"])
def test_a_path_that_is_not_there_is_wrong_usage(lab: Lab, name: str) -> None:
    assert edit(lab, "pass", name).returncode == 2


def _waiting(lab: Lab) -> tuple[subprocess.Popen[bytes], Path]:
    """Start an edit whose editor waits, and return the process and the file with the plain text."""
    note = lab.home / "note"
    body = f"pathlib.Path({str(note)!r} + '~').write_text(str(path)); os.rename({str(note)!r} + '~', {str(note)!r})"
    process = subprocess.Popen(
        [sys.executable, "-m", "llmconf", "secrets", "edit", FILE],
        cwd=lab.root,
        env={**lab.environment(), "EDITOR": script(lab, body + "\ntime.sleep(60)")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while not note.exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.01)
    return process, Path(note.read_text())


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)],
)
def test_a_signal_takes_the_plain_text_away(lab: Lab, number: signal.Signals, status: int) -> None:
    before = (lab.root / FILE).read_bytes()
    process, plain = _waiting(lab)
    assert OPENAI_KEY in plain.read_text()
    assert stat.S_IMODE(plain.stat().st_mode) == 0o600
    assert stat.S_IMODE(plain.parent.stat().st_mode) == 0o700
    assert plain.is_relative_to(MEMORY if os.access(MEMORY, os.W_OK) else lab.home / "tmp")
    process.send_signal(number)
    assert process.wait(30) == status
    assert not plain.parent.exists()
    assert (lab.root / FILE).read_bytes() == before


def test_what_a_killed_edit_left_goes_with_the_next_one(lab: Lab) -> None:
    """SIGKILL cannot be caught; what is held by a living process stays."""
    process, plain = _waiting(lab)
    process.kill()
    process.wait()
    assert plain.exists()
    long_ago = time.time() - 3600
    os.utime(plain.parent, (long_ago, long_ago))
    second, other = _waiting_elsewhere(lab)
    os.utime(other.parent, (long_ago, long_ago))
    edit(lab, "pass")
    assert not plain.parent.exists()
    assert other.exists()
    second.terminate()
    second.wait()


def _waiting_elsewhere(lab: Lab) -> tuple[subprocess.Popen[bytes], Path]:
    again = make_lab(lab.home)
    return _waiting(again)


def test_the_lock_is_held_and_a_second_command_waits(lab: Lab) -> None:
    process, _ = _waiting(lab)
    second = subprocess.Popen(
        [sys.executable, "-m", "llmconf", "secrets", "set", "credential/anthropic/main", "api_key"],
        cwd=lab.root,
        env=lab.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert second.stdin is not None
    assert second.stderr is not None
    second.stdin.write(NEW_KEY.encode())
    second.stdin.close()
    assert second.stderr.readline() == b"llmconf: waiting for another llmconf to finish\n"
    process.terminate()
    process.wait()
    assert second.wait(60) == 0
    second.stderr.close()
    assert opened(lab, "credential/anthropic/main") == NEW_KEY != ANTHROPIC_KEY
