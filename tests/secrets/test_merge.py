"""What becomes of secrets when git merges branches: real clones, real merges, nothing that does not open."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from secret_repository import FIRST, OPENAI, SECOND, SPARE, THIRD, Repository, new_repository

SPARE_SECOND, SPARE_THIRD = "credential/spare/second", "credential/spare/third"
SPARE_FILE = "config/spare.yaml"


@pytest.fixture
def ours(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


@pytest.fixture
def theirs(ours: Repository) -> Repository:
    return ours.clone("theirs")


def set_secret(repository: Repository, identity: str, secret: str) -> None:
    repository.llmconf("secrets", "set", identity, "api_key", stdin=secret)
    repository.commit(f"Set {identity}")


def rotate(repository: Repository) -> None:
    repository.llmconf("secrets", "rotate")
    repository.commit("Rotate")


def opens(repository: Repository, openai: str = FIRST, spare: str = FIRST, second: str = THIRD) -> None:
    """Everything opens to what it should be, and the project is valid for who has no key."""
    assert [repository.secret(name) for name in (OPENAI, SPARE, SPARE_SECOND)] == [openai, spare, second]
    repository.validate()


def in_order(repository: Repository, opened: int = 3) -> None:
    """`secrets check` has nothing to say, with the key and without."""
    done = repository.llmconf("secrets", "check")
    assert done.stdout == ""
    assert f"{opened} tokens opened" in done.stderr
    assert repository.llmconf("secrets", "check", key=False).stdout == ""


def test_different_secrets_merge_clean(ours: Repository, theirs: Repository) -> None:
    set_secret(ours, SPARE, SECOND)
    set_secret(theirs, SPARE_SECOND, SECOND)
    set_secret(theirs, OPENAI, SECOND)
    assert ours.merge(theirs) == []
    opens(ours, SECOND, SECOND, SECOND)
    in_order(ours)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_the_same_secret_on_both_sides_is_a_conflict_of_one_line(
    ours: Repository, theirs: Repository, side: str
) -> None:
    set_secret(ours, SPARE, SECOND)
    set_secret(theirs, SPARE, THIRD)
    conflicts = ours.merge(theirs)
    assert conflicts == [SPARE_FILE]
    marked = (ours.root / SPARE_FILE).read_text(encoding="utf-8").split("<<<<<<<")[1].split(">>>>>>>")[0]
    assert len(marked.splitlines()) == 4
    ours.validate(status=1)
    ours.take(side, conflicts)
    opens(ours, spare=SECOND if side == "ours" else THIRD)
    in_order(ours)


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("rotated_here", [True, False], ids=["rotated here", "rotated there"])
def test_a_secret_and_a_rotation(ours: Repository, theirs: Repository, side: str, rotated_here: bool) -> None:
    setting, rotating = (theirs, ours) if rotated_here else (ours, theirs)
    set_secret(setting, SPARE, SECOND)
    rotate(rotating)
    conflicts = ours.merge(theirs)
    assert conflicts == [SPARE_FILE]
    ours.take(side, conflicts)
    kept = SECOND if (side == "ours") == (setting is ours) else FIRST
    opens(ours, spare=kept)
    in_order(ours)
    ours.llmconf("secrets", "rotate")
    assert len(ours.kids()) == 1
    opens(ours, spare=kept)
    in_order(ours)


def test_a_secret_that_was_added_and_a_rotation_merge_clean(ours: Repository, theirs: Repository) -> None:
    set_secret(ours, SPARE_THIRD, SECOND)
    rotate(theirs)
    assert ours.merge(theirs) == []
    assert len(ours.kids()) == 2
    opens(ours)
    assert ours.secret(SPARE_THIRD) == SECOND
    in_order(ours, 4)
    # Until the next run of rotate, both keys are in use; it finishes what the other side could not know of.
    said = ours.llmconf("secrets", "rotate").stdout
    assert "finishing the rotation" in said
    assert len(ours.kids()) == 1
    assert ours.secret(SPARE_THIRD) == SECOND
    in_order(ours, 4)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_two_rotations(ours: Repository, theirs: Repository, side: str) -> None:
    rotate(ours)
    rotate(theirs)
    conflicts = ours.merge(theirs)
    assert conflicts == ["config/openai.yaml", SPARE_FILE]
    ours.take(side, conflicts)
    opens(ours)
    checks = [ours.llmconf("secrets", "check", key=key, status=None).stdout for key in (True, False)]
    for told in (*checks, ours.validate()):
        assert "`llmconf secrets rotate --vault default` unites them" in told
    ours.llmconf("secrets", "rotate", "--vault", "default")
    assert len(ours.kids()) == 1
    opens(ours)
    in_order(ours)
    ours.commit("United")
    # Whoever trusted either key, or none yet, follows to the one that unites them.
    theirs.git("pull", "--quiet", "--no-rebase", str(ours.top), "main")
    for repository in (theirs, ours.clone("new")):
        set_secret(repository, OPENAI, SECOND)
        opens(repository, openai=SECOND)
        in_order(repository)


def test_two_rotations_taken_line_by_line_leave_both_keys_openable(ours: Repository, theirs: Repository) -> None:
    rotate(ours)
    rotate(theirs)
    ours.merge(theirs)
    ours.git("checkout", "--ours", "--", "config/openai.yaml")
    ours.take("theirs", [SPARE_FILE])
    assert len(ours.kids()) == 2
    opens(ours)
    ours.llmconf("secrets", "rotate")
    assert len(ours.kids()) == 1
    opens(ours)
    in_order(ours)
    ours.llmconf("secrets", "prune")
    assert len([entry for entry in (ours.root / "keys/default").iterdir() if entry.name != "recipients"]) == 1
    opens(ours)
    in_order(ours)


def add_recipient(repository: Repository, name: str) -> Path:
    """Let somebody new open the vault; return the file with their identity."""
    identity = repository.home / f"{name}.txt"
    public = repository.llmconf("secrets", "keygen", "--out", str(identity)).stdout.strip()
    repository.llmconf("secrets", "recipients", "add", name, public)
    repository.commit(f"Add {name}")
    return identity


def as_user(repository: Repository, identity: Path, action: Callable[[], None]) -> None:
    """Do something with another identity at hand."""
    kept = repository.key.read_bytes()
    repository.key.write_bytes(identity.read_bytes())
    try:
        action()
    finally:
        repository.key.write_bytes(kept)


def test_two_added_recipients_merge_clean(ours: Repository, theirs: Repository) -> None:
    users = [add_recipient(ours, "bob"), add_recipient(theirs, "carol")]
    assert ours.merge(theirs) == []
    in_order(ours)
    for user in users:
        as_user(ours, user, lambda: opens(ours))
    rotate(ours)
    for user in users:
        as_user(ours, user, lambda: opens(ours))


def test_a_recipient_added_beside_a_rotation_is_told_and_mended(ours: Repository, theirs: Repository) -> None:
    bob = add_recipient(ours, "bob")
    rotate(theirs)
    assert ours.merge(theirs) == []
    assert ours.secret(SPARE) == FIRST
    for told in (ours.llmconf("secrets", "check", status=1).stdout, ours.validate(status=1)):
        assert "error[LCK019]: the recipient `bob`" in told
        assert "llmconf secrets recipients add" in told
    assert "bob" in ours.llmconf("secrets", "rotate", status=1).stderr
    public = re.findall(r"age1\w+", (ours.root / "keys/default/recipients/bob.yaml").read_text(encoding="utf-8"))
    ours.llmconf("secrets", "recipients", "add", "bob", *public)
    in_order(ours)
    as_user(ours, bob, lambda: opens(ours))
    rotate(ours)
    as_user(ours, bob, lambda: opens(ours))


def test_a_plain_edit_without_a_key_beside_a_rotation(ours: Repository, theirs: Repository) -> None:
    rotate(ours)
    file = theirs.root / SPARE_FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("name: spare\n", "name: spare\ndescription: Edited\n"), encoding="utf-8")
    theirs.validate()
    theirs.commit("Describe")
    assert ours.merge(theirs) == []
    assert "description: Edited" in (ours.root / SPARE_FILE).read_text(encoding="utf-8")
    opens(ours)
    in_order(ours)


@pytest.mark.parametrize("how", ["added", "changed"])
def test_hosts_changed_beside_a_secret_is_reported_and_mended(ours: Repository, theirs: Repository, how: str) -> None:
    if how == "changed":
        set_secret(ours, SPARE_THIRD, FIRST)
        theirs.git("pull", "--quiet", str(ours.top), "main")
    file = ours.root / SPARE_FILE
    name, hosts, rest = file.read_text(encoding="utf-8").partition("name: third\n    hosts: [api.openai.com]")
    file.write_text(name + hosts[:-1] + ", eu.api.openai.com]" + rest, encoding="utf-8")
    if how == "changed":
        ours.llmconf("secrets", "set", SPARE_THIRD, "api_key", stdin=FIRST)
    ours.validate()
    ours.commit("More hosts")
    set_secret(theirs, SPARE_THIRD, SECOND)
    conflicts = ours.merge(theirs)
    assert conflicts == ([SPARE_FILE] if how == "changed" else [])
    if conflicts:
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"<<<<<<< .*?\n.*?=======\n(.*?)>>>>>>> .*?\n", r"\1", text, flags=re.DOTALL)
        file.write_text(text, encoding="utf-8")
        ours.commit("Merge")

    said = ours.validate(status=1)
    assert "error[LCK017]" in said
    assert "hosts" in said
    command = re.search(r"llmconf (secrets set \S+ \S+)", said)
    assert command
    assert command[1] == f"secrets set {SPARE_THIRD} api_key"
    assert "LCK017" in ours.llmconf("secrets", "check", status=1).stdout
    refused = ours.llmconf("secrets", "get", SPARE_THIRD, "api_key", "--reveal", status=1)
    assert SECOND not in refused.stdout + refused.stderr

    ours.llmconf(*command[1].split(), stdin=SECOND)
    opens(ours)
    assert ours.secret(SPARE_THIRD) == SECOND
    in_order(ours, 4)


def test_on_a_branch_from_before_a_rotation_nothing_is_sealed_unasked(ours: Repository) -> None:
    """Whoever was removed could bring the old key back, so a clone that trusts the new one asks first."""
    (old,) = ours.kids()
    ours.git("checkout", "--quiet", "-b", "rotated")
    rotate(ours)
    ours.git("checkout", "--quiet", "main")
    opens(ours)
    refused = ours.llmconf("secrets", "set", SPARE_THIRD, "api_key", stdin=SECOND, status=1)
    assert f"--trust-key {old}" in refused.stderr
    ours.llmconf("secrets", "set", SPARE_THIRD, "api_key", "--trust-key", old, stdin=SECOND)
    ours.commit("Set")
    ours.git("merge", "--quiet", "--no-edit", "rotated")
    assert ours.secret(SPARE_THIRD) == SECOND
    ours.llmconf("secrets", "rotate")
    assert len(ours.kids()) == 1
    opens(ours)
    in_order(ours, 4)
