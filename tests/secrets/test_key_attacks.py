"""Attacks on the keys of a vault: recipients slipped in, keys of one's own, forged chains, hostile files.

The attacker can write every file of the repository and holds no key, or one that was taken from them. Nothing
may ever be wrapped for them, or sealed under a key of theirs.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable

import pytest
from commands import commit_all, git
from secret_support import CI_SECRETS, SEALED, Lab, leaks, new_identity

from llmconf.core.errors import RefusedError
from llmconf.secrets.vault import age, store
from llmconf.secrets.vault.files import Recipient
from llmconf.secrets.vault.token import DataKey
from llmconf.workspace.repository import pin_file
from llmconf.workspace.tree import FolderTree

NEW_KEY = "sk-proj-fakeCANARYnewCANARYfakeCANARYnewfakeGGGG"


@pytest.fixture(scope="module")
def mallory() -> tuple[str, str]:
    return new_identity()


def _write(lab: Lab, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        file = lab.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _opens(lab: Lab, identity: str) -> list[str]:
    """Return the wrapped keys below the project that an identity opens."""
    with lab.inside(key=False):
        keys = age.find_identities()
        age._parse(keys, identity, "test")
    found = []
    for file in lab.root.rglob("*.age"):
        with contextlib.suppress(RefusedError):
            found += [str(file)] if age.unwrap(file.read_bytes(), keys) is not None else []
    return found


def _alice(lab: Lab) -> Recipient:
    text = (lab.root / "keys/default/recipients/alice.yaml").read_text()
    return Recipient("alice", text.removeprefix("public_key: ").strip())


def _set(lab: Lab, *options: str) -> tuple[int, str]:
    done = lab.run("secrets", "set", "credential/openai/main", "api_key", *options, stdin=NEW_KEY, ci=True)
    said = done.stdout + done.stderr
    assert leaks(said, [*SEALED, NEW_KEY, lab.identity, *CI_SECRETS.values()]) == []
    return done.returncode, said


def _said(lab: Lab, *args: str, key: bool = True) -> tuple[int, str]:
    done = lab.run(*args, key=key, ci=True)
    said = done.stdout + done.stderr
    assert leaks(said, [*SEALED, lab.identity, *CI_SECRETS.values()]) == []
    return done.returncode, said


def _fresh_clone(lab: Lab) -> Lab:
    """Return a clone that trusts no key yet, of the project as it stands."""
    commit_all(lab.root)
    clone = lab.root.with_name("clone")
    git("clone", "--quiet", lab.root, clone, cwd=lab.root)
    return Lab(clone, lab.home, lab.identity)


# --- Recipients -----------------------------------------------------------------------------------


def _no_mac(lab: Lab, public: str) -> None:
    lab.write("keys/default/recipients/mallory.yaml", f"public_key: {public}\n")


def _forged_mac(lab: Lab, public: str) -> None:
    _no_mac(lab, public)
    lab.write(f"keys/default/{lab.kid()}/mallory.mac", "0" * 64 + "\n")


def _copied_mac(lab: Lab, public: str) -> None:
    _no_mac(lab, public)
    folder = lab.root / "keys/default" / lab.kid()
    shutil.copy(folder / "alice.mac", folder / "mallory.mac")


def _taken_name(lab: Lab, public: str) -> None:
    lab.write("keys/default/recipients/alice.yaml", f"public_key: {public}\n")


@pytest.mark.parametrize(
    ("slip_in", "name", "shows"),
    [
        (_no_mac, "mallory", True),
        (_forged_mac, "mallory", False),
        (_copied_mac, "mallory", False),
        (_taken_name, "alice", False),
    ],
)
def test_a_recipient_slipped_in(
    lab: Lab, mallory: tuple[str, str], slip_in: Callable[[Lab, str], None], name: str, shows: bool
) -> None:
    identity, public = mallory
    slip_in(lab, public)
    status, said = _said(lab, "validate", key=False)
    assert status == (1 if shows else 0), said
    assert ("untrusted-key-file" in said or "LCK019" in said) is shows
    status, said = _said(lab, "secrets", "check")
    assert status == 1
    assert f"the recipient `{name}` has no" in said
    for command in ("rotate", "rewrap"):
        status, said = _said(lab, "secrets", command)
        assert status == 1
        assert f"vault `default`: {name} has no valid MAC: nobody who holds the key added it" in said
    assert _set(lab)[0] == 0
    carol = new_identity()[1]
    assert _said(lab, "secrets", "recipients", "add", "carol", carol)[0] == 0
    assert _said(lab, "secrets", "encrypt")[0] == 0
    assert _opens(lab, identity) == []


def test_a_removed_recipient_gets_no_new_key(lab: Lab, mallory: tuple[str, str]) -> None:
    identity, public = mallory
    old = lab.kid()
    assert _said(lab, "secrets", "recipients", "add", "mallory", public)[0] == 0
    assert len(_opens(lab, identity)) == 1
    before = [lab.token(name) for name in ("config/openai.yaml", "config/anthropic.yaml")]
    status, said = _said(lab, "secrets", "recipients", "remove", "mallory")
    assert status == 0
    assert "renew these at their vendors" in said
    assert "credential/openai/main api_key" in said
    assert _opens(lab, identity) == []
    after = [lab.token(name) for name in ("config/openai.yaml", "config/anthropic.yaml")]
    assert all(old not in token for token in after)
    # The fingerprint key is another one too: what mallory knew tells nothing about secrets set from now on.
    assert not {token.split(";")[3] for token in before} & {token.split(";")[3] for token in after}


def test_an_interrupted_removal_can_be_run_again(lab: Lab, mallory: tuple[str, str]) -> None:
    identity, public = mallory
    assert _said(lab, "secrets", "recipients", "add", "mallory", public)[0] == 0
    file = lab.root / "config" / "anthropic.yaml"
    text = file.read_text()
    token = lab.token("config/anthropic.yaml")
    # A token that does not open stops it before anything is taken away.
    lab.edit("config/anthropic.yaml", token, token[:-6] + "AAAA" + token[-2:])
    status, said = _said(lab, "secrets", "recipients", "remove", "mallory")
    assert status == 1, said
    assert (lab.root / "keys/default/recipients/mallory.yaml").is_file()
    file.write_text(text)
    assert _said(lab, "secrets", "recipients", "remove", "mallory")[0] == 0
    assert not (lab.root / "keys/default/recipients/mallory.yaml").exists()
    assert _opens(lab, identity) == []
    assert _said(lab, "secrets", "check")[0] == 0


# --- A key of one's own ---------------------------------------------------------------------------


def _own_key(lab: Lab, public: str, *, before: str | None = None) -> DataKey:
    """Make a key whose id sorts before all others, wrapped for everybody."""
    key = store.new_key("default")
    while key.kid > min(folder.name for folder in (lab.root / "keys/default").iterdir()):
        key = store.new_key("default")
    files = store.key_files(key, [], [_alice(lab), Recipient("mallory", public)])
    if before:
        name = f"keys/default/{key.kid}/key.yaml"
        files[name] += f"previous:\n  {before}: {'a' * 64}\n".encode()
    _write(lab, files)
    return key


def _beside(lab: Lab, public: str) -> DataKey:
    return _own_key(lab, public)


def _forged_chain(lab: Lab, public: str) -> DataKey:
    return _own_key(lab, public, before=lab.kid())


def _in_place(lab: Lab, public: str) -> DataKey:
    old = lab.kid()
    key = _own_key(lab, public)
    shutil.rmtree(lab.root / "keys/default" / old)
    return key


@pytest.mark.parametrize("clone", [False, True], ids=["trusting clone", "fresh clone"])
@pytest.mark.parametrize("plant", [_beside, _forged_chain, _in_place])
def test_nothing_is_sealed_under_a_planted_key(
    lab: Lab, mallory: tuple[str, str], plant: Callable[[Lab, str], DataKey], clone: bool
) -> None:
    planted = plant(lab, mallory[1])
    lab = _fresh_clone(lab) if clone else lab
    outcomes = [_set(lab), _said(lab, "secrets", "rotate"), _said(lab, "secrets", "encrypt")]
    texts = [file.read_text() for file in lab.root.rglob("*.yaml")]
    assert not [text for text in texts if f"k={planted.kid}" in text]
    refusals = [status for status, _ in outcomes[:2]]
    if not clone and plant is _beside:
        assert refusals == [0, 1]
    else:
        assert refusals == [1, 1], outcomes
    reports = [_said(lab, "validate", key=False), _said(lab, "secrets", "check")]
    assert any((said and f"{planted.kid}" in said) or "is not a key of the vault" in said for _, said in reports)


def test_a_former_recipient_cannot_offer_the_next_key(lab: Lab, mallory: tuple[str, str]) -> None:
    with lab.inside():
        identities = age.find_identities()
    old_kid = lab.kid()
    from llmconf.secrets.vault.files import read_store

    old = store.unwrap_key(read_store(FolderTree(lab.root), "default"), old_kid, identities)
    assert old is not None
    # Somebody else's clone, which has sealed before the rotation and not since.
    pins = pin_file(lab.root).read_bytes()
    assert _said(lab, "secrets", "rotate")[0] == 0
    pin_file(lab.root).write_bytes(pins)
    planted = store.new_key("default")
    _write(lab, store.key_files(planted, [old], [_alice(lab), Recipient("mallory", mallory[1])]))
    status, said = _set(lab)
    assert status == 1
    assert "the vault `default` has several current keys" in said
    assert _said(lab, "secrets", "rotate")[0] == 1
    # Nor by taking the real one away.
    real = next(
        kid for kid in (lab.root / "keys/default").iterdir() if kid.name not in (old_kid, planted.kid, "recipients")
    )
    shutil.rmtree(real)
    status, said = _set(lab)
    assert status == 1
    assert "are sealed under keys that are gone" in said
    assert "is not a key of the vault" in _said(lab, "validate", key=False)[1]


def test_a_deleted_vault_is_not_made_anew(lab: Lab) -> None:
    shutil.rmtree(lab.root / "keys/default")
    status, said = _said(lab, "secrets", "init", "--recipient", f"mallory={new_identity()[1]}")
    assert status == 1
    assert "this clone knows a key of the vault `default` that is gone" in said
    assert not (lab.root / "keys/default").exists()


# --- Hostile files --------------------------------------------------------------------------------


def _link_keys(lab: Lab, public: str) -> None:
    away = lab.home / "elsewhere"
    (lab.root / "keys").rename(away)
    (lab.root / "keys").symlink_to(away)


def _link_vault(lab: Lab, public: str) -> None:
    away = lab.home / "elsewhere"
    (lab.root / "keys/default").rename(away)
    (lab.root / "keys/default").symlink_to(away)


def _link_recipient(lab: Lab, public: str) -> None:
    away = lab.home / "mallory.yaml"
    away.write_text(f"public_key: {public}\n")
    (lab.root / "keys/default/recipients/mallory.yaml").symlink_to(away)


def _circle(lab: Lab, public: str) -> None:
    lab.edit(f"keys/default/{lab.kid()}/key.yaml", "\ndigest:", f"\nprevious: {{{lab.kid()}: x}}\ndigest:")


def _path_as_predecessor(lab: Lab, public: str) -> None:
    lab.edit(f"keys/default/{lab.kid()}/key.yaml", "\ndigest:", "\nprevious: {../../../etc/passwd: x}\ndigest:")


def _odd_folder(lab: Lab, public: str) -> None:
    lab.write("keys/default/x..%2f../key.yaml", "kid: x..%2f..\ndigest: x\n")


def _other_kid(lab: Lab, public: str) -> None:
    kid = lab.kid()
    (lab.root / "keys/default" / kid).rename(lab.root / "keys/default/aaaaaaaaaa")
    lab.edit("keys/default/aaaaaaaaaa/key.yaml", f"kid: {kid}", "kid: aaaaaaaaaa")


def _huge(lab: Lab, public: str) -> None:
    lab.write("keys/default/recipients/mallory.yaml", f"public_key: {public}\n" + "#" * 70_000)


def _bomb(lab: Lab, public: str) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    lab.write("keys/default/recipients/mallory.yaml", "\n".join(lines))


def _deep(lab: Lab, public: str) -> None:
    lab.write("keys/default/recipients/mallory.yaml", "[" * 30_000)


def _two_lines(lab: Lab, public: str) -> None:
    lab.write("keys/default/recipients/mallory.yaml", f'public_key: "{public}\\n{public}"\n')


def _odd_name(lab: Lab, public: str) -> None:
    lab.write("keys/default/recipients/Mal lory.yaml", f"public_key: {public}\n")


def _garbage_wrap(lab: Lab, public: str) -> None:
    lab.write(f"keys/default/{lab.kid()}/aaa.age", "age-encryption.org/v1\n-> X25519 \x01\n--- x\n")


def _other_payload(lab: Lab, public: str) -> None:
    (lab.root / f"keys/default/{lab.kid()}/aaa.age").write_bytes(age.wrap(b"hello", _alice(lab).public_key))


def _half_written(lab: Lab, public: str) -> None:
    file = lab.root / f"keys/default/{lab.kid()}/alice.age"
    file.write_bytes(file.read_bytes()[:-20])


HOSTILE = {
    change.__name__.strip("_").replace("_", " "): (change, seals)
    for change, seals in (
        (_link_keys, False), (_link_vault, False), (_link_recipient, True), (_circle, False),
        (_path_as_predecessor, False), (_odd_folder, True), (_other_kid, False), (_huge, True), (_bomb, True),
        (_deep, True), (_two_lines, True), (_odd_name, True), (_garbage_wrap, True), (_other_payload, False),
        (_half_written, False),
    )
}  # fmt: skip


@pytest.mark.parametrize(("change", "seals"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_key_files(lab: Lab, mallory: tuple[str, str], change: Callable[[Lab, str], None], seals: bool) -> None:
    change(lab, mallory[1])
    began = time.monotonic()
    status, said = _said(lab, "secrets", "check")
    assert status in (1, 4), said
    assert "internal error" not in said
    assert "Traceback" not in said
    status, said = _set(lab)
    assert (status == 0) is seals, said
    assert status in (0, 1, 4)
    assert "internal error" not in said
    assert _opens(lab, mallory[0]) == []
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("comment", ["bob@example.org", "bob #1", "bob: the second", "'x'", '"', "a -b", "\\"])
def test_the_comment_of_an_ssh_key_is_kept(lab: Lab, comment: str) -> None:
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6qqEdWmK+GRx2dbgpwXCQbm0QJPCAPIHcUSSuvi8M5 " + comment
    assert _said(lab, "secrets", "recipients", "add", "bob", public)[0] == 0
    status, said = _said(lab, "secrets", "check")
    assert status == 0, said
    assert public in _said(lab, "secrets", "recipients", "list")[1]
    assert _said(lab, "secrets", "rotate")[0] == 0


def test_an_environment_cannot_be_given_another_vault(lab: Lab) -> None:
    lab.edit("llmconf.yaml", "prod: {vault: prod}", "prod: {}")
    status, said = _said(lab, "validate", key=False)
    assert (status, "which is not a key of the vault `default`" in said) == (1, True)
    # Nor when the key is copied along: a value is bound to its vault.
    kid = lab.kid("prod")
    shutil.copytree(lab.root / "keys/prod" / kid, lab.root / "keys/default" / kid)
    status, said = _said(lab, "validate", key=False)
    assert (status, "it was sealed for another vault" in said) == (1, True)
    status, said = _said(lab, "secrets", "get", "credential/openai/main", "api_key", "--env", "prod", "--reveal")
    assert status == 1
    assert f"keys/default/{kid}/key.yaml was altered: its digest is not that of the key" in said


@pytest.mark.parametrize("vault", ["../../etc", "/etc", "a/b", ".."])
def test_a_vault_is_no_path(lab: Lab, vault: str) -> None:
    lab.edit("llmconf.yaml", "vault: prod", f"vault: {vault}")
    assert _said(lab, "validate", key=False)[0] == 1
    for args in (("rotate", "--vault", vault), ("init", "--vault", vault), ("prune", "--vault", vault)):
        assert _said(lab, "secrets", *args)[0] in (1, 2)
    assert not (lab.root.parent / "etc").exists()


def test_a_planted_repository_does_not_hold_the_pins(lab: Lab) -> None:
    outer = lab.root.parent / "outer"
    shutil.copytree(lab.root, outer / "llm", ignore=shutil.ignore_patterns(".git"))
    commit_all(outer)
    before = pin_file(outer / "llm")
    shutil.rmtree(outer / "llm" / "config")
    for name, text in {"HEAD": "ref: refs/heads/main\n", "config": "[core]\n\tbare = true\n"}.items():
        (outer / "llm" / name).write_text(text)
    for name in ("objects", "refs"):
        (outer / "llm" / name).mkdir()
    assert pin_file(outer / "llm") == before
    assert outer / ".git" in before.parents


def test_a_planted_repository_runs_nothing(lab: Lab) -> None:
    outer = lab.root.parent / "outer"
    shutil.copytree(lab.root, outer / "llm", ignore=shutil.ignore_patterns(".git", "config"))
    commit_all(outer)
    for name in ("objects", "refs"):
        (outer / "llm" / name).mkdir()
    ran = lab.home / "ran"
    planted = {
        "HEAD": "ref: refs/heads/main\n",
        "config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
        f'[filter "x"]\n\tclean = touch {ran}; cat\n',
        ".gitattributes": "* filter=x\n",
    }
    for name, text in planted.items():
        (outer / "llm" / name).write_text(text)
    from llmconf.workspace.repository import Blame, revision

    for args in (("add", "llmconf.yaml"), ("commit", "--quiet", "--message=x")):
        git("--git-dir", outer / "llm", "--work-tree", outer / "llm", *args, cwd=outer / "llm")
    git("status", "--porcelain", cwd=outer / "llm")
    assert ran.exists(), "the trap does not work"
    ran.unlink()
    (outer / "llm" / "llmconf.yaml").touch()
    revision(outer / "llm")
    Blame(outer / "llm").author("llmconf.yaml", 1)
    assert not ran.exists()


def test_commands_leave_git_alone(lab: Lab) -> None:
    def state() -> dict[str, bytes]:
        files = (file for file in (lab.root / ".git").rglob("*") if file.is_file())
        return {str(file): file.read_bytes() for file in files if "llmconf" not in file.parts[-2:]}

    before = state()
    assert _set(lab)[0] == 0
    for args in (("rotate",), ("check",), ("list",), ("prune",), ("rewrap",)):
        assert _said(lab, "secrets", *args)[0] == 0
    assert _said(lab, "validate")[0] == 0
    assert state() == before
