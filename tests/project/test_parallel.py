"""Several processes give what one gives, in the same order, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from llmconf.project import parallel
from llmconf.project.discover import discover
from llmconf.project.parallel import Parsing
from llmconf.workspace.tree import FolderTree

FILES = 1500


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of many files, some of which are wrong: one is no YAML, one is empty, one holds a null."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "config").mkdir()
    (folder / "llmconf.yaml").write_text("version: 1\nname: many\n")
    for number in range(FILES):
        text = f"kind: Team\nname: t{number}\nuses: [provider/x]\nlabels: {{a: '{'b' * 2000}'}}\n"
        (folder / "config" / f"{number:04}.yaml").write_text(text)
    (folder / "config" / "0700.yaml").write_text("a: [\n")
    (folder / "config" / "1100.yaml").write_text("")
    (folder / "config" / "1400.yaml").write_text("kind: Team\nname: null\n")
    return folder


def parse(root: Path, jobs: int, meanwhile: Callable[[Parsing], None] = lambda _: None) -> list[object]:
    parsing = Parsing(FolderTree(root), discover(FolderTree(root)).files, jobs)
    meanwhile(parsing)
    return list(parsing)


@pytest.mark.parametrize("jobs", [2, 3, 7])
def test_any_number_of_processes_gives_the_same(root: Path, jobs: int) -> None:
    one = parse(root, 1)
    assert len(one) == FILES + 1
    assert parse(root, jobs) == one


def kill_at_once(parsing: Parsing) -> None:
    for worker in parsing._workers:
        os.kill(worker._pid, signal.SIGKILL)


def kill_after_a_batch(parsing: Parsing) -> None:
    """Kill each process while it sends: the pipe holds less than a batch, so that one is cut short."""
    for worker in parsing._workers:
        while not worker._received:
            worker.drain()
            time.sleep(0.01)
        os.kill(worker._pid, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_at_once, kill_after_a_batch])
@pytest.mark.parametrize("jobs", [2, 3])
def test_a_process_that_dies_loses_no_file(root: Path, jobs: int, kill: Callable[[Parsing], None]) -> None:
    assert parse(root, jobs, kill) == parse(root, 1)


def test_no_process_is_left_behind(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[int] = []
    fork = os.fork

    def counted() -> int:
        child = fork()
        children.append(child)
        return child

    monkeypatch.setattr(os, "fork", counted)
    parse(root, 3)
    assert len(children) == 2
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_a_small_project_stays_on_one_process(root: Path) -> None:
    files = discover(FolderTree(root)).files[: parallel.FORK_PAYS_ABOVE]
    assert Parsing(FolderTree(root), files, 2)._workers == []
