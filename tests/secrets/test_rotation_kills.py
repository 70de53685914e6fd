"""Rotations that are killed: every file is old or new, all of it opens, and a second run finishes."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from secret_projects import Scratch, everything, provider, scratch

from llmconf.core.errors import LlmconfError
from llmconf.secrets import keys, seal
from llmconf.secrets.fields import find_sites
from llmconf.secrets.vault.files import Recipient, read_store
from llmconf.workspace import transaction
from llmconf.workspace.tree import FolderTree

FILES = 200
KILLS = 300
TOGETHER = 25
"""Kills after each of which the state is looked at, before a run is let through."""
SECRET = "fakeROTATEfakeROTATEfakeROTATEfake{:04}"
TOKEN = re.compile(rb"ENC\([^)]*\)")

Action = Callable[[Scratch], object]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill does not care for disks, and waiting for them is slow."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="llmconf-tests-", dir="/dev/shm") as folder:
        yield Path(folder)


def _rotate(project: Scratch) -> object:
    with transaction.locked(project.root):
        return keys.rotate(project.work(), "default")


def _project(target: Path, count: int) -> Scratch:
    contents = {f"config/{i:03}.yaml": provider(SECRET.format(i), f"p{i:03}") for i in range(count)}
    project = scratch(target, contents)
    seal.encrypt(project.work(), everything)
    return project


def _frames(root: Path) -> dict[Path, bytes]:
    """Return all files with tokens without what differs from token to token."""
    return {file: TOKEN.sub(b"ENC", file.read_bytes()) for file in sorted((root / "config").iterdir())}


def _assert_whole(project: Scratch, frames: dict[Path, bytes]) -> None:
    """Check that each file differs from what it was in its token only, and that all tokens open to their secret."""
    files = [file for file in sorted((project.root / "config").iterdir()) if not file.name.endswith(".tmp")]
    assert files == list(frames)
    work = project.work(key=True)
    opened = {site.place.file: work.keyring.open(site.value, site.slot) for site in find_sites(work.project)}
    assert opened == {f"config/{i:03}.yaml": SECRET.format(i) for i in range(len(files))}
    assert {file: TOKEN.sub(b"ENC", file.read_bytes()) for file in files} == frames
    for file in project.root.rglob("*.tmp"):
        assert b"ROTATE" not in file.read_bytes()
        assert file.name.startswith(".llmconf-")


def _assert_finished(project: Scratch, frames: dict[Path, bytes]) -> None:
    _assert_whole(project, frames)
    store = read_store(FolderTree(project.root), "default")
    (current,) = store.tips()
    kids = {re.search(rb"k=([a-z2-7]+);", file.read_bytes())[1].decode() for file in frames}  # type: ignore[index]  # each file has a token
    assert kids == {current}
    assert store.problems == []
    assert [*project.root.rglob("*.tmp")] == []


def _killed(project: Scratch, after: float, action: Action) -> bool:
    """Run an action in a process and kill it some time after it began. Tells whether it was still running."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, b"!")
            action(project)
        finally:
            os._exit(0)
    os.read(reader, 1)
    os.close(reader)
    os.close(writer)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _seconds(project: Scratch) -> float:
    start = time.perf_counter()
    _rotate(project)
    return time.perf_counter() - start


def test_kills_at_random_moments_lose_nothing(memory: Path) -> None:
    project = _project(memory, FILES)
    frames = _frames(project.root)
    moments = random.Random(20261123)
    longest = max(_seconds(project) for _ in range(2))
    hits = kills = 0
    while hits < KILLS:
        kills += 1
        assert kills < 3 * KILLS, "rotations are over before they can be killed"
        hits += _killed(project, moments.uniform(0, longest), _rotate)
        if hits % 10 == 0 or hits == KILLS:
            _assert_whole(project, frames)
        if kills % TOGETHER == 0 or hits == KILLS:
            _rotate(project)
            _assert_finished(project, frames)
            with transaction.locked(project.root):
                keys.prune(project.work(), "default")
    _assert_finished(project, frames)
    assert len(read_store(FolderTree(project.root), "default").folders) == 1


class _Stop:
    """Kills this process before a certain one of the steps with which files are changed."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, step: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **kwargs: object) -> object:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*args, **kwargs)

        return counted


def _killed_at(project: Scratch, step: int, action: Action) -> bool:
    """Run an action in a process that is killed before a certain step. Tells whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            stop = _Stop(step)
            os.fsync = stop(os.fsync)  # type: ignore[assignment]  # the child's own
            for name in ("replace", "unlink", "chmod", "mkdir", "rmdir"):
                setattr(Path, name, stop(getattr(Path, name)))
            action(project)
        except LlmconfError:
            os._exit(3)
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _remove(project: Scratch) -> object:
    with transaction.locked(project.root):
        return keys.remove_recipient(project.work(), "default", "bob")


def _add(project: Scratch) -> object:
    with transaction.locked(project.root):
        return keys.add_recipient(project.work(), "default", Recipient("carol", project.public))


def _prune(project: Scratch) -> object:
    with transaction.locked(project.root):
        return keys.prune(project.work(), "default")


def _rewrap(project: Scratch) -> object:
    with transaction.locked(project.root):
        return keys.rewrap(project.work(), "default")


@pytest.mark.parametrize("action", [_rotate, _remove, _add, _prune, _rewrap])
def test_a_kill_before_each_single_step_loses_nothing(action: Action, memory: Path) -> None:
    template = _project(memory / "template", 3)
    bob = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    keys.add_recipient(template.work(), "default", Recipient("bob", bob))
    _rotate(template)
    steps = 0
    while True:
        folder = memory / str(steps)
        shutil.copytree(memory / "template", folder)
        project = Scratch(folder / "scratch", template.identity, template.public)
        frames = _frames(project.root)
        was_killed = _killed_at(project, steps, action)
        _assert_whole(project, frames)
        if was_killed:
            _again(project, action)
        _rotate(project)
        _assert_finished(project, frames)
        recipients = set(read_store(FolderTree(project.root), "default").recipients)
        wanted = {"alice", "bob", "carol"} if action is _add else {"alice"} if action is _remove else {"alice", "bob"}
        assert recipients == wanted
        shutil.rmtree(folder)
        if not was_killed:
            break
        steps += 1
    assert steps > 5


def _again(project: Scratch, action: Action) -> None:
    """Run an action once more. A removal that was through but for its last word has nothing left to remove."""
    try:
        action(project)
    except LlmconfError as error:
        assert action is _remove
        assert error.message == "the vault `default` has no recipient `bob`"


@pytest.mark.parametrize("step", range(12))
def test_a_kill_while_a_vault_is_made_leaves_none_or_a_whole_one(step: int, memory: Path) -> None:
    project = scratch(memory, {"config/main.yaml": provider("env:LLMCONF_X")}, vaults=())

    def init(made: Scratch) -> object:
        with transaction.locked(made.root):
            return keys.init(made.work(), "default", [Recipient("alice", made.public)])

    _killed_at(project, step, init)
    try:
        init(project)
    except LlmconfError as error:
        assert error.message == "the vault `default` has a key already"
    _rotate(project)
    _assert_one_key(project)


def _assert_one_key(project: Scratch) -> None:
    _prune(project)
    store = read_store(FolderTree(project.root), "default")
    assert len(store.folders) == 1
    assert store.problems == []
    assert set(store.recipients) == {"alice"}
