"""What git shows of secrets after `llmconf git setup`: real diffs, and texts that must not get through."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from secret_repository import FIRST, OPENAI, SECOND, Repository, new_repository

CONFIG = "config/openai.yaml"


def _shown(text: str, sign: str) -> list[str]:
    """Return the lines of a diff with a secret that were removed or added."""
    return re.findall(rf"^\{sign}\s+api_key: (.*)$", text, re.MULTILINE)


def test_setup_changes_this_clone_only_and_once(repository: Repository) -> None:
    first = repository.llmconf("git", "setup")
    assert "git config diff.llmconf.textconv = llmconf git textconv" in first.stdout
    assert ".gitattributes: /config/**/*.yaml diff=llmconf" in first.stdout
    settings = repository.git("config", "--local", "--list")
    assert "diff.llmconf.textconv=llmconf git textconv\n" in settings
    assert "diff.llmconf.cachetextconv=false\n" in settings
    assert "llmconf" not in repository.git("config", "--global", "--list")
    before = (repository.root / ".gitattributes").read_bytes(), (repository.root / ".git/config").read_bytes()
    assert "nothing to change" in repository.llmconf("git", "setup").stdout
    assert before == ((repository.root / ".gitattributes").read_bytes(), (repository.root / ".git/config").read_bytes())


def test_setup_covers_the_configuration_and_nothing_else(repository: Repository) -> None:
    repository.llmconf("git", "setup")
    names = [
        "config/a.yaml",
        "config/x/y/b.yaml",
        "environments/prod/c.yaml",
        "other/config/d.yaml",
        "llmconf.yaml",
        "config/a.md",
    ]
    said = repository.git("check-attr", "diff", "--", *names)
    assert [line.rpartition(": ")[2] for line in said.splitlines()] == ["llmconf"] * 3 + ["unspecified"] * 3


@pytest.mark.parametrize(
    ("old", "kept"),
    [
        (b"*.png binary\n", b"*.png binary\n"),
        (b"*.png binary", b"*.png binary\n"),
        (b"# ours\r\n*.png binary\r\n", b"# ours\r\n*.png binary\r\n"),
        (b"\xef\xbb\xbf*.png binary\n", b"\xef\xbb\xbf*.png binary\n"),
        (b"/config/**/*.yaml   diff=llmconf\n", b"/config/**/*.yaml   diff=llmconf\n"),
        (b"", b""),
    ],
)
def test_setup_keeps_the_lines_that_are_there(repository: Repository, old: bytes, kept: bytes) -> None:
    file = repository.root / ".gitattributes"
    file.write_bytes(old)
    repository.llmconf("git", "setup")
    new = file.read_bytes()
    assert new.startswith(kept)
    added = new[len(kept) :]
    assert added.count(b"\r\n") == (added.count(b"\n") if b"\r\n" in old else 0)
    assert new.count(b"diff=llmconf") == 2


def test_setup_keeps_the_line_ends_of_locks(repository: Repository) -> None:
    """A clone that wants CRLF gets it in other files; the lock stays as `sync` writes it."""
    repository.llmconf("git", "setup")
    lock = repository.root / "lock/openai.lock.yaml"
    lock.parent.mkdir()
    lock.write_bytes(b"version: 1\n")
    repository.commit("Lock")
    repository.git("config", "core.autocrlf", "true")
    for file in (lock, repository.root / "llmconf.yaml"):
        file.unlink()
    repository.git("checkout", "--", ".")
    assert lock.read_bytes() == b"version: 1\n"
    assert b"\r\n" in (repository.root / "llmconf.yaml").read_bytes()


def test_setup_takes_the_project_below_the_root_of_the_repository(tmp_path: Path) -> None:
    repository = new_repository(tmp_path, folder="deep/project")
    repository.llmconf("git", "setup")
    said = repository.git("check-attr", "diff", "--", CONFIG)
    assert said.endswith(": llmconf\n")
    assert not (repository.top / ".gitattributes").exists()


def test_setup_follows_no_link_and_says_where_it_cannot_work(repository: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("*.png binary\n", encoding="utf-8")
    (repository.root / ".gitattributes").symlink_to(outside)
    done = repository.llmconf("git", "setup", status=1)
    assert "link" in done.stderr
    assert outside.read_text(encoding="utf-8") == "*.png binary\n"
    bare = tmp_path / "no-git"
    bare.mkdir()
    (bare / "llmconf.yaml").write_text("version: 1\nname: none\n", encoding="utf-8")
    done = run("git", "setup", cwd=bare)
    assert done.returncode == 2
    assert "not in a git repository" in done.stderr
    assert run("git", "setup", cwd=tmp_path).returncode == 2


def test_git_diff_tells_a_changed_secret_from_one_that_was_sealed_again(repository: Repository) -> None:
    repository.llmconf("git", "setup")
    repository.commit("Sealed")
    repository.llmconf("secrets", "rotate")
    diff = repository.git("diff", "--", CONFIG)
    old, new = _shown(diff, "-"), _shown(diff, "+")
    assert old
    assert [re.sub(r" k=\w+", "", line) for line in old] == [re.sub(r" k=\w+", "", line) for line in new]
    assert old != new
    assert re.fullmatch(r"ENC\(\*\*\*\*AAAA f=[a-z2-7]{8} r=1 k=[a-z2-7]{10}\).*", old[0])
    repository.commit("Rotated")

    repository.llmconf("secrets", "set", OPENAI, "api_key", stdin=SECOND)
    diff = repository.git("diff", "--", CONFIG)
    (old_line,), (new_line,) = _shown(diff, "-"), _shown(diff, "+")
    assert " r=1 " in old_line
    assert " r=2 " in new_line
    assert "****BBBB" in new_line
    assert re.findall(r"f=(\w+)", old_line) != re.findall(r"f=(\w+)", new_line)
    repository.commit("Changed")

    for said in (repository.git("log", "-p"), repository.git("show"), repository.git("show", "HEAD~1")):
        assert ";d=" not in re.sub(r"(?s)diff --git a/keys.*?(?=diff --git|\Z)", "", said)
        assert FIRST not in said
        assert SECOND not in said


def test_git_diff_masks_a_plain_secret_and_survives_broken_files(repository: Repository) -> None:
    repository.llmconf("git", "setup")
    repository.commit("Sealed")
    file = repository.root / CONFIG
    text = file.read_text(encoding="utf-8")
    plain = re.sub(r"ENC\([^)]*\)", f'"{FIRST}"', text)
    file.write_text(plain, encoding="utf-8")
    diff = repository.git("diff")
    assert _shown(diff, "+")[0].startswith('"****"')
    assert FIRST not in diff
    file.write_bytes(plain.encode() + b"\t: [\xff\xfe broken\n")
    diff = repository.git("diff")
    assert "broken" in diff
    assert FIRST not in diff


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbfname: a\r\n",
        b"\xff\x00\x80 not text",
        b"{" * 5000,
        b"a: &a [*a]\n",
        b"&a : *a\n",
        b"%YAML 9.9\n--- !<x> y\n",
        "k: \u2028\u0085\n".encode(),
    ],
)
def test_textconv_takes_any_bytes_and_keeps_what_is_no_secret(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "any.yaml"
    file.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "llmconf", "git", "textconv", str(file)], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, data, b"")


def test_textconv_reads_utf_16_and_does_not_stop_a_diff(tmp_path: Path) -> None:
    file = tmp_path / "wide.yaml"
    file.write_bytes("api_key: fakeHIDDENfake0123456789\n".encode("utf-16"))
    assert run("git", "textconv", file).stdout == "api_key: ****\n"
    assert run("git", "textconv", tmp_path / "missing.yaml").returncode == 0
    if os.getuid():
        file.chmod(stat.S_IWUSR)
        assert run("git", "textconv", file).returncode == 0


def test_a_commit_may_be_of_any_day(repository: Repository) -> None:
    """Whoever makes a commit says when it was; `secrets list` shows who changed a secret last."""
    file = repository.root / CONFIG
    file.write_text(file.read_text(encoding="utf-8").replace("ENC(", " ENC("), encoding="utf-8")
    repository.git("commit", "--quiet", "--all", "--date=@99999999999999 +0000", "--message=Later")
    assert "on an invalid day" in repository.llmconf("secrets", "list").stdout
