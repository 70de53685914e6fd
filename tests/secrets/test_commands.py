"""The commands below `llmconf secrets`, as somebody uses them who has read their help: the first steps."""

from __future__ import annotations

import getpass
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from commands import commit_all, copy_example, git
from secret_projects import MAIN, NEW_KEY, ok, opened, program
from secret_support import Lab, leaks, new_identity

FILE = "config/openai.yaml"
MISTRAL = ("credential/mistral/main", "api_key")
TOKEN = re.compile(r"ENC\([^)]*\)")


@pytest.fixture
def fresh(tmp_path: Path) -> Lab:
    """The example of a whole company in a new repository, without any key, on a machine without any identity."""
    root = copy_example("acme", tmp_path)
    for file in root.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        # Nobody can open the tokens of the example; a new user has none.
        file.write_text(TOKEN.sub("env:LLMCONF_UNSET", text), encoding="utf-8")
    home = tmp_path / "home"
    (home / "tmp").mkdir(parents=True)
    commit_all(root)
    return Lab(root, home, "")


def _commands(*group: str) -> list[tuple[str, ...]]:
    shown = subprocess.run(
        [sys.executable, "-m", "llmconf", *group, "--help"], capture_output=True, text=True, check=True
    ).stdout
    names = re.findall(r"^  ([a-z-]+)  ", shown.partition("Commands:")[2], re.MULTILINE)
    return [(*group, name) for name in names]


COMMANDS = [*_commands("secrets"), *_commands("secrets", "recipients"), ("exec",)]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples_of_itself(path: tuple[str, ...], lab: Lab) -> None:
    shown = ok(lab.run(*path, "--help"))
    examples = [line for line in shown.partition("Examples:")[2].splitlines() if "llmconf" in line]
    assert examples
    assert all(f"llmconf {' '.join(path)}" in line for line in examples)
    assert "--debug" in shown or path == ("secrets", "recipients")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_outside_of_a_project(path: tuple[str, ...], lab: Lab, tmp_path: Path) -> None:
    if path[-1] in ("keygen", "recipients", "scan"):
        return
    arguments = {"set": MAIN, "get": MAIN, "decrypt": ("x", "--reveal"), "edit": ("x",), "add": ("x", "age1x")}
    extra = arguments.get(path[-1], ("x",) if path[-1] in ("remove", "import-sops", "export-sops") else ())
    extra = ("--", "true") if path == ("exec",) else extra
    done = subprocess.run(
        [sys.executable, "-m", "llmconf", *path, *extra],
        cwd=tmp_path, env=lab.environment(), input="x" * 30, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_way_of_a_new_user(fresh: Lab) -> None:
    public = ok(fresh.run("secrets", "keygen", key=False)).strip()
    identity = fresh.home / "config/llmconf/identities.txt"
    assert stat.S_IMODE(identity.stat().st_mode) == 0o600
    assert f"wrapped for {_me()}" in ok(fresh.run("secrets", "init", key=False))
    ok(fresh.run("secrets", "init", "--vault", "prod", key=False))
    keys = {f"fakeACMEfakeACMEfakeACMEfake000{i}": None for i in range(3)}
    first, second, third = keys
    _put(fresh, "config/credentials/vendors.yaml", 0, f'"{first}" # of the account')
    _put(fresh, "config/credentials/cloud.yaml", 0, second)
    _put(fresh, "environments/prod/credentials.yaml", 0, f"'{third}'")
    git("add", "--all", cwd=fresh.root)
    git("commit", "--quiet", "--message=in plain text, for the test", cwd=fresh.root)
    said = ok(fresh.run("secrets", "encrypt", key=False))
    assert said.count("sealed in") == 3
    assert leaks(said, keys) == []
    shown = git("diff", "--numstat", cwd=fresh.root).splitlines()
    assert shown == [
        "1\t1\tconfig/credentials/cloud.yaml",
        "2\t1\tconfig/credentials/vendors.yaml",
        "1\t1\tenvironments/prod/credentials.yaml",
    ]
    added = [line for line in git("diff", cwd=fresh.root).splitlines() if re.match(r"\+[^+]", line)]
    assert sorted(re.sub(TOKEN, "TOKEN", line) for line in added) == [
        "+access_key_id: TOKEN",
        '+api_key: "TOKEN" # of the account',
        "+api_key: 'TOKEN'",
        "+hosts: [api.mistral.ai]",
    ]
    assert ok(fresh.run("secrets", "encrypt", key=False)) == "nothing to seal\n"
    validated = fresh.run("validate", "--today", "2026-11-23", key=False, env={"XDG_CONFIG_HOME": str(fresh.root)})
    assert validated.returncode == 0, validated.stdout
    for wrapped in [*fresh.root.glob("keys/*/*/*.age")]:
        unwrapped = subprocess.run(
            [program("age"), "-d", "-i", identity, wrapped], capture_output=True, check=True
        ).stdout.splitlines()
        assert (unwrapped[0], len(unwrapped)) == (b"llmconf-key-v1", 3)
    assert public in ok(fresh.run("secrets", "recipients", "list", key=False))
    assert opened(_with_identity(fresh, identity), *MISTRAL) == first


def test_a_vault_is_begun_in_the_example_as_it_is(tmp_path: Path) -> None:
    root = copy_example("acme", tmp_path)
    (tmp_path / "home/tmp").mkdir(parents=True)
    commit_all(root)
    lab = Lab(root, tmp_path / "home", "")
    ok(lab.run("secrets", "keygen", key=False))
    begun = ok(lab.run("secrets", "init", key=False))
    # Its tokens are for show: nobody has their keys.
    assert "there are tokens under keys that are gone (d2rwibu3zf)" in begun
    secrets = {name: f"fakeACMEfakeACMEfakeACME-{name}" for name in ("groq", "deepseek", "openrouter")}
    for name, secret in secrets.items():
        file = root / f"config/providers/{name}.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r"(?m)(?<=    api_key: )\S+", secret, text, count=1), encoding="utf-8")
    git("add", "--all", cwd=root)
    git("commit", "--quiet", "--message=in plain text, for the test", cwd=root)
    said = ok(lab.run("secrets", "encrypt", key=False))
    assert said.count("sealed in") == len(secrets)
    shown = [line.split("\t") for line in git("diff", "--numstat", cwd=root).splitlines()]
    assert [name for _, _, name in shown] == [f"config/providers/{name}.yaml" for name in sorted(secrets)]
    assert {removed for _, removed, _ in shown} == {"1"}
    assert ok(lab.run("secrets", "encrypt", key=False)) == "nothing to seal\n"
    nobody = {"XDG_CONFIG_HOME": str(root)}
    validated = lab.run("validate", "--today", "2026-11-23", key=False, env=nobody)
    assert validated.returncode == 0, validated.stdout
    identity = _with_identity(lab, lab.home / "config/llmconf/identities.txt")
    for name, secret in secrets.items():
        assert opened(identity, f"credential/{name}/main", "api_key") == secret


def _me() -> str:
    return re.sub(r"[^a-z0-9]+", "-", getpass.getuser().lower()).strip("-")


def _with_identity(lab: Lab, file: Path) -> Lab:
    return Lab(lab.root, lab.home, file.read_text().splitlines()[-1])


def _put(lab: Lab, name: str, index: int, value: str) -> None:
    file = lab.root / name
    text = file.read_text(encoding="utf-8")
    found = [*re.finditer(r"env:LLMCONF_UNSET", text)][index]
    file.write_text(text[: found.start()] + value + text[found.end() :], encoding="utf-8")


def test_keygen_never_overwrites(fresh: Lab) -> None:
    file = fresh.home / "ci.key"
    ok(fresh.run("secrets", "keygen", "--out", file, key=False))
    before = file.read_bytes()
    done = fresh.run("secrets", "keygen", "--out", file, key=False)
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert file.read_bytes() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keygen_makes_what_age_can_use(fresh: Lab) -> None:
    file = fresh.home / "ci.key"
    public = ok(fresh.run("secrets", "keygen", "--out", file, key=False)).strip()
    shown = subprocess.run([program("age-keygen"), "-y", file], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == public


@pytest.mark.parametrize("out", ["/proc/nowhere/key", "/dev/full/key"])
def test_keygen_says_where_it_cannot_write(fresh: Lab, out: str) -> None:
    done = fresh.run("secrets", "keygen", "--out", out, key=False)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert done.stdout == ""


def test_init_without_an_identity_says_what_to_do(fresh: Lab) -> None:
    done = fresh.run("secrets", "init", key=False)
    assert done.returncode == 1
    assert "--recipient NAME=age1" in done.stderr
    assert "llmconf secrets keygen" in done.stderr
    assert not (fresh.root / "keys").exists()


def test_init_twice_is_refused(lab: Lab) -> None:
    before = sorted(lab.root.glob("keys/**/*"))
    done = lab.run("secrets", "init")
    assert done.returncode == 1
    assert "has a key already" in done.stderr
    assert sorted(lab.root.glob("keys/**/*")) == before


@pytest.mark.parametrize(
    ("recipients", "said"),
    [
        (["alice"], "NAME=PUBLIC-KEY"),
        (["=age1x"], "NAME=PUBLIC-KEY"),
        (["../alice=age1x"], "NAME=PUBLIC-KEY"),
        (["alice=age1nonsense"], "not a public key"),
        (["alice=AGE-SECRET-KEY-1FAKE"], "not a public key"),
        (["alice={public}", "alice={public}"], "the same name"),
    ],
)
def test_init_with_a_wrong_recipient_makes_nothing(fresh: Lab, recipients: list[str], said: str) -> None:
    public = new_identity()[1]
    options = [part for entry in recipients for part in ("--recipient", entry.format(public=public))]
    done = fresh.run("secrets", "init", *options, key=False)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert not (fresh.root / "keys").exists()


@pytest.mark.parametrize("vault", ["../x", "Prod", "", "a/b"])
def test_a_vault_is_a_name(fresh: Lab, vault: str) -> None:
    assert fresh.run("secrets", "init", "--vault", vault, key=False).returncode == 2


def test_ssh_keys_and_several_recipients_open_a_vault(fresh: Lab) -> None:
    options = []
    for kind, bits in (("ed25519", ()), ("rsa", ("-b", "2048"))):
        file = fresh.home / f"id_{kind}"
        make = [program("ssh-keygen"), "-q", "-t", kind, *bits, "-N", "", "-C", "laptop: mine # one", "-f", str(file)]
        subprocess.run(make, check=True)
        options += ["--recipient", f"{kind}={file.with_suffix('.pub').read_text().strip()}"]
    identity, public = new_identity()
    ok(fresh.run("secrets", "init", *options, "--recipient", f"x={public}", key=False))
    _put(fresh, "config/credentials/vendors.yaml", 0, NEW_KEY)
    fresh.identity = identity
    ok(fresh.run("secrets", "encrypt"))
    for kind in ("ed25519", "rsa"):
        identity_file = {"LLMCONF_AGE_KEY_FILE": str(fresh.home / f"id_{kind}")}
        done = fresh.run("secrets", "get", *MISTRAL, "--reveal", key=False, env=identity_file)
        assert ok(done) == NEW_KEY + "\n"
        (wrapped,) = fresh.root.glob(f"keys/default/*/{kind}.age")
        opening = [program("age"), "-d", "-i", fresh.home / f"id_{kind}", wrapped]
        subprocess.run(opening, capture_output=True, check=True)
    assert "laptop: mine # one" in ok(fresh.run("secrets", "recipients", "list"))
    assert fresh.run("secrets", "check").returncode == 0


def test_an_ssh_key_of_the_user_is_found_by_itself(fresh: Lab) -> None:
    file = fresh.home / ".ssh/id_ed25519"
    file.parent.mkdir()
    subprocess.run([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    public = file.with_suffix(".pub").read_text().strip()
    ok(fresh.run("secrets", "init", "--recipient", f"me={public}", key=False))
    ok(fresh.run("secrets", "set", *MISTRAL, key=False, stdin=NEW_KEY))
    done = fresh.run("secrets", "get", *MISTRAL, "--reveal", key=False)
    assert ok(done) == NEW_KEY + "\n"


def test_encrypt_looks_at_the_given_paths_only(lab: Lab) -> None:
    for name in (FILE, "config/anthropic.yaml"):
        lab.edit(name, lab.token(name), NEW_KEY)
    assert "credential/openai/main" in ok(lab.run("secrets", "encrypt", FILE))
    assert NEW_KEY in (lab.root / "config/anthropic.yaml").read_text()
    assert ok(lab.run("secrets", "encrypt", "config")).count("sealed in") == 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("your-key-here", "LCK002"),
        ("dummy", "LCK003"),
        ('""', "LCK003"),
        ("ENC(v1;k=cut", "LCK004"),
        ("12345678", "LCS005"),
    ],
)
def test_encrypt_leaves_and_reports_what_is_no_secret(lab: Lab, value: str, code: str) -> None:
    lab.edit(FILE, lab.token(FILE), value)
    lab.edit("config/anthropic.yaml", lab.token("config/anthropic.yaml"), NEW_KEY)
    done = lab.run("secrets", "encrypt")
    assert done.returncode == 1
    assert code in done.stderr
    assert "credential/anthropic/main api_key sealed" in done.stdout
    assert value in (lab.root / FILE).read_text()


def test_encrypt_seals_the_rest_where_one_file_does_not_parse(lab: Lab) -> None:
    lab.write("config/broken.yaml", f"kind: Credential\n  api_key: {NEW_KEY}\n [")
    lab.edit(FILE, lab.token(FILE), NEW_KEY)
    done = lab.run("secrets", "encrypt")
    assert done.returncode == 1
    assert "broken.yaml" in done.stderr
    assert NEW_KEY not in done.stderr + done.stdout
    assert NEW_KEY not in (lab.root / FILE).read_text()


def test_encrypt_leaves_a_file_where_a_key_stands_twice(lab: Lab) -> None:
    """Nobody knows which of the two is meant, and sealing one would leave the other in plain text."""
    lab.edit(FILE, lab.token(FILE), f"{NEW_KEY}\n    api_key: {NEW_KEY}")
    before = (lab.root / FILE).read_bytes()
    done = lab.run("secrets", "encrypt")
    assert done.returncode == 1
    assert "stands twice" in done.stderr
    assert (lab.root / FILE).read_bytes() == before


@pytest.mark.parametrize("command", [("encrypt",), ("rotate",), ("prune",), ("set", *MAIN)])
def test_no_secret_is_sealed_where_nobody_knows_its_vault(lab: Lab, command: tuple[str, ...]) -> None:
    lab.edit("llmconf.yaml", "prod: {vault: prod}", "prod: {vualt: prod}")
    done = lab.run("secrets", *command, stdin=NEW_KEY)
    assert done.returncode == 1
    assert "llmconf.yaml is not valid" in done.stderr


def test_an_overlay_of_an_unknown_environment_is_not_sealed_in_the_default_vault(lab: Lab) -> None:
    overlay = f"kind: Provider\nname: openai\ncredentials:\n  - {{name: main, api_key: {NEW_KEY}}}\n"
    lab.write("environments/prd/openai.yaml", overlay)
    done = lab.run("secrets", "encrypt")
    assert done.returncode == 1
    assert "there is no environment `prd`" in done.stderr
    assert NEW_KEY in (lab.root / "environments/prd/openai.yaml").read_text()
