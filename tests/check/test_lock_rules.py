"""What `validate` makes of locks: models that are gone, misspelled or moving, and locks that are out of date."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from commands import edit, run
from lock_projects import OPENAI, PROVIDER, lock_text, model, write_files

from llmconf import api
from llmconf.core.plugins import load_module
from llmconf.lock.format import Locked, Source

TODAY = date(2026, 6, 1)
OTHER = PROVIDER.replace("openai", "other", 1).replace("env:OPENAI", "env:OTHER")


def _route(*targets: str, name: str = "chat") -> str:
    return f"---\nkind: Route\nname: {name}\ntargets: [{', '.join(f'{{model: {target}}}' for target in targets)}]\n"


def _found(root: Path, files: dict[str, str], *, frozen: bool = False, env: str | None = None) -> list[str]:
    checked = api.validate(write_files(root, files), today=TODAY, frozen=frozen, env=env)
    report = api.make_report(checked, checked.diagnostics)
    text: str = load_module("llmconf.report.formats", "concise").render(report)
    return text.splitlines()


def _with_lock(*models: Locked | str, documents: str = "", source: Source = OPENAI, **files: str) -> dict[str, str]:
    return {"config/openai.yaml": PROVIDER + documents, "lock/openai.lock.yaml": lock_text(*models, source=source), **files}


def test_what_only_a_lock_says_is_not_for_people_to_mend(tmp_path: Path) -> None:
    odd = [
        model("A", price={"input": "0.0000001"}), model("a", aliases=["x", "b"]),
        model("b", aliases=["x", "y"], lifecycle={"status": "removed"}), model("c", lifecycle={"retires": "2026-01-01"}),
    ]  # fmt: skip
    assert _found(tmp_path, _with_lock(*odd)) == []
    written = 'models:\n  - {id: a, context: 5}\n  - {id: d, base: c, aliases: [b, y]}\n  - {id: c, price: {input: "0.0000001"}}\n'
    assert [line.partition(" [")[0] for line in _found(tmp_path, _with_lock(*odd, documents=written))] == [
        "config/openai.yaml:12:32: error LCM006 the alias `b` is the id of another model",
        "config/openai.yaml:12:35: error LCM006 model `b` has the alias `y` too",
        "config/openai.yaml:13:28: warning LCM003 `0.0000001` USD per million tokens is too low for a price of `input`",
    ]


def test_a_retirement_that_the_lock_states_is_told_at_the_route(tmp_path: Path) -> None:
    ending = model("old", lifecycle={"retires": "2026-08-01", "replacement": "new"})
    files = _with_lock(ending, "new", documents=_route("openai/old"))
    assert _found(tmp_path, files) == [
        "config/openai.yaml:13:19: warning LCM005 model `openai/old` retires on 2026-08-01 "
        "[the provider names `new` as its successor]"
    ]
    checked = api.validate(tmp_path, today=date(2026, 1, 1))
    assert checked.diagnostics == []
    assert api.first_change(checked, date(2026, 1, 1)) == date(2026, 5, 3)
    (diagnostic,) = api.validate(tmp_path, today=TODAY).diagnostics
    assert [(r.span.file, r.span.line) for r in diagnostic.related] == [("lock/openai.lock.yaml", 10)]


def test_a_removed_model_is_an_error_once_and_a_document_can_say_otherwise(tmp_path: Path) -> None:
    gone = model("gone", lifecycle={"status": "removed", "retires": "2026-01-01"})
    files = _with_lock(gone, documents=_route("openai/gone"))
    (line,) = _found(tmp_path, files)
    assert line.startswith("config/openai.yaml:13:19: error LCM007 model `openai/gone` is no longer listed")
    served = "models: [{id: gone, lifecycle: {status: active, retires: null}}]\n"
    assert _found(tmp_path, _with_lock(gone, documents=served + _route("openai/gone"))) == []


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("openai/vendor/model-0777x", "did you mean `openai/vendor/model-0777`?"),
        ("openai/model-0003", "did you mean `openai/vendor/model-0003`?"),
        ("openai/short", "it is an alias; name the model: `openai/vendor/model-0001`"),
    ],
)
def test_a_misspelled_id_is_found_among_very_many(tmp_path: Path, target: str, hint: str) -> None:
    models = [model(f"vendor/model-{number:04}") for number in range(2000)]
    models[1] = model("vendor/model-0001", aliases=["short"])
    (line,) = _found(tmp_path, _with_lock(*models, documents=_route(target)))
    assert line.endswith(f"error LCR002 there is no model `{target}` [{hint}]")


def test_many_misspelled_ids_are_all_found_and_most_get_a_hint(tmp_path: Path) -> None:
    models = [model(f"vendor/model-{number:04}") for number in range(2000)]
    routes = "".join(_route(f"openai/vendor/model-{number:04}x", name=f"r{number}") for number in range(0, 500, 10))
    found = _found(tmp_path, _with_lock(*models, documents=routes))
    assert len(found) == 50
    assert all("LCR002" in line and "did you mean" in line for line in found)


def test_a_base_that_was_clear_stays_clear_when_more_is_locked(tmp_path: Path) -> None:
    follower = "---\nkind: Model\nprovider: openai\nid: ours\nbase: gpt-5\n"
    declared = {"config/other.yaml": OTHER + "models: [{id: gpt-5, context: 7}]\n"}
    files = _with_lock(model("gpt-5", context=5), documents=follower) | declared
    assert _found(tmp_path, files) == []
    done = run("-C", tmp_path, "show", "model/openai/ours")
    assert "context: 7" in done.stdout, "what is declared goes before what is only locked"
    files |= {"config/other.yaml": OTHER, "lock/other.lock.yaml": lock_text(model("gpt-5", context=6))}
    assert _found(tmp_path, files) == []
    assert "context: 5" in run("-C", tmp_path, "show", "model/openai/ours").stdout, "the own provider goes first"


def test_an_ambiguous_base_among_locks_is_told(tmp_path: Path) -> None:
    third = OTHER.replace("other", "third", 1).replace("env:OTHER", "env:THIRD") + "models: [{id: ours, base: gpt-5}]\n"
    files = _with_lock("gpt-5") | {"config/other.yaml": OTHER, "lock/other.lock.yaml": lock_text("gpt-5"), "config/third.yaml": third}
    (line,) = _found(tmp_path, files)
    assert "LCM004 the base `gpt-5` may mean `openai/gpt-5` and `other/gpt-5`" in line


ANY = Source("https://api.openai.com/v1", "openai", ("gpt-*",))


@pytest.mark.parametrize(
    ("sync", "source", "expected"),
    [
        ("", OPENAI, ""),
        ("sync: {}\n", OPENAI, ""),
        ('sync: {include: ["gpt-*"]}\n', ANY, ""),
        ("", ANY, "lock/openai.lock.yaml:6:3: this lock was written with another `include`"),
        ('sync: {include: ["gpt-*", "o*"]}\n', ANY, "lock/openai.lock.yaml:6:3: this lock was written with another `include`"),
        ('sync: {exclude: ["gpt-*"]}\n', OPENAI, "lock/openai.lock.yaml:3:1: this lock was written with another `exclude`"),
        ("", Source("https://api.openai.com/v1", "azure_openai"), "lock/openai.lock.yaml:5:12: this lock is for the type `azure_openai`"),
        ("enabled: false\n", ANY, ""),
    ],
)  # fmt: skip
def test_a_lock_belongs_to_what_its_provider_is(tmp_path: Path, sync: str, source: Source, expected: str) -> None:
    for frozen, severity in ((False, "warning"), (True, "error")):
        found = _found(tmp_path, _with_lock("gpt-5", documents=sync, source=source), frozen=frozen)
        assert [line.replace(f" {severity} LCM010", "")[: len(expected)] for line in found] == ([expected] if expected else [])


@pytest.mark.parametrize(("models", "expected"), [
    (["gpt-5", "o3"], "10:7: {} LCM010 the filter of this lock does not include `o3`"),
    (["o1", "o3"], "9:7: {} LCM010 the filter of this lock does not include `o1` and 1 more"),
    (["gpt-5", model("o3", lifecycle={"status": "removed"})], None),
])  # fmt: skip
def test_a_lock_has_only_what_its_filter_takes(tmp_path: Path, models: list[Locked | str], expected: str | None) -> None:
    files = _with_lock(*models, documents='sync: {include: ["gpt-*"]}\n', source=ANY)
    for frozen, severity in ((False, "warning"), (True, "error")):
        hint = " [run `llmconf sync --only provider/openai`]"
        wanted = [f"lock/openai.lock.yaml:{expected.format(severity)}{hint}"] if expected else []
        assert _found(tmp_path, files, frozen=frozen) == wanted


def test_a_filter_of_one_environment_is_enough(tmp_path: Path) -> None:
    settings = {"llmconf.yaml": "version: 1\nname: x\nenvironments: [dev, prod]\n"}
    overlay = 'kind: Provider\nname: openai\nsync: {include: ["gpt-*"]}\n'
    files = _with_lock("gpt-5", source=ANY) | settings
    assert len(_found(tmp_path, files)) == 1
    files["environments/prod/openai.yaml"] = overlay
    assert _found(tmp_path, files) == []
    files |= {"environments/prod/new.yaml": OTHER + "$new: true\n", "lock/other.lock.yaml": lock_text("m")}
    assert _found(tmp_path, files) == []
    assert all("lock/other" not in line for line in _found(tmp_path, files, env="dev")), "prod has its provider"


def test_a_provider_that_is_to_be_synced_has_a_lock(tmp_path: Path) -> None:
    files = {"config/openai.yaml": PROVIDER + "sync: {}\n"}
    assert _found(tmp_path, files) == [
        "config/openai.yaml:10:1: warning LCM010 provider `openai` has `sync:` but no lock "
        "[run `llmconf sync --only provider/openai`]"
    ]
    (line,) = _found(tmp_path, files | {"lock/openai.lock.yaml": "version: 2\n"})
    assert "LCS006" in line, "a lock that cannot be read is there all the same"


def test_frozen_is_part_of_what_is_remembered(tmp_path: Path) -> None:
    root = write_files(tmp_path / "project", _with_lock("gpt-5", source=ANY) | {"llmconf.yaml": "version: 1\nname: x\nrules: {LCM010: off}\n"})
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    trusting = "import llmconf.check.verdict_cache as v; v._RACY_NS = -10**18\nfrom llmconf.__main__ import main\nmain()"
    first = subprocess.run(
        [sys.executable, "-c", trusting, "validate"], cwd=root, env={**os.environ, **own}, check=False, capture_output=True, text=True
    )
    assert (first.returncode, len(list((tmp_path / "cache").rglob("*.json")))) == (0, 1)
    assert run("validate", cwd=root, env=own).returncode == 0
    frozen = run("validate", "--frozen", cwd=root, env=own)
    assert (frozen.returncode, "error[LCM010]" in frozen.stdout) == (1, True), "off is for people, frozen is for CI"
    assert run("validate", cwd=root, env=own).returncode == 0
    edit(root / "lock/openai.lock.yaml", "- id: gpt-5", "- id: gpt-5 4")
    assert run("validate", cwd=root, env=own).returncode == 1, "a lock is part of what a verdict is about"


def test_frozen_says_that_it_needs_no_network() -> None:
    assert "Needs no network" in " ".join(run("validate", "--help").stdout.split())


def test_nothing_is_guessed_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    files = _with_lock("gpt-5") | {"config/openai.yaml": PROVIDER + "models: [\n"}
    assert [line.split()[2] for line in _found(tmp_path, files)] == ["LCY001"]
    files = _with_lock("gpt-5", documents="models: [{id: gpt-4}]\n") | {"config/other.yaml": "kind: [\n"}
    assert [line.split()[2] for line in _found(tmp_path, files)] == ["LCY001"]


def test_a_lock_of_more_models_than_anybody_lists_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmconf.lock.format.MAX_MODELS", 100)
    ids = [f"m{number:06}" for number in range(101)]
    (line,) = _found(tmp_path, _with_lock(*ids))
    assert line == (
        "lock/openai.lock.yaml:1:1: error LCY008 more than 100 models, which no provider lists "
        "[narrow `sync:`, and run `llmconf sync`, or delete the file and run `llmconf sync`]"
    )
    assert _found(tmp_path, _with_lock(*ids[1:])) == []
    files = _with_lock("m")
    flow = ", ".join(f"{{id: {each}}}" for each in ids)
    text = files["lock/openai.lock.yaml"].replace("models:\n- id: m\n", f"models: [{flow}]\n")
    (line,) = _found(tmp_path, {**files, "lock/openai.lock.yaml": text})
    assert "error LCY008 more than 100 models, which no provider lists" in line, "in whatever style it is written"


def test_a_filter_has_as_many_patterns_as_can_be_looked_for(tmp_path: Path) -> None:
    patterns = ", ".join(f"'m{number}*'" for number in range(201))
    (line,) = _found(tmp_path, {"config/openai.yaml": f"{PROVIDER}sync: {{include: [{patterns}]}}\n"})
    assert line == "config/openai.yaml:10:8: error LCS006 `include` has more than 200 items [remove some items]"
