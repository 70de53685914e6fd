"""Lock files: one text for one set of models, read alike by every reader, and merged below what people write."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import run
from hypothesis import example, given
from hypothesis import strategies as st
from lock_projects import OPENAI, PROVIDER, lock_text, model, write_files
from ruamel.yaml import YAML

from llmconf import api
from llmconf.lock import reader
from llmconf.lock.format import FACTS, Locked, LockFile, Source, selects, write
from llmconf.project import locks
from llmconf.project.environment import Resolved
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.document import Document
from llmconf.yamltext.scalars import quote

TODAY = date(2026, 6, 1)
AWKWARD = [
    ":", "a:", "a:b", "#", "a#b", "'", '"', "\\", 'a"b\\', "-", "--", "-x", "@cf/meta/llama", "*a", "&a", "!a",
    "%a", "|", ">", "?", "[a]", "{a}", "a,b", "null", "Null", "~", "true", "TRUE", "yes", "No", "on", "Off", "y", "N",
    "1", "1e5", "0x10", "0o7", "010", "1_000", "1:30", ".5", ".inf", ".NaN", "+1", "=", "<<", "2027-01-01", "2027",
    "ü", "模型", "🦙:8b", "a\u00e9", "llama3:8b", "a.b-c_d/e+f@g", "ENC(x)", "`x`", "---", "...", "x" * 256,
]  # fmt: skip
SAMPLE = """\
# Written by `llmconf sync`. After a conflict: `llmconf lock resolve`.
version: 1
source:
  endpoint: https://api.openai.com/v1
  adapter: openai
  include:
  - gpt-5*
  exclude:
  - "*-preview"
models:
- id: gpt-5
  mode: chat
  capabilities:
  - chat
  - vision
  context: 400000
  max_output: 128000
  price:
    input: "1.25"
    output: "10"
    cache_read: "0.125"
    batch:
      input: "0.5"
    tiers:
    - above: 200000
      input: "2.5"
      output: "15"
    - above: 400000
      input: "5"
  aliases:
  - gpt-5-2025-08-07
  lifecycle:
    status: deprecated
    retires: "2027-01-01"
    replacement: gpt-6
  enabled: false
  sources:
    context: provider
    price: genai-prices
- id: gpt-5-mini
"""
GPT_5 = model(
    "gpt-5", False, {"context": "provider", "price": "genai-prices", "mode": "", "lifecycle": ""},
    lifecycle={"retires": "2027-01-01", "replacement": "gpt-6", "status": "deprecated"},
    aliases=["gpt-5-2025-08-07"],
    price={
        "tiers": [{"input": "2.5", "above": 200000, "output": "15"}, {"above": 400000, "input": "5"}],
        "batch": {"input": "0.5"}, "cache_read": "0.125", "output": "10", "input": "1.25",
    },
    max_output=128000, context=400000, capabilities=["vision", "chat"], mode="chat",
)  # fmt: skip

_ids = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12),
)
_money = st.decimals("0", "99", places=3).map(lambda amount: f"{amount.normalize():f}")
_prices = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("input", "output", "cache_read", "cache_write"), _money),
        "batch": st.fixed_dictionaries({"input": _money}),
        "tiers": st.lists(st.fixed_dictionaries({"above": st.integers(1, 10**6), "input": _money}), min_size=1),
    },
)  # fmt: skip
_counts = st.integers(1, 2**53 - 1)
_facts = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["chat", "embedding"]),
        "capabilities": st.lists(st.sampled_from(["chat", "vision", "batch"]), min_size=1, unique=True),
        "context": _counts, "max_output": _counts, "price": _prices,
        "aliases": st.lists(_ids, min_size=1, max_size=2, unique=True),
        "lifecycle": st.fixed_dictionaries(
            {}, optional={"status": st.sampled_from(["deprecated", "removed"]), "retires": st.just("2027-01-01")}
        ),
    },
)  # fmt: skip
_sources = st.dictionaries(st.sampled_from(FACTS), st.sampled_from(["provider", "models.dev", "genai-prices"]))
_models = st.builds(Locked, _ids, _facts, st.booleans(), _sources)
_locks = st.builds(
    LockFile,
    st.builds(Source, _ids, st.just("openai"), st.lists(_ids, max_size=2).map(tuple)),
    st.lists(_models, max_size=4, unique_by=lambda each: each.id).map(tuple),
)


def _resolved(root: Path, env: str | None = None) -> Resolved:
    checked = api.validate(root, today=TODAY)
    assert checked.diagnostics == []
    return checked.environments[env]


def _found(root: Path) -> list[str]:
    found = api.validate(root, today=TODAY).diagnostics
    return [f"{d.code} {d.span.file}:{d.span.line}:{d.span.column} {d.message}" for d in found]


def test_the_form_is_fixed() -> None:
    lock = LockFile(Source("https://api.openai.com/v1", "openai", ("gpt-5*",), ("*-preview",)), (model("gpt-5-mini"), GPT_5))
    assert write(lock).replace('    mode: ""\n', "").replace('    lifecycle: ""\n', "") == SAMPLE


@given(_locks)
@example(LockFile(OPENAI, tuple(model(name) for name in sorted(set(AWKWARD)))))
def test_what_is_written_is_read_alike_by_all_and_written_again(lock: LockFile) -> None:
    text = write(lock)
    (own,), findings = yaml_load.load(text, "lock")
    assert findings == []
    assert yaml.safe_load(text) == own
    assert YAML(typ="safe", pure=True).load(text) == own
    assert reader.load(text) in (own, None)
    assert [block["id"] for block in own["models"]] == sorted(each.id for each in lock.models)
    read, findings = locks.read_text(text, "lock/openai.lock.yaml")
    assert (findings, read is not None) == ([], True)
    assert read is not None
    assert write(read) == text


@given(st.permutations([model("a"), model("b"), model("B"), GPT_5]))
def test_the_order_of_models_does_not_matter(models: list[Locked]) -> None:
    assert write(LockFile(OPENAI, tuple(models))) == write(LockFile(OPENAI, tuple(sorted(models, key=lambda m: m.id))))


@given(_locks, st.data())
def test_the_quick_reader_knows_what_it_does_not_know(lock: LockFile, data: st.DataObject) -> None:
    text = write(lock)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 3, len(text))))
    inserted = data.draw(st.sampled_from(["", " ", "\n", "#", " # x", ":", '"', "\\", "- ", "&a ", "*a", "\t", "\r", "\u2028", "1", "null"]))
    changed = text[:start] + inserted + text[end:]
    quick = reader.load(changed)
    if quick is not None:
        assert yaml_load.load(changed, "lock") == ([quick], [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mode: chat", "mode: null"), ("- vision", "- true"), ("id: gpt-5-mini", "id: On"), ("adapter: openai", "adapter: yes"),
        ("status: deprecated", "status: deprecated\n    status: retired"), ("adapter: openai", "adapter: openai\n  adapter: x"),
        ('output: "10"', 'output: "10"\n    output: "11"'),
        ("context: 400000", "context: 0400000"), ("enabled: false", "enabled: False"), ("id: gpt-5-mini", "id: gpt-5-mini # new"),
    ],
)  # fmt: skip
def test_the_quick_reader_leaves_what_is_nearly_right_to_the_parser(old: str, new: str) -> None:
    assert SAMPLE.count(old) >= 1
    assert reader.load(SAMPLE) is not None
    assert reader.load(SAMPLE.replace(old, new, 1)) is None


def test_a_written_lock_needs_no_yaml_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    text = SAMPLE.replace('    batch:\n      input: "0.5"\n', "").replace(SAMPLE[SAMPLE.index("    tiers") : SAMPLE.index("  aliases")], "")
    expected = yaml_load.load(text, "lock")[0]
    monkeypatch.delattr(yaml_load, "load")
    assert [reader.load(text)] == expected


@pytest.mark.parametrize("text", [SAMPLE, lock_text(*sorted(set(AWKWARD)))])
def test_places_are_those_of_the_whole_text(text: str) -> None:
    whole, parts = Document(text, "lock"), reader.open_text(text, "lock")
    assert isinstance(parts, reader.LockText)
    data = yaml_load.load(text, "lock")[0][0]
    paths = [(), ("version",), ("source",), ("source", "adapter"), ("models",), ("nothing",), *_paths(data["models"], ("models",))]
    for path in paths:
        for on_key in (False, True):
            assert parts.locate(0, path, on_key=on_key) == whole.locate(0, path, on_key=on_key), path


def _paths(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, part in items for inner in _paths(part, (*path, key)))][len(path) < 2 :]


def test_what_no_lock_can_hold() -> None:
    with pytest.raises(ValueError, match="`a` occurs twice"):
        write(LockFile(OPENAI, (model("a"), model("a"))))
    with pytest.raises(ValueError, match="surrogate"):
        quote("a\ud800")


@pytest.mark.parametrize(
    ("name", "include", "exclude", "expected"),
    [
        ("gpt-5", None, None, True), ("gpt-5", [], [], True), ("gpt-5-mini", ["gpt-5*"], None, True),
        ("gpt-4", ["gpt-5*"], None, False), ("gpt-5-preview", ["gpt-5*"], ["*-preview"], False),
        ("gpt-5", ["gpt-?"], None, True), ("gpt-55", ["gpt-?"], None, False), ("gptx5", ["gpt.5"], None, False),
        ("[a]", ["[a]"], None, True), ("a", ["[a]"], None, False),
    ],
)  # fmt: skip
def test_filters(name: str, include: list[str] | None, exclude: list[str] | None, expected: bool) -> None:
    assert selects(name, include, exclude) is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1", "version: 2", "LCS006 lock/openai.lock.yaml:2:10 this lock has version 2"),
        ("version: 1", "version: 0", "LCS006 lock/openai.lock.yaml:2:10 `version` cannot be"),
        ("version: 1\n", "", "LCS004 lock/openai.lock.yaml:2:1 `version` is missing"),
        ("adapter: openai", "adaptor: openai", "LCS003 lock/openai.lock.yaml:5:3 unknown key `adaptor`"),
        ("mode: chat", "mode: chta", "LCS006 lock/openai.lock.yaml:12:9 `mode` cannot be `chta`"),
        ("context: 400000", 'context: "400000"', "LCS005 lock/openai.lock.yaml:16:12 `context` is a whole number"),
        ('input: "1.25"', "input: 1.25", "LCS005 lock/openai.lock.yaml:19:12 `input` is an amount"),
        ('input: "1.25"', 'input: "-1.25"', "LCM002 lock/openai.lock.yaml:18:3 a price is negative"),
        ('retires: "2027-01-01"', 'retires: "2027-02-30"', "LCS006 lock/openai.lock.yaml:34:14 `retires`"),
        ("  - vision", "  - chat", "LCS006 lock/openai.lock.yaml:15:5 `capabilities` has the same item twice"),
        ("  enabled: false", "  enabled: false\n  labels: {a: b}", "LCS003 lock/openai.lock.yaml:37:3 a lock cannot have the key `labels`"),
        ("- id: gpt-5-mini", "- id: gpt-5", "LCR001 lock/openai.lock.yaml:40:7 the model `gpt-5` is listed twice"),
        ("- id: gpt-5-mini", "- mode: chat", "LCS004 lock/openai.lock.yaml:40:3 `id` is missing"),
        ("  mode: chat", "  mode: chat\n  mode: chat", "LCY003 lock/openai.lock.yaml:13:3 the key `mode` stands twice"),
        ("  mode: chat", "  mode: [chat", "LCY001 lock/openai.lock.yaml:13:"),
        ("- id: gpt-5-mini", "<<<<<<< HEAD\n- id: a\n=======\n- id: b\n>>>>>>> x", "LCM011 lock/openai.lock.yaml:40:1 a merge left"),
        ("- id: gpt-5-mini", "=======", "LCM011 lock/openai.lock.yaml:40:1 a merge left"),
        ("models:", "models: 5\nmodel:", "LCS005 lock/openai.lock.yaml:10:9 `models` is a list"),
        (SAMPLE, "- a\n", "LCS001 lock/openai.lock.yaml:1:1 a lock file must hold one mapping"),
        (SAMPLE, SAMPLE + "---\na: b\n", "LCS001 lock/openai.lock.yaml:42:1 a lock file must hold one mapping"),
        (SAMPLE, "", "LCY009 lock/openai.lock.yaml:1:1 the file holds no document"),
    ],
)  # fmt: skip
def test_a_broken_lock_is_one_finding_and_no_guess(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert SAMPLE.count(old) >= 1
    route = "---\nkind: Route\nname: chat\ntargets: [{model: openai/gpt-5-mini}]\n"
    sync = 'sync: {include: ["gpt-5*"], exclude: ["*-preview"]}\n'
    files = {"lock/openai.lock.yaml": SAMPLE.replace(old, new, 1), "config/openai.yaml": PROVIDER + sync + route}
    found = _found(write_files(tmp_path, files))
    assert found[0].startswith(expected), found
    assert {line.split()[0] for line in found} <= {expected.split(maxsplit=1)[0], "LCS003"}, found


def test_a_key_in_a_lock_is_seen(tmp_path: Path) -> None:
    text = lock_text("sk-proj-" + "FakeFakeFakeFake" * 4)
    found = api.validate(write_files(tmp_path, {"lock/openai.lock.yaml": text}), today=TODAY).diagnostics
    assert [d.code for d in found] == ["LCK001"]


def test_what_else_stands_beside_locks(tmp_path: Path) -> None:
    found = _found(write_files(tmp_path, {"lock/openai.yaml": "", "lock/openai.lock.yml": "", "lock/notes.md": "x"}))
    assert [line.partition(" `")[0] for line in found] == [
        "LCY011 lock/openai.lock.yml:1:1", "LCY011 lock/openai.yaml:1:1",
    ]  # fmt: skip


def test_nulls_and_other_line_ends_are_read_too(tmp_path: Path) -> None:
    text = SAMPLE.replace('    cache_read: "0.125"', "    cache_read: null").replace("  mode: chat", "  mode: ~")
    files = {"lock/openai.lock.yaml": text.replace("\n", "\r\n"), "config/openai.yaml": PROVIDER + "sync: {include: [gpt-5*], exclude: ['*-preview']}\n"}
    resource = _resolved(write_files(tmp_path, files)).models["model/openai/gpt-5"]
    assert "mode" not in resource.data
    assert resource.data["price"].keys() == {"input", "output", "batch", "tiers"}


def test_what_people_write_goes_over_the_lock(tmp_path: Path) -> None:
    by_hand = "models:\n  - id: gpt-5\n    context: 1000\n    price: {output: '9'}\n  - id: own\n    base: gpt-5\n"
    locked_models = (
        model("a"), model("gpt-5", context=400000, max_output=7, price={"input": "1", "output": "10"}, sources={"price": "litellm"}),
    )  # fmt: skip
    root = write_files(
        tmp_path,
        {
            "llmconf.yaml": "version: 1\nname: x\nenvironments: [dev, prod]\ndefaults: {Model/openai: {labels: {from: defaults}, max_output: 8}}\n",
            "config/openai.yaml": PROVIDER + by_hand,
            "lock/openai.lock.yaml": lock_text(*locked_models),
            "environments/prod/openai.yaml": "kind: Model\nprovider: openai\nid: a\nmode: embedding\n"
            "---\nkind: Model\nprovider: openai\nid: gpt-5\nmax_output: 9\n",
        },
    )
    env = _resolved(root, "prod")
    assert list(env.models) == ["model/openai/gpt-5", "model/openai/own", "model/openai/a"]
    gpt_5, a = env.models["model/openai/gpt-5"], env.models["model/openai/a"]
    assert gpt_5.data == {"id": "gpt-5", "context": 1000, "max_output": 9, "price": {"input": "1", "output": "9"}, "labels": {"from": "defaults"}}
    assert [layer.name for layer in gpt_5.layers] == ["lock", "defaults", "base", "prod"]
    assert (gpt_5.base.file, a.base.file) == ("config/openai.yaml", "environments/prod/openai.yaml")
    assert (a.spec.mode, a.spec.labels, a.is_declared) == ("embedding", {"from": "defaults"}, True)
    dev = _resolved(root, "dev").models
    assert (dev["model/openai/a"].spec.mode, dev["model/openai/a"].is_declared) == (None, False)
    assert dev["model/openai/gpt-5"].spec.max_output == 8, "defaults go over the lock"
    why = run("-C", root, "show", "model/openai/gpt-5", "--env", "prod", "--why")
    assert "price.input: 1         lock (litellm) lock/openai.lock.yaml:12\n" in why.stdout, why.stdout
    assert "lock lock/openai.lock.yaml:10 -> defaults llmconf.yaml:4 -> prod environments/prod/openai.yaml:9" in why.stdout


def test_overlays_add_and_remove_providers_with_locks(tmp_path: Path) -> None:
    new = PROVIDER.replace("openai", "other", 1).replace("api_key: env:OPENAI", "api_key: env:OTHER") + "$new: true\nmodels: [{id: m, context: 5}]\n"
    root = write_files(
        tmp_path,
        {
            "llmconf.yaml": "version: 1\nname: x\nenvironments: [dev, prod]\n",
            "lock/openai.lock.yaml": lock_text("a", "b", "c"),
            "lock/other.lock.yaml": lock_text("m", "n"),
            "environments/prod/x.yaml": f"{new}---\nkind: Model\nprovider: openai\nid: b\n$remove: not here\n"
            "---\nkind: Model\nprovider: openai\nid: c\n$new: true\ncontext: 6\n",
        },
    )
    checked = api.validate(root, today=TODAY)
    assert checked.diagnostics == []
    dev, prod = checked.environments["dev"], checked.environments["prod"]
    assert sorted(dev.models) == ["model/openai/a", "model/openai/b", "model/openai/c"]
    assert sorted(prod.models) == ["model/openai/a", "model/openai/c", "model/other/m", "model/other/n"]
    assert [prod.models[f"model/{name}"].spec.context for name in ("openai/c", "other/m", "other/n")] == [6, 5, None]
    assert (sorted(dev.locks), sorted(prod.locks)) == (["openai"], ["openai", "other"])
    assert dev.models["model/openai/a"] is prod.models["model/openai/a"], "environments share what they do not change"


def test_a_bundle_has_locked_models_and_names_their_lines(tmp_path: Path) -> None:
    text = lock_text(model("a", context=5), model("base", False), model("use", sources={"price": "litellm"}, price={"input": "1"}))
    root = write_files(tmp_path, {"lock/openai.lock.yaml": text})
    assert run("-C", root, "build", "--out", tmp_path / "out").returncode == 0
    (bundle,) = (tmp_path / "out").rglob("bundle.json")
    models = json.loads(bundle.read_text())["providers"]["openai"]["models"]
    assert models == {"a": {"context": 5, "endpoints": ["main"]}, "use": {"price": {"input": "1"}, "endpoints": ["main"]}}
    origin = json.loads(bundle.with_name("provenance.json").read_text())["values"]
    assert origin["/providers/openai/models/a/context"] == ["lock/openai.lock.yaml:8"]


LISTED = lock_text(
    model("big", context=1_000_000, max_output=9, price={"input": "2", "output": "8"}, capabilities=["chat", "vision"]),
    model("cheap", context=200_000, price={"input": "0.5", "output": "1"}, capabilities=["chat"]),
    model("embed", mode="embedding", context=8000, price={"input": "0.1"}),
    model("gone", lifecycle={"status": "removed"}),
    model("half", price={"input": "0.01"}),
    model("old", context=200_000, lifecycle={"deprecated": "2026-01-01", "retires": "2026-06-01"}),
    model("unknown"),
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--max-input-price 1", "cheap embed half"),
        ("--max-input-price 2 --max-output-price 8", "big cheap"),
        ("--max-output-price 0", ""),
        ("--min-context 200000", "big cheap old"),
        ("--min-output 9", "big"),
        ("--mode embedding", "embed"),
        ("--status active", "big cheap embed half unknown"),
        ("--status retired", "old"),
        ("--status removed", "gone"),
        ("--capability chat --max-input-price 1", "cheap"),
        ("--sort price", "embed cheap big half gone old unknown"),
        ("--sort context", "big cheap old embed gone half unknown"),
        ("--sort name --min-context 8000", "big cheap embed old"),
    ],
)
def test_models_are_filtered_and_sorted(tmp_path: Path, options: str, expected: str) -> None:
    root = write_files(tmp_path, {"lock/openai.lock.yaml": LISTED})
    done = run("-C", root, "list", "model", "-o", "name", "--today", "2026-06-01", *options.split())
    assert done.returncode == 0
    assert done.stderr == "" or "known" in done.stderr
    assert [line.rpartition("/")[2] for line in done.stdout.split()] == expected.split()


def test_the_status_is_shown_where_it_tells_something(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"lock/openai.lock.yaml": LISTED})
    assert "STATUS" in run("-C", root, "list", "model").stdout
    assert "STATUS" not in run("-C", root, "list", "model", "--status", "active").stdout


@pytest.mark.parametrize(
    "options",
    ["route --min-context 5", "provider --mode chat", "credential --sort price", "model --max-input-price x",
     "model --max-input-price -1", "model --max-output-price nan", "model --min-output 0", "model --status gone"],
)  # fmt: skip
def test_options_that_do_not_fit(tmp_path: Path, options: str) -> None:
    root = write_files(tmp_path, {"lock/openai.lock.yaml": LISTED})
    done = run("-C", root, "list", *options.split())
    assert done.returncode == 2
    assert options.split()[1] in done.stderr
    assert "Traceback" not in done.stderr


ODD = "##vso[task.prependpath]evil"


@pytest.mark.parametrize("words", ["list model -o yaml", "list model -o json", "list model", f"show model/openai/{ODD}",
                                   f"show model/openai/{ODD} -o json"])  # fmt: skip
def test_a_name_drives_no_build_log(tmp_path: Path, words: str) -> None:
    """Some build systems take this for a command, wherever it stands in a line; the data are what they were."""
    root = write_files(tmp_path, {"lock/openai.lock.yaml": lock_text(ODD)})
    done = run("-C", root, *words.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "##vso[" not in done.stdout
    if words.endswith("json"):
        assert ODD in json.dumps(json.loads(done.stdout))
    elif "yaml" in words or "show" in words:
        assert ODD in json.dumps(YAML(typ="safe").load(done.stdout))


def test_a_file_name_drives_no_terminal_or_build_log(tmp_path: Path) -> None:
    name = "a\x1b[31m\n##vso[task.prependpath]x\n::error::hello"
    root = write_files(tmp_path, {f"catalog/{name}.jsonl": "no catalog", f"lock/{name}.lock.yaml": "<<<<<<< a\n=======\n"})
    for words in ("sync", "lock resolve", "list model", "validate"):
        done = run("-C", root, *words.split())
        said = done.stdout + done.stderr
        assert "hello" in said or words == "list model"
        assert "\x1b" not in said
        assert "##vso[" not in said
        assert not any(line.startswith(("##vso", "::error")) for line in said.splitlines())


# What is not known


def _said(root: Path, documents: str, *models: Locked | str) -> list[str]:
    """Return what `validate` says of a project with these documents and locked models."""
    write_files(root, {"config/more.yaml": documents, "lock/openai.lock.yaml": lock_text(*models)})
    return run("-C", root, "validate", "--report", "concise").stdout.splitlines()


ROUTE = "kind: Route\nname: chat\nrequires: [vision, chat]\ntargets: [{model: openai/gpt-5}]\n"
DECLARED = "---\nkind: Model\nprovider: openai\nid: gpt-5\n"
LEARN = (
    "[run `llmconf catalog import` and `llmconf sync` to add the facts of a catalog, or declare `kind: Model` with "
    "`provider: openai` and `id: gpt-5`]"
)


def test_a_lock_does_not_say_what_a_model_cannot_do(tmp_path: Path) -> None:
    place = "config/more.yaml:4:19: error LCR006 model `openai/gpt-5`"
    known = model("gpt-5", capabilities=["chat"])
    required = "which route `chat` requires"
    both = "and route `chat` requires `vision` and `chat`"
    for documents, known_model, said in (
        (ROUTE, known, f"is not known to have `vision`, {required} {LEARN}"),
        (ROUTE, "gpt-5", f"is not known to have any capabilities, {both} {LEARN}"),
        (ROUTE + DECLARED, known, f"is not known to have `vision`, {required} [declare `capabilities` or `base` on the model]"),
        (ROUTE + DECLARED, "gpt-5", f"declares no capabilities, {both} [declare `capabilities` or `base` on the model]"),
        (ROUTE + DECLARED + "capabilities: [chat]\n", known, f"lacks `vision`, {required}"),
        (ROUTE + DECLARED + "capabilities: [chat]\n", "gpt-5", f"lacks `vision`, {required}"),
    ):
        assert _said(tmp_path, documents, known_model) == [f"{place} {said}"]


def test_what_a_lock_knows_of_a_base_is_not_all_there_is(tmp_path: Path) -> None:
    documents = ROUTE.replace("openai/gpt-5", "openai/mine") + DECLARED.replace("gpt-5", "mine") + "base: gpt-5\n"
    [found] = _said(tmp_path, documents, model("gpt-5", capabilities=["chat"]))
    assert "model `openai/mine` is not known to have `vision`" in found


def test_a_model_that_is_listed_and_not_callable_is_told_as_that(tmp_path: Path) -> None:
    route = "kind: Route\nname: chat\ntargets: [{model: openai/fake.nova:0}, {model: openai/ok}]\n"
    said = "model `openai/fake.nova:0` is listed by its provider, but cannot be called by this id"
    other = "[refer to a deployment of it, or declare it with `enabled: true` if it can be called by this id]"
    place = "config/more.yaml:3:19: error LCR003"
    listed = model("fake.nova:0", False)
    assert _said(tmp_path, route, listed, "ok") == [f"{place} {said} {other}"]
    assert _said(tmp_path, route, listed, "ok", "eu.fake.nova:0") == [f"{place} {said} [`openai/eu.fake.nova:0` serves it]"]
    assert _said(tmp_path, route, listed, "ok", model("eu.fake.nova:0", False)) == [f"{place} {said} {other}"]
    assert "disabled" not in run("-C", tmp_path, "validate").stdout
    declared = "---\nkind: Model\nprovider: openai\nid: fake.nova:0\n"
    assert _said(tmp_path, route + declared, listed, "ok") == [f"{place} {said} {other}"]
    assert _said(tmp_path, route + declared + "enabled: true\n", listed, "ok") == []
    off = _said(tmp_path, route + declared + "enabled: false\n", "fake.nova:0", "ok")
    assert off == [f"{place} model `openai/fake.nova:0` is disabled"]


@pytest.mark.parametrize(
    ("options", "kept", "said"),
    [
        ("--capability vision", "sees", "3 models of which no capabilities are known are left out"),
        ("--capability vision --capability chat", "", "3 models of which no capabilities are known are left out"),
        ("--min-context 5", "large", "3 models of which no context is known are left out"),
        ("--min-output 5", "", "4 models of which no output limit is known are left out"),
        ("--max-input-price 1", "cheap", "3 models of which no price is known are left out"),
        ("--max-input-price 0", "", "3 models of which no price is known are left out"),
        ("--max-output-price 1", "cheap", "3 models of which no price is known are left out"),
        ("--max-input-price 1 --min-context 5", "", "4 models of which no price or context is known are left out"),
        ("--mode chat", "", "4 models of which no mode is known are left out"),
        ("--capability vision --provider openai", "sees", "3 models of which no capabilities are known are left out"),
        ("--capability vision --label a=b", "", ""),
        ("--status active", "sees large cheap unknown", ""),
        ("--sort price", "cheap large sees unknown", ""),
    ],
)
@pytest.mark.parametrize("output", ["name", "json", "table"])
def test_models_that_are_left_out_for_want_of_knowledge_are_told_of(
    tmp_path: Path, options: str, kept: str, said: str, output: str
) -> None:
    known = [
        model("sees", capabilities=["vision"]), model("large", context=9), model("cheap", price={"input": "1", "output": "1"}),
    ]  # fmt: skip
    root = write_files(tmp_path, {"lock/openai.lock.yaml": lock_text(*known, "unknown")})
    done = run("-C", root, "list", "model", "-o", output, *options.split())
    hint = "; `llmconf catalog import` and `llmconf sync` add what a catalog knows"
    assert (done.returncode, done.stderr) == (0, f"llmconf: {said}{hint}\n" if said else "")
    if output == "name":
        assert sorted(done.stdout.split()) == sorted(f"model/openai/{name}" for name in kept.split())


def test_what_is_known_not_to_pass_is_left_out_in_silence(tmp_path: Path) -> None:
    known = [model("large", context=9), model("small", context=3), model("both", context=3, capabilities=["chat"])]
    root = write_files(tmp_path, {"lock/openai.lock.yaml": lock_text(*known)})
    assert run("-C", root, "list", "model", "--min-context", "5").stderr == ""
    one = run("-C", root, "list", "model", "--min-context", "5", "--capability", "vision").stderr
    assert one.startswith("llmconf: 1 model of which no capabilities are known is left out;")
    assert run("-C", root, "list", "route", "--capability", "vision").stderr == ""


def test_a_label_drives_no_build_log(tmp_path: Path) -> None:
    labels = {"::stop-commands::pwn": "x", "long": "a " * 6000 + "::error::b", "plain": "y"}
    document = f"{PROVIDER}labels: {json.dumps(labels)}\n"
    root = write_files(tmp_path, {"config/openai.yaml": document, "lock/openai.lock.yaml": lock_text("m")})
    for words in ("show provider/openai", "list provider -o yaml"):
        done = run("-C", root, *words.split())
        assert done.returncode == 0, done.stderr
        assert not any(line.strip().startswith("::") for line in done.stdout.splitlines())
        assert "::stop-commands::pwn" in json.dumps(YAML(typ="safe").load(done.stdout))
