"""The folders of the user: those of XDG, never a relative one, and a user without a home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import copy_example

from llmconf.secrets.vault import age

HOMELESS = "import os, pwd\nos.environ.pop('HOME', None)\npwd.getpwuid = lambda _: {}[0]\n"
MAIN = "from llmconf.__main__ import main\nmain()\n"


def run(
    *args: str, cwd: Path, before: str = "", stdin: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with nothing of the developer's in its environment."""
    return subprocess.run(
        [sys.executable, "-c", before + MAIN, *args], cwd=cwd, env={"PATH": os.environ["PATH"], **settings},
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def keygen(home: Path, **settings: str) -> Path:
    """Make an identity in the user's config folder and return the file that was written."""
    done = run("secrets", "keygen", cwd=home, HOME=str(home), **settings)
    assert done.returncode == 0, done.stderr
    return Path(done.stderr.strip().removeprefix("identity written to "))


@pytest.mark.skipif(sys.platform != "linux", reason="these are the folders of Linux")
@pytest.mark.parametrize("config", [None, "", "relative", "~/somewhere", "absolute"])
def test_identities_are_in_the_config_folder(tmp_path: Path, config: str | None) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    value = str(other) if config == "absolute" else config
    file = keygen(home, **({} if value is None else {"XDG_CONFIG_HOME": value}))
    assert file == (other if config == "absolute" else home / ".config") / "llmconf/identities.txt"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="these are the folders of Linux")
@pytest.mark.parametrize("settings", [{}, {"XDG_CONFIG_HOME": "relative", "XDG_STATE_HOME": "relative"}])
@pytest.mark.parametrize("program", ["llmconf", "sops", "ssh"])
def test_identities_and_trust_without_git(tmp_path: Path, program: str, settings: dict[str, str]) -> None:
    """An identity in the user's folders opens what was sealed for it, and trust is kept in the state folder."""
    home = tmp_path / "home"
    own = keygen(home_of(home), **settings)
    public = own.read_text(encoding="utf-8").split()[3]
    if program == "sops":
        (home / ".config/sops/age").mkdir(parents=True)
        own.rename(home / ".config/sops/age/keys.txt")
    elif program == "ssh":
        own.unlink()
        (home / ".ssh").mkdir()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / ".ssh/id_ed25519"], check=True)
        public = (home / ".ssh/id_ed25519.pub").read_text(encoding="utf-8").strip()
    root = copy_example("minimal", tmp_path)
    sealed = {"cwd": root, "HOME": str(home), **settings}
    done = run("secrets", "init", "--recipient", f"me={public}", **sealed)
    assert done.returncode == 0, done.stderr
    identity = "credential/openai/main"
    done = run("secrets", "set", identity, "api_key", stdin="fakeSECRETfakeSECRET", **sealed)
    assert done.returncode == 0, done.stderr
    assert "fakeSECRETfakeSECRET" in run("secrets", "get", identity, "api_key", "--reveal", **sealed).stdout
    assert [file.parent for file in (home / ".local/state").rglob("pins-*.json")] == [home / ".local/state/llmconf"]
    assert not (root / "relative").exists()


def home_of(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_user_without_a_home_opens_secrets_and_seals_none(tmp_path: Path) -> None:
    root = copy_example("minimal", tmp_path)
    identity, public = age.generate()
    home = {"HOME": str(tmp_path), "LLMCONF_AGE_KEY": identity}
    assert run("secrets", "init", "--recipient", f"me={public}", cwd=root, **home).returncode == 0
    target = ("credential/openai/main", "api_key")
    assert run("secrets", "set", *target, cwd=root, stdin="fakeSECRETfakeSECRET", **home).returncode == 0
    alone = {"cwd": root, "before": HOMELESS}
    opened = run("secrets", "get", *target, "--reveal", LLMCONF_AGE_KEY=identity, **alone)
    assert "fakeSECRETfakeSECRET" in opened.stdout, opened.stderr
    closed = run("secrets", "get", *target, "--reveal", **alone)
    assert closed.returncode == 4
    assert "this user has no home" in closed.stderr
    sealed = run("secrets", "set", *target, stdin="fakeOTHERfakeOTHER", LLMCONF_AGE_KEY=identity, **alone)
    assert sealed.returncode == 4
    assert "set HOME or XDG_STATE_HOME" in sealed.stderr
    state = {"XDG_STATE_HOME": str(tmp_path / ".local/state")}
    sealed = run("secrets", "set", *target, stdin="fakeOTHERfakeOTHER", LLMCONF_AGE_KEY=identity, **state, **alone)
    assert sealed.returncode == 0, sealed.stderr


def test_a_user_without_a_home_names_where_a_new_identity_goes(tmp_path: Path) -> None:
    done = run("secrets", "keygen", cwd=tmp_path, before=HOMELESS)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--out FILE" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert run("secrets", "keygen", "--out", "own.key", cwd=tmp_path, before=HOMELESS).returncode == 0
