"""Changing several files together: all or none, each whole, with its mode, and nobody else's work lost."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmconf.core.errors import RefusedError, UndeterminedError
from llmconf.workspace import transaction
from llmconf.workspace.transaction import Change

NOBODY = 65534


def repository_in(folder: Path) -> Path:
    """Make a repository with two files."""
    repository = folder / "repository"
    (repository / "config").mkdir(parents=True)
    (repository / "llmconf.yaml").write_text("version: 1\n")
    for name in ("a", "b"):
        (repository / "config" / f"{name}.yaml").write_text(f"old {name}\n")
    return repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two files."""
    return repository_in(tmp_path)


@pytest.fixture
def public() -> Iterator[Path]:
    """A repository with two files that every user of the machine may look at and write to."""
    with tempfile.TemporaryDirectory(prefix="llmconf-tests-") as folder:
        Path(folder).chmod(0o755)
        repository = repository_in(Path(folder))
        for path in (repository, *repository.rglob("*")):
            path.chmod(0o777)
        yield repository


def both(root: Path) -> list[Change]:
    """Return a change of both files."""
    return [Change(root / f"config/{n}.yaml", f"old {n}\n".encode(), f"new {n}\n".encode()) for n in ("a", "b")]


def contents(root: Path) -> dict[str, str]:
    """Return the files of the folder, hidden ones too."""
    return {file.name: file.read_text() for file in sorted((root / "config").iterdir())}


OLD = {"a.yaml": "old a\n", "b.yaml": "old b\n"}


def test_all_files_change_and_nothing_else_is_left(root: Path) -> None:
    transaction.apply(root, both(root))
    assert contents(root) == {"a.yaml": "new a\n", "b.yaml": "new b\n"}


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_a_file_keeps_its_mode(root: Path, mode: int) -> None:
    file = root / "config/a.yaml"
    file.chmod(mode)
    transaction.apply(root, both(root))
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_new_file_gets_what_the_umask_leaves_and_a_deleted_one_is_gone(root: Path) -> None:
    before = os.umask(0o027)
    try:
        transaction.apply(root, [Change(root / "keys/x/y.age", None, b"1"), Change(root / "config/a.yaml", b"old a\n", None)])
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "keys/x/y.age").stat().st_mode) == 0o640
    assert contents(root) == {"b.yaml": "old b\n"}


def test_what_somebody_else_has_changed_is_not_overwritten(root: Path) -> None:
    (root / "config/b.yaml").write_text("theirs\n")
    with pytest.raises(RefusedError, match=r"config/b\.yaml was changed by somebody else") as error:
        transaction.apply(root, both(root))
    assert error.value.hint == "run this again"
    assert contents(root) == {"a.yaml": "old a\n", "b.yaml": "theirs\n"}


def test_what_changes_between_the_look_and_the_replacement_is_not_overwritten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = transaction._prepare

    def slow(change: Change) -> Path:
        (root / "config/b.yaml").write_text("theirs\n")
        return prepare(change)

    changes = both(root)[::-1]
    monkeypatch.setattr(transaction, "_prepare", slow)
    with pytest.raises(RefusedError, match="somebody else"):
        transaction.apply(root, [changes[1], changes[0]])
    assert contents(root) == {"a.yaml": "old a\n", "b.yaml": "theirs\n"}


def test_a_failure_in_the_middle_puts_everything_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target.name == "b.yaml":
            raise OSError(errno.EIO, "input/output error", str(self))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(RefusedError, match=r"nothing was changed: config/b\.yaml cannot be written"):
        transaction.apply(root, both(root))
    assert contents(root) == OLD


def test_an_interruption_in_the_middle_puts_everything_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.name == "b.yaml":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        transaction.apply(root, [Change(root / "config/new.yaml", None, b"new\n"), *both(root)])
    assert contents(root) == OLD


def test_a_link_out_of_the_repository_is_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("old a\n")
    (root / "config/a.yaml").unlink()
    (root / "config/a.yaml").symlink_to(outside)
    with pytest.raises(RefusedError, match=r"config/a\.yaml is a link or leads out of the repository"):
        transaction.apply(root, both(root))
    assert outside.read_text() == "old a\n"
    assert (root / "config/b.yaml").read_text() == "old b\n"


def test_a_folder_that_leads_out_of_the_repository_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "keys").symlink_to(tmp_path / "outside")
    with pytest.raises(RefusedError, match="leads out of the repository"):
        transaction.apply(root, [Change(root / "keys/default.yaml", None, b"x")])
    assert list((tmp_path / "outside").iterdir()) == []


def _as_nobody(root: Path) -> str:
    """Apply a change in a process that is not root and return the message of the refusal."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            transaction.apply(root, both(root))
        except RefusedError as error:
            os.write(writer, f"{error.message}: {error.hint}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        return said.read()


def test_a_read_only_file_is_refused_and_says_so(public: Path) -> None:
    (public / "config/b.yaml").chmod(0o444)
    said = _as_nobody(public)
    assert said == "nothing was changed: config/b.yaml is read-only: make it writable and run this again"
    assert contents(public) == OLD


def test_a_read_only_folder_is_refused_and_says_so(public: Path) -> None:
    (public / "config").chmod(0o555)
    said = _as_nobody(public)
    assert said.startswith("nothing was changed: config/a.yaml cannot be written: Permission denied")
    assert contents(public) == OLD


def test_whoever_can_write_a_file_of_another_may_change_it(public: Path) -> None:
    assert _as_nobody(public) == ""
    assert contents(public) == {"a.yaml": "new a\n", "b.yaml": "new b\n"}


def test_a_full_disk_leaves_everything_as_it_was(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RefusedError, match=r"nothing was changed: config/a\.yaml cannot be written: No space left"):
        transaction.apply(root, both(root))
    assert contents(root) == OLD
    with pytest.raises(RefusedError, match=r"nothing was changed: keys/x/y\.age cannot be written"):
        transaction.apply(root, [Change(root / "keys/x/y.age", None, b"1")])
    assert not (root / "keys/x").exists()


def test_leftovers_of_a_killed_process_go_and_nothing_else(root: Path) -> None:
    ours = [root / "config/.llmconf-ab_12xyz.tmp", root / "keys/default/.llmconf-00000000.tmp"]
    theirs = [root / "config/.a.yaml.swp", root / "config/.llmconf-notes", root / "other/.llmconf-ab_12xyz.tmp"]
    for file in (*ours, *theirs):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    with transaction.locked(root):
        assert [file for file in ours if file.exists()] == []
        assert [file for file in theirs if not file.exists()] == []


def _hold(root: Path, ready: str, seconds: float) -> None:
    with transaction.locked(root):
        Path(ready).touch()
        time.sleep(seconds)


def test_a_second_process_waits_and_is_told(root: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    first = multiprocessing.get_context("fork").Process(target=_hold, args=(root, str(ready), 0.3))
    first.start()
    while not ready.exists():
        time.sleep(0.005)
    told: list[bool] = []
    with transaction.locked(root, lambda: told.append(first.is_alive())):
        assert told == [True]
    first.join()
    with transaction.locked(root, lambda: told.append(False)):
        assert told == [True]


def test_the_lock_holds_where_the_project_file_was_replaced_meanwhile(root: Path, tmp_path: Path) -> None:
    """Who waited for the file of before has to wait for the one that took its place as well."""
    ready = tmp_path / "ready"
    context = multiprocessing.get_context("fork")
    first = context.Process(target=_hold, args=(root, str(ready), 0.3))
    first.start()
    while not ready.exists():
        time.sleep(0.005)
    order = tmp_path / "order"
    second = context.Process(target=_take_and_note, args=(root, order, "second"))
    second.start()
    time.sleep(0.1)
    (root / "new").write_text("version: 1\n")
    (root / "new").replace(root / "llmconf.yaml")
    with transaction.locked(root):
        first.join()
        time.sleep(0.2)
        order.write_text("third\n")
    second.join()
    assert order.read_text() == "third\nsecond\n"


def _take_and_note(root: Path, order: Path, name: str) -> None:
    with transaction.locked(root), order.open("a") as file:
        file.write(name + "\n")


def test_a_repository_that_cannot_be_locked_is_said_to_be_so(root: Path) -> None:
    (root / "llmconf.yaml").unlink()
    with pytest.raises(UndeterminedError, match="cannot be locked"), transaction.locked(root):
        pass
