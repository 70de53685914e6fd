"""Locks and git: what merges by itself, and what `llmconf lock resolve` fixes."""

from __future__ import annotations

import itertools
import json
import shlex
import subprocess
from pathlib import Path

import pytest
from commands import commit_all, git, run
from hypothesis import given
from hypothesis import strategies as st
from lock_projects import OPENAI, PROVIDER, lock_text, model, write_files

from llmconf.core.errors import RefusedError
from llmconf.lock import merge as lock_merge
from llmconf.lock import reader
from llmconf.lock.format import Locked, LockFile, Source

LOCK = "lock/openai.lock.yaml"
MANY = [model(f"m{number:02}", context=number + 1) for number in range(0, 40, 2)]


def _repository(root: Path, *models: Locked | str, style: str = "merge", source: Source = OPENAI) -> Path:
    write_files(root, {LOCK: lock_text(*models, source=source)})
    commit_all(root)
    git("config", "merge.conflictStyle", style, cwd=root)
    return root


def _commit(root: Path, branch: str, files: dict[str, str | None]) -> None:
    """Commit changed files on a branch of its own that begins at main."""
    git("switch", "--quiet", "--create", branch, "main", cwd=root)
    for name, text in files.items():
        if text is None:
            (root / name).unlink()
        else:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
    git("add", "--all", cwd=root)
    git("commit", "--quiet", "--message=Sync", cwd=root)


def _merges(root: Path, branch: str = "theirs") -> bool:
    try:
        git("merge", "--quiet", "--no-edit", branch, cwd=root)
    except subprocess.CalledProcessError:
        return False
    return True


def _conflict(root: Path, ours: str | None, theirs: str | None) -> None:
    _commit(root, "theirs", {LOCK: theirs})
    _commit(root, "ours", {LOCK: ours})
    assert not _merges(root)


def _with(*changed: Locked, without: tuple[str, ...] = ()) -> str:
    models = {each.id: each for each in (*MANY, *changed)}
    return lock_text(*(each for name, each in models.items() if name not in without))


def _resolve(root: Path, *args: str) -> tuple[int, str, str]:
    done = run("-C", root, "lock", "resolve", *args, cwd=root)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_branches_that_sync_different_providers_merge_clean(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a")
    _commit(root, "theirs", {"lock/other.lock.yaml": lock_text("x")})
    _commit(root, "ours", {LOCK: lock_text("a", "b")})
    assert _merges(root)
    assert _resolve(root) == (0, "no lock file has a conflict\n", "")


def test_models_at_different_places_of_one_lock_merge_clean(tmp_path: Path) -> None:
    root = _repository(tmp_path, *MANY)
    _commit(root, "theirs", {LOCK: _with(model("m03"), model("m20", context=5))})
    _commit(root, "ours", {LOCK: _with(model("m31"), without=("m10",))})
    assert _merges(root)
    text = (root / LOCK).read_text(encoding="utf-8")
    assert text == _with(model("m03"), model("m20", context=5), model("m31"), without=("m10",))


def test_what_is_left_to_do_is_named_from_where_one_stands(tmp_path: Path) -> None:
    root = _repository(tmp_path, *MANY)
    _conflict(root, _with(model("m03x")), _with(model("m03y")))
    inside = root / "config"
    done = run("lock", "resolve", cwd=inside)
    assert (done.returncode, done.stderr) == (0, "")
    command = done.stdout.splitlines()[-1].removeprefix("to finish: ")
    assert command == "git add ../lock/openai.lock.yaml"
    git(*shlex.split(command)[1:], cwd=inside)
    assert git("ls-files", "--unmerged", cwd=root) == ""


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_models_at_the_same_place_conflict_and_are_mended(tmp_path: Path, style: str) -> None:
    root = _repository(tmp_path, *MANY, style=style)
    ours = _with(model("m03", context=3), model("m31"), without=("m10",))
    theirs = _with(model("m03x", context=5), model("m31x"), model("m20", context=5))
    _conflict(root, ours, theirs)
    found = run("-C", root, "validate", "--report", "concise")
    assert (found.returncode, found.stdout.count("LCM011"), found.stdout.count(" error ")) == (1, 1, 1)
    code, out, err = _resolve(root)
    assert (code, err) == (0, "")
    assert f"to finish: git add {LOCK}" in out
    expected = _with(
        *(model("m03", context=3), model("m03x", context=5), model("m31"), model("m31x"), model("m20", context=5)),
        without=("m10",),
    )
    assert (root / LOCK).read_text(encoding="utf-8") == expected
    git("add", LOCK, cwd=root)
    git("commit", "--quiet", "--no-edit", cwd=root)
    assert run("-C", root, "validate").returncode == 0
    assert _resolve(root)[1] == "no lock file has a conflict\n"


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_conflict_markers_alone_are_enough(tmp_path: Path, style: str) -> None:
    root = _repository(tmp_path, *MANY, style=style)
    _conflict(root, _with(model("m03", context=3)), _with(model("m03x", context=5), model("m31")))
    git("commit", "--quiet", "--all", "--message=With markers", cwd=root)
    code, _, err = _resolve(root, LOCK)
    assert (code, err) == (0, "")
    expected = _with(model("m03", context=3), model("m03x", context=5), model("m31"))
    assert (root / LOCK).read_text(encoding="utf-8") == expected


def test_it_works_without_git_and_with_other_line_ends(tmp_path: Path) -> None:
    text = lock_text("a", "d").replace("- id: d\n", "<<<<<<< HEAD\n- id: b\n=======\n- id: c\n>>>>>>> x\n- id: d\n")
    root = write_files(tmp_path, {LOCK: text.replace("\n", "\r\n")})
    assert _resolve(root) == (0, f"{LOCK}: merged, 4 models\n", "")
    assert (root / LOCK).read_bytes().decode() == lock_text("a", "b", "c", "d")


def test_what_was_resolved_by_hand_stays(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a", "z")
    _conflict(root, lock_text("a", "b", "z"), lock_text("a", "c", "z"))
    fixed = lock_text("a", "c", "z", model("by-hand"))
    (root / LOCK).write_text(fixed, encoding="utf-8")
    assert _resolve(root)[:2] == (0, "no lock file has a conflict\n")
    assert (root / LOCK).read_text(encoding="utf-8") == fixed


def test_a_merge_that_leaves_no_markers_is_mended_too(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a", "z")
    (root / ".gitattributes").write_text("*.lock.yaml -merge\n", encoding="utf-8")
    git("add", ".", cwd=root)
    git("commit", "--quiet", "--message=Attributes", cwd=root)
    _conflict(root, lock_text("a", "b", "z"), lock_text("a", "c", "z"))
    assert _resolve(root)[0] == 0
    assert (root / LOCK).read_text(encoding="utf-8") == lock_text("a", "b", "c", "z")


def test_both_sides_added_the_lock(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a")
    _commit(root, "theirs", {"lock/other.lock.yaml": lock_text("x", model("y", context=1))})
    _commit(root, "ours", {"lock/other.lock.yaml": lock_text("w", model("y", mode="chat"))})
    assert not _merges(root)
    assert _resolve(root)[0] == 0
    merged = (root / "lock/other.lock.yaml").read_text(encoding="utf-8")
    assert merged == lock_text("w", "x", model("y", mode="chat", context=1))


@pytest.mark.parametrize("ours_is_gone", [True, False])
def test_a_lock_deleted_on_one_side_is_left_to_people(tmp_path: Path, ours_is_gone: bool) -> None:
    root = _repository(tmp_path, "a")
    sides = (None, lock_text("a", "b")) if ours_is_gone else (lock_text("a", "b"), None)
    _conflict(root, *sides)
    code, out, err = _resolve(root)
    assert (code, out) == (1, "")
    assert "deleted on one side and changed on the other" in err
    assert "git rm" in err


def test_headers_that_differ_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a")
    one, two = (Source(OPENAI.endpoint, "openai", (pattern,)) for pattern in ("gpt-4*", "gpt-5*"))
    _conflict(root, lock_text("a", source=one), lock_text("b", source=two))
    before = (root / LOCK).read_bytes()
    code, out, err = _resolve(root)
    assert (code, out) == (1, "")
    assert f"llmconf: {LOCK}: the two sides have different endpoints, types or filters" in err
    assert (root / LOCK).read_bytes() == before


def test_a_header_that_one_side_changed_is_taken(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a", "z")
    new = Source(OPENAI.endpoint, "openai", ("*",))
    _conflict(root, lock_text("a", "b", "z"), lock_text("a", "c", "z", source=new))
    assert _resolve(root)[0] == 0
    assert (root / LOCK).read_text(encoding="utf-8") == lock_text("a", "b", "c", "z", source=new)


@pytest.mark.parametrize("kept", ["ours", "theirs", "neither"])
def test_of_two_filters_the_one_that_is_asked_for_now_holds(tmp_path: Path, kept: str) -> None:
    """Two branches change the filter and sync; whoever merges decides about `sync:` first."""
    root = _repository(tmp_path, "a", "b", "c")
    filters = {"ours": ("a*", "b*"), "theirs": ("b*", "c*"), "neither": ("x*",)}
    for branch, names in (("theirs", ("b", "c")), ("ours", ("a", "b"))):
        source = Source(OPENAI.endpoint, OPENAI.adapter, filters[branch])
        config = f"{PROVIDER}sync: {{include: {json.dumps(filters[branch])}}}\n"
        _commit(root, branch, {LOCK: lock_text(*names, source=source), "config/openai.yaml": config})
    assert not _merges(root)
    config = f"{PROVIDER}sync: {{include: {json.dumps(filters[kept])}}}\n"
    (root / "config/openai.yaml").write_text(config, encoding="utf-8")
    code, out, err = _resolve(root)
    if kept == "neither":
        assert (code, out) == (1, "")
        assert "fix `sync:` of the provider first" in err
        assert "`git checkout --ours`" in err
        return
    assert (code, out.splitlines()[0]) == (0, f"{LOCK}: merged, 2 models")
    assert f"those of {kept} fit" in err
    text = (root / LOCK).read_text(encoding="utf-8")
    assert [line[6:] for line in text.splitlines() if line.startswith("- id: ")] == [each[0] for each in filters[kept]]
    assert [line for line in text.splitlines() if line.startswith("  - ")] == [
        f"  - {each}" for each in filters[kept]
    ]  # fmt: skip
    assert run("-C", root, "validate", "--frozen", "--report", "concise").stdout == ""


def test_what_would_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a")
    _conflict(root, lock_text(*(f"a{number:05}" for number in range(13_000))), lock_text(*(f"b{number:05}" for number in range(13_000))))
    before = (root / LOCK).read_bytes()
    code, out, err = _resolve(root)
    assert (code, out) == (1, "")
    assert "both sides together are larger than the limit for a lock" in err
    assert (root / LOCK).read_bytes() == before


def test_of_two_endpoints_of_one_list_ours_is_kept() -> None:
    first, second = Source("https://one.test/v1", "openai"), Source("https://two.test/v1", "openai")
    sides = LockFile(first, (model("a"), model("b"))), LockFile(second, (model("a"), model("c")))
    base = LockFile(OPENAI, (model("a"),))
    merged = lock_merge.merge(base, *sides, lambda _: True)
    assert (merged.lock.source, [each.id for each in merged.lock.models]) == (first, ["a", "b", "c"])
    assert lock_merge.merge(base, *sides, lambda source: source == second).lock.source == second
    with pytest.raises(RefusedError, match="different endpoints"):
        lock_merge.merge(base, *sides)


@pytest.mark.parametrize("command", ["lock resolve", "secrets scan --staged", "git setup", "build"])
def test_a_folder_that_is_filled_like_a_repository_runs_nothing(tmp_path: Path, command: str) -> None:
    """A pull request can bring all that git takes for a repository, with programs in its settings."""
    root, ran = tmp_path / "repository/project", tmp_path / "ran"
    write_files(root, {LOCK: lock_text("a")})
    (root / "objects").mkdir()
    (root / "refs").mkdir()
    (root / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    settings = {
        "core.repositoryFormatVersion": "1", "core.bare": "false", "core.worktree": ".",
        "extensions.partialClone": "origin", "remote.origin.promisor": "true",
        "remote.origin.url": str(tmp_path / "elsewhere"), "remote.origin.uploadpack": f"touch {ran}; git-upload-pack",
    }  # fmt: skip
    (root / "config").rename(root / "configuration")
    git("init", "--quiet", "--bare", tmp_path / "elsewhere", cwd=tmp_path)
    for name, value in settings.items():
        git("config", "--file", root / "config", name, value, cwd=tmp_path)
    missing = "".join(f"100644 {'1234567890' * 4} {stage}\t{LOCK}\n" for stage in (1, 2, 3))
    made = ["git", f"--git-dir={root}", "update-index", "--index-info"]
    subprocess.run(made, input=missing, cwd=root, check=True, text=True, capture_output=True)
    git("init", "--quiet", cwd=root.parent)
    done = run(*command.split(), cwd=root)
    assert not ran.exists()
    assert "Traceback" not in done.stderr
    if command != "build":
        assert (done.returncode, "looks like a git repository" in done.stderr) == (1, True)


@pytest.mark.parametrize("entries", [
    {"HEAD": "ref: refs/heads/main\n", "commondir": "elsewhere\n"},
    {"HEAD": "ref: refs/heads/main\n", "objects": "", "refs": ""},
    {"HEAD": None, "objects": None, "refs": None},
], ids=["another folder", "files", "links"])  # fmt: skip
def test_all_that_git_takes_for_a_repository_is_refused(tmp_path: Path, entries: dict[str, str | None]) -> None:
    """git asks only whether these can be entered, and follows links; a lock in the same folder is left alone."""
    root = tmp_path / "repository/project"
    write_files(root, {LOCK: "<<<<<<< a\n=======\n>>>>>>> b\n"})
    for name, text in entries.items():
        if text is None:
            (root / name).symlink_to("nowhere")
        else:
            (root / name).write_text(text, encoding="utf-8")
    git("init", "--quiet", cwd=root.parent)
    done = run("lock", "resolve", cwd=root)
    assert (done.returncode, "looks like a git repository" in done.stderr) == (1, True)
    (root / "HEAD").unlink()
    assert "looks like a git repository" not in run("lock", "resolve", cwd=root).stderr


def test_a_side_with_a_mistake_is_named(tmp_path: Path) -> None:
    root = _repository(tmp_path, "a")
    _conflict(root, lock_text("b"), lock_text("c").replace("- id: c", "- id: c\n  mode: chta"))
    code, _, err = _resolve(root)
    assert code == 1
    assert "the version of theirs has an error on line 8: `mode` cannot be `chta`" in err


@pytest.mark.parametrize("path", ["config/openai.yaml", "lock/nothing.lock.yaml", ".."])
def test_paths_that_are_no_locks(tmp_path: Path, path: str) -> None:
    root = _repository(tmp_path / "project", "a")
    assert _resolve(root, path)[0] == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("=======\n", 1), ("<<<<<<< a\n<<<<<<< a\n", 2), ("<<<<<<< a\n>>>>>>> b\n", 2), ("||||||| x\n", 1),
        ("<<<<<<< a\n=======\n=======\n>>>>>>> b\n", 3), ("<<<<<<< a\n=======\n", 0), ("x\n>>>>>>> b\n", 2),
    ],
)  # fmt: skip
def test_markers_that_do_not_fit(text: str, line: int) -> None:
    with pytest.raises(RefusedError, match=f"on line {line} " if line else "no end"):
        lock_merge.split(text)


def test_only_the_markers_that_tell_the_ancestor_tell_it() -> None:
    plain = lock_merge.split("a\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\nd")
    assert (plain.ours, plain.theirs, plain.base) == (["a\n", "b\n", "d"], ["a\n", "c\n", "d"], None)
    diff3 = lock_merge.split("a\n<<<<<<< x\nb\n||||||| o\ne\n=======\n>>>>>>> y\nd")
    assert (diff3.ours, diff3.theirs, diff3.base) == (["a\n", "b\n", "d"], ["a\n", "d"], ["a\n", "e\n", "d"])


@pytest.mark.parametrize("text", ["a: <<<<<<< b\n", "========\n", "<<<<<<<<\n", " =======\n", "<<<<<<\n", ">>>>>>>x\n"])
def test_what_is_no_marker(text: str) -> None:
    assert reader.conflict(text) is None
    assert lock_merge.split(text).ours == [text]


# What becomes of a fact: base, ours, theirs -> result, each as (value, source); None where it is not known.
A, B, C = (1, "litellm"), (2, "litellm"), (3, "provider")
D = (4, "provider+litellm")
FACTS = [
    (A, A, B, B, ""), (A, B, A, B, ""), (A, B, B, B, ""), (None, A, None, A, ""), (None, None, B, B, ""),
    (A, None, A, None, ""), (A, A, None, None, ""), (A, None, B, B, ""), (A, B, None, B, ""),
    (None, A, B, A, "ours"), (None, A, C, C, "theirs"), (None, C, A, C, "ours"), (B, A, C, C, "theirs"),
    (None, A, D, D, "theirs"), (None, D, A, D, "ours"), (None, D, C, D, "ours"),
    (None, A, (1, "provider"), (1, "provider"), ""), (None, (1, "provider"), A, (1, "provider"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("base", "ours", "theirs", "expected", "side"), FACTS)
def test_each_fact_is_merged_with_its_origin(
    base: tuple[int, str] | None, ours: tuple[int, str] | None, theirs: tuple[int, str] | None,
    expected: tuple[int, str] | None, side: str,
) -> None:  # fmt: skip
    def lock(fact: tuple[int, str] | None, other: int) -> LockFile:
        # Another fact differs on each side, so that the model as a whole does too.
        facts = {"context": fact[0]} if fact else {}
        return LockFile(OPENAI, (model("m", sources={"context": fact[1]} if fact else {}, **facts, max_output=other),))

    merged = lock_merge.merge(lock(base, 1), lock(ours, 1), lock(theirs, 2))
    assert merged.lock == lock(expected, 2)
    assert merged.notes == ([f"m: the sides differ on `context`; {side} is kept"] if side else [])


@pytest.mark.parametrize(("base", "ours", "theirs"), list(itertools.product((True, False), repeat=3)))
def test_a_switch_is_that_of_the_side_that_changed_it(base: bool, ours: bool, theirs: bool) -> None:
    locks = [LockFile(OPENAI, (model("m", state),)) for state in (base, ours, theirs)]
    assert lock_merge.merge(*locks).lock.models[0].enabled is (theirs if ours == base else ours)


_locks = st.lists(
    st.builds(lambda name, context: model(name, context=context), st.sampled_from("abcd"), st.integers(1, 3)),
    unique_by=lambda each: each.id,
).map(lambda models: LockFile(OPENAI, tuple(sorted(models, key=lambda each: each.id))))


@given(_locks, _locks, _locks)
def test_laws_of_a_merge(base: LockFile, one: LockFile, two: LockFile) -> None:
    assert lock_merge.merge(base, one, one) == lock_merge.Merged(one, [])
    assert lock_merge.merge(base, base, one) == lock_merge.Merged(one, [])
    assert lock_merge.merge(base, one, base) == lock_merge.Merged(one, [])
    there, back = lock_merge.merge(base, one, two), lock_merge.merge(base, two, one)
    assert [each.id for each in there.lock.models] == [each.id for each in back.lock.models]
    if not there.notes:
        assert there == back
    both = {each.id for each in one.models} | {each.id for each in two.models}
    assert {each.id for each in lock_merge.merge(None, one, two).lock.models} == both
