"""Catalogs: what is taken from those that others keep, and how a model is completed from several sources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from commands import REPOSITORY, run, tree
from hypothesis import given, settings
from hypothesis import strategies as st

from llmconf import adapters
from llmconf.adapters._base import ModelRecord
from llmconf.core.errors import RefusedError
from llmconf.lock import catalog_import, catalogs, enrich
from llmconf.lock.catalogs import _lines
from llmconf.lock.catalogs._base import CatalogFacts, Contents, Unusable
from llmconf.lock.catalogs._ids import candidates
from llmconf.schema.parts import Price

FIXTURES = REPOSITORY / "tests" / "lock" / "catalogs"
FORMATS = catalogs.format_names()
NOTHING = enrich.Catalogs({})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "llmconf.yaml").write_text("version: 1\nname: acme\n")
    return tmp_path


@pytest.fixture
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads") / "downloaded.json"


def fixture_of(source: str, suffix: str = ".json") -> Path:
    return FIXTURES / f"{source.replace('.', '_')}{suffix}"


def imported(*sources: str) -> enrich.Catalogs:
    return enrich.Catalogs({
        source: _lines.read(fixture_of(source, ".jsonl").read_bytes(), source) for source in sorted(sources)
    })


# The command


@pytest.mark.parametrize("source", FORMATS)
def test_import_writes_what_the_fixture_says_and_again_the_same(project: Path, source: str) -> None:
    file = fixture_of(source)
    done = run("catalog", "import", file, "--from", source, "-C", project)
    assert (done.returncode, done.stderr) == (0, "")
    written = project / "catalog" / f"{source}.jsonl"
    assert written.read_bytes() == fixture_of(source, ".jsonl").read_bytes()
    before = tree(project), written.stat().st_ino
    again = run("catalog", "import", file, "--from", source, "-C", project)
    assert (again.returncode, again.stdout.splitlines()[0][-17:]) == (0, "nothing to change")
    assert (tree(project), written.stat().st_ino) == before
    assert str(file) not in written.read_text()


def test_the_command_counts_what_it_took_and_left_out(project: Path) -> None:
    done = run("catalog", "import", fixture_of("litellm"), "--from", "litellm", cwd=project)
    assert done.stdout == (
        "catalog/litellm.jsonl: holds 11 models of 8 provider types: 11 new, 0 changed, 0 gone\n"
        "left out: 2 models of vendors without a provider type\n"
        "left out: 4 more entries: prices by region or size, or no facts\n"
    )


def test_dry_run_says_what_would_change_and_writes_nothing(project: Path, download: Path) -> None:
    assert run("catalog", "import", fixture_of("litellm"), "--from", "litellm", "-C", project).returncode == 0
    data = json.loads(fixture_of("litellm").read_text())
    data["made-up-5"]["max_output_tokens"] = 64000
    data["new"] = {"litellm_provider": "openai", "mode": "chat"}
    del data["made-up-image"]
    download.write_text(json.dumps(data))
    before = tree(project)
    done = run("catalog", "import", download, "--from", "litellm", "--dry-run", "-C", project)
    assert done.returncode == 0
    assert "would hold 11 models of 8 provider types: 1 new, 1 changed, 1 gone" in done.stdout
    assert tree(project) == before


def test_a_catalog_can_have_a_name_of_its_own(project: Path) -> None:
    done = run("catalog", "import", fixture_of("openrouter"), "--from", "openrouter", "--as", "ours", "-C", project)
    assert done.returncode == 0
    assert (project / "catalog" / "ours.jsonl").read_bytes() == fixture_of("openrouter", ".jsonl").read_bytes()
    assert list(enrich.load(project).imported) == ["ours"]


@pytest.mark.parametrize("name", ["../config/x", "genai-prices", "provider", "", "A", ".hidden", "a/b"])
def test_a_name_that_leads_elsewhere_or_is_taken_is_refused(project: Path, name: str) -> None:
    done = run("catalog", "import", fixture_of("litellm"), "--from", "litellm", "--as", name, "-C", project)
    assert done.returncode == 2
    assert list(tree(project)) == ["llmconf.yaml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{\n  "a": {,}\n}', ":2:9: not JSON: "),
        (b'{"a": 1', ":1:8: not JSON: "),
        (b"", ":1:1: not JSON: "),
        (b"<!doctype html>", ":1:1: not JSON: "),
        (b'{"a": "\xff"}', ":1:8: not UTF-8: "),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[" * 200_000, "is nested too deep"),
        (b"[]", "does not look like a catalog of litellm"),
        (b'{"data": []}', "does not look like a catalog of litellm"),
        (b'{"a": {"litellm_provider": "elsewhere"}}', "has no facts about models of provider types"),
    ],
)
def test_a_file_that_is_no_catalog_is_refused_at_its_place(
    project: Path, download: Path, text: bytes, said: str
) -> None:
    download.write_bytes(text)
    done = run("catalog", "import", download, "--from", "litellm", "-C", project)
    assert done.returncode == 1
    assert done.stderr.startswith(f"llmconf: {download}")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tree(project)) == ["llmconf.yaml"]


def test_a_broken_file_is_not_quoted(project: Path, download: Path) -> None:
    download.write_text("OPENAI_API_KEY=sk-test-not-a-key-0000000000000000\n")
    done = run("catalog", "import", download, "--from", "litellm", "-C", project)
    assert done.returncode == 1
    assert "sk-test" not in done.stdout + done.stderr


def test_what_cannot_be_read_is_refused(project: Path, download: Path) -> None:
    for file, code in ((download, 2), (project, 2), (download.with_name("x" * 999), 2), (Path("/dev/zero"), 1)):
        done = run("catalog", "import", file, "--from", "litellm", "-C", project)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), file
        assert code == 1 or file.name in done.stderr


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_a_catalog_of_another_format_is_recognized(project: Path, source: str, other: str) -> None:
    done = run("catalog", "import", fixture_of(source), "--from", other, "-C", project)
    if source == other:
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert f"does not look like a catalog of {other}: an object" in done.stderr
    assert f"help: it looks like a catalog of {source}: use --from {source}" in done.stderr


def test_of_what_is_no_catalog_at_all_the_formats_are_told(project: Path, download: Path) -> None:
    download.write_text('{"models": 3}')
    done = run("catalog", "import", download, "--from", "models.dev", "-C", project)
    assert done.returncode == 1
    assert "help: a catalog of one of these is expected: litellm, models.dev, openrouter" in done.stderr


def test_a_download_can_come_through_a_pipe(project: Path) -> None:
    piped, end = os.pipe()
    os.write(end, fixture_of("litellm").read_bytes())
    os.close(end)
    done = catalog_import.prepare(project, Path(f"/dev/fd/{piped}"), "downloaded", "litellm", "litellm")
    os.close(piped)
    assert done.models == 11


@pytest.mark.parametrize("target", ["folder", "file"])
def test_a_link_out_of_the_repository_is_not_followed(project: Path, tmp_path_factory: Any, target: str) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "litellm.jsonl").write_text("mine\n")
    if target == "folder":
        (project / "catalog").symlink_to(outside)
    else:
        (project / "catalog").mkdir()
        (project / "catalog" / "litellm.jsonl").symlink_to(outside / "litellm.jsonl")
    done = run("catalog", "import", fixture_of("litellm"), "--from", "litellm", "-C", project)
    assert done.returncode == 1
    assert "leads out of the repository" in done.stderr
    assert (outside / "litellm.jsonl").read_text() == "mine\n"
    with pytest.raises(RefusedError, match="a link out of the repository"):
        enrich.load(project)


def test_an_import_mends_a_broken_catalog(project: Path) -> None:
    (project / "catalog").mkdir()
    (project / "catalog" / "litellm.jsonl").write_text("<<<<<<< ours\n")
    assert run("catalog", "import", fixture_of("litellm"), "--from", "litellm", "-C", project).returncode == 0
    assert enrich.load(project) == imported("litellm")


def test_a_repository_with_catalogs_stays_valid(project: Path) -> None:
    run("catalog", "import", fixture_of("litellm"), "--from", "litellm", "-C", project)
    assert run("validate", "-C", project).returncode == 0
    assert run("secrets", "scan", "catalog/litellm.jsonl", cwd=project).returncode == 0


# Formats


@pytest.mark.parametrize("source", FORMATS)
def test_every_format_has_a_fixture_that_loads(source: str) -> None:
    models = imported(source).imported[source]
    assert models
    assert {provider_type for provider_type, _ in models} <= set(adapters.types())


RAW = ("1e400", "-1e-999999", "9e999999", "1" * 5000, "1e99999999999999999999", "0.000000000000000000001", "1E+2")
"""Numbers as they may stand in JSON; between marks, which are taken away with the quotes."""
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([f"<{raw}>" for raw in RAW])
words = st.text() | st.sampled_from([
    "openai", "gemini", "vertex_ai-x", "litellm_provider", "models", "providers", "data", "id", "cost", "pricing",
    "tiers", "tier", "size", "tiered_pricing", "range", "mode", "chat", "limit", "context", "prompt", "overrides",
    "input_cost_per_token", "input_cost_per_token_above_200k_tokens", "max_input_tokens", "deprecation_date",
    "2026-02-30", "-1", "1e400", "NaN", "modalities", "output", "architecture", "output_modalities", "tool_call",
])  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=30,
)


def entries(source: str) -> st.SearchStrategy[Any]:
    """Draw what has the outer shape of a format, so that the inner parts are reached."""
    model = st.dictionaries(words, anything, max_size=6)
    if source == "litellm":
        return st.dictionaries(words, model.map(lambda known: {"litellm_provider": "openai", **known}), min_size=1)
    models = st.dictionaries(words, model, min_size=1)
    if source == "models.dev":
        return models.map(lambda known: {"openai": {"models": known}})
    return models.map(lambda known: {"data": [{"id": name, **each} for name, each in known.items()]})


@pytest.mark.parametrize("source", FORMATS)
@settings(max_examples=60)
@given(data=st.data())
def test_no_json_crashes_an_importer_and_all_that_it_gives_is_valid(source: str, data: st.DataObject) -> None:
    drawn = data.draw(anything | entries(source))
    text = json.dumps(drawn)
    for raw in RAW:
        text = text.replace(f'"<{raw}>"', raw)
    try:
        parsed = catalog_import._parse(text.encode("utf-8", "surrogatepass"), "drawn")
        contents = catalogs.format_named(source).read(parsed)
    except (Unusable, RefusedError):
        return
    written = _lines.write(source, "0" * 64, contents.models)
    assert _lines.read(written, "drawn") == contents.models


def mutated(value: Any) -> Iterator[Any]:
    """Yield a document with each of its parts replaced by something else in turn."""
    yield from (None, [], {}, "x", -1, True, 10**400)
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in list(steps):
        for replaced in mutated(inner):
            copied = value.copy()
            copied[step] = replaced
            yield copied


@pytest.mark.parametrize("source", FORMATS)
def test_each_part_of_a_catalog_may_be_something_else(source: str) -> None:
    count = 0
    for document in mutated(json.loads(fixture_of(source).read_text())):
        try:
            contents = catalogs.format_named(source).read(document)
        except Unusable:
            continue
        count += 1
        assert _lines.read(_lines.write(source, "0", contents.models), "mutated") == contents.models
    assert count > 300


def read(source: str, data: Any) -> Contents:
    return catalogs.format_named(source).read(catalog_import._parse(json.dumps(data).encode(), "data"))


@pytest.mark.parametrize(
    ("cost", "amount"),
    [(1.25e-06, "1.25"), (1.2500000000000003e-06, "1.25"), (3e-09, "0.003"), (1e-05, "10"), (0.0, None), (-1.0, None)],
)
def test_prices_of_litellm_become_plain_decimals_per_million(cost: float, amount: str | None) -> None:
    entry = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": cost}
    known = read("litellm", {"m": entry}).models["openai", "m"]
    assert (known.price or {}).get("input") == amount


def test_a_huge_catalog_is_imported_in_time(project: Path, download: Path) -> None:
    entry = json.loads(fixture_of("litellm").read_text())["made-up-5"]
    download.write_text(json.dumps({f"made-up-{number}": {**entry, "source": "x" * 60} for number in range(3000)}))
    started = time.process_time()
    catalog_import.prepare(project, download, "big", "litellm", "litellm")
    # Generous: what is looked for is a cost that grows with the square of the size.
    assert time.process_time() - started < 5


# The file


GOOD = (
    '{"version":1,"source":"litellm","sha256":"00"}\n'
    '{"type":"openai","id":"a","context":1,"price":{"input":"1"}}\n'
    '{"type":"openai","id":"b","context":2}\n'
)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"version":1', '"version":2', 1),
        ('{"version":1,"source":"litellm","sha256":"00"}\n', "", 1),
        ('"sha256":"00"', '"sha256":0', 1),
        ('"context":1', '"context":"1"', 2),
        ('"context":1', '"context":-1', 2),
        ('"context":1', '"contxt":1', 2),
        ('"input":"1"', '"input":1.5', 2),
        ('"input":"1"', '"input":"1e3"', 2),
        ('"id":"a"', '"id":"a b"', 2),
        ('"id":"b","context":2}', '"id":"b","context":2', 3),
        ('{"type":"openai","id":"b","context":2}', "=======", 3),
        ('{"type":"openai","id":"b","context":2}', "[]", 3),
        ('"id":"b"', '"id":"a"', 3),
        ('"context":2', '"mode":"chatty"', 3),
        ('"context":2', '"lifecycle":{"retires":"2026-02-30"}', 3),
    ],
)
def test_a_broken_line_is_refused_with_file_and_line(project: Path, old: str, new: str, line: int) -> None:
    (project / "catalog").mkdir()
    file = project / "catalog" / "litellm.jsonl"
    file.write_text(GOOD)
    assert len(enrich.load(project).imported["litellm"]) == 2
    assert old in GOOD
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(RefusedError) as caught:
        enrich.load(project)
    assert caught.value.message.startswith(f"catalog/litellm.jsonl:{line}: ")
    assert caught.value.exit_code == 1


def test_no_catalog_is_no_trouble_and_a_pipe_is_refused(project: Path) -> None:
    assert enrich.load(project) == NOTHING
    (project / "catalog").mkdir()
    os.mkfifo(project / "catalog" / "litellm.jsonl")
    with pytest.raises(RefusedError, match="not a regular file"):
        enrich.load(project)


# Ids


@pytest.mark.parametrize(
    ("provider_type", "model_id", "known"),
    [
        ("openai", "gpt-x-2026-01-31", [("gpt-x-2026-01-31", True), ("gpt-x", True)]),
        ("anthropic", "claude-x-20260131", [("claude-x-20260131", True), ("claude-x", True)]),
        ("vertex", "claude-x@20260131", [("claude-x@20260131", True), ("claude-x", True)]),
        ("openai", "gpt-4-0613", [("gpt-4-0613", True)]),
        ("openai", "gpt-4.1", [("gpt-4.1", True)]),
        ("gemini_openai", "models/gemini-x", [("models/gemini-x", True), ("gemini-x", True)]),
        ("vertex", "publishers/meta/models/x", [("publishers/meta/models/x", True), ("x", True)]),
        ("openai", "ft:gpt-x:acme::1", [("ft:gpt-x:acme::1", True), ("ft:gpt-x", True)]),
        ("bedrock", "eu.made.up-v1:0", [("eu.made.up-v1:0", True), ("made.up-v1:0", False)]),
        ("bedrock", "us.up", [("us.up", True)]),
        ("openai", "eu.made.up", [("eu.made.up", True)]),
    ],
)
def test_ids_to_look_up(provider_type: str, model_id: str, known: list[tuple[str, bool]]) -> None:
    assert list(candidates(provider_type, model_id)) == known


# genai-prices


def test_genai_prices_tells_price_and_context() -> None:
    known = enrich.genai_prices_facts("openai", "gpt-4o-mini")
    assert known is not None
    assert known.context == 128000
    assert known.price is not None
    assert (known.price["input"], known.price["output"], known.price["cache_read"]) == ("0.15", "0.6", "0.075")
    assert enrich.genai_prices_facts("openai", "gpt-4o-mini-2024-07-18") == known
    assert (known.mode, known.capabilities, known.max_output, known.lifecycle) == (None, None, None, None)


def test_every_price_of_genai_prices_fits_the_schema() -> None:
    from genai_prices.data_snapshot import get_snapshot

    names = {adapters.preset(name).consumers.get("genai_prices"): name for name in adapters.types()}
    asked = priced = 0
    for provider in get_snapshot().providers:
        for model in provider.models if provider.id in names else ():
            known = enrich.genai_prices_facts(names[provider.id], model.id)
            asked += 1
            if known and known.price:
                Price.model_validate(known.price)
                priced += 1
    assert priced > 0.7 * asked > 700


def made_up_prices(monkeypatch: pytest.MonkeyPatch, *models: Any, **provider: Any) -> None:
    """Let genai-prices know one vendor only, in place of openai."""
    from genai_prices import types

    from llmconf.lock.catalogs import _genai_prices as module

    vendor = types.Provider("openai", "Made up", r"https://api\.openai\.com", models=list(models), **provider)
    other = types.Provider("elsewhere", "Elsewhere", r"https://api\.example\.org", models=[
        types.ModelInfo("m", types.ClauseEquals("m"), context_window=7),
    ])  # fmt: skip
    for cached in (module._vendor, module._index, module._find):
        cached.cache_clear()
    known = {"openai": vendor, "elsewhere": other}
    monkeypatch.setattr(module, "_providers", lambda: known)


@pytest.fixture(autouse=True)
def _forget_made_up_prices() -> Iterator[None]:
    yield
    from llmconf.lock.catalogs import _genai_prices as module

    for cached in (module._vendor, module._index, module._find):
        cached.cache_clear()


def test_tiers_batch_and_dates_of_genai_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, date
    from datetime import time as hour

    from genai_prices import types

    old = types.ModelPrice(input_mtok=Decimal(9))
    new = types.ModelPrice(
        input_mtok=types.TieredPrices(Decimal("1.250"), [types.Tier(200000, Decimal("2.5")), types.Tier(1000000, Decimal(5))]),
        output_mtok=types.TieredPrices(Decimal(10), [types.Tier(200000, Decimal(15))]),
        cache_read_mtok=Decimal("0.125"),
    )
    peak = types.ModelPrice(input_mtok=Decimal(99))
    prices = [
        types.ConditionalPrice(prices=old),
        types.ConditionalPrice(types.StartDateConstraint(date(2026, 1, 1)), prices=new),
        types.ConditionalPrice(types.TimeOfDateConstraint(hour(1, tzinfo=UTC), hour(4, tzinfo=UTC)), prices=peak),
    ]
    batch = types.PriceVariant({"processing": "batch"}, types.ModelPrice(input_mtok=Decimal("0.625"), output_mtok=Decimal(5)))
    fast = types.PriceVariant({"speed": "fast"}, peak)
    made_up_prices(
        monkeypatch,
        types.ModelInfo("m", types.ClauseEquals("m"), prices=prices, price_variants=[batch, fast]),
        types.ModelInfo("by-hour", types.ClauseEquals("by-hour"), prices=types.ModelPrice(audio_hours=Decimal(1))),
    )
    known = enrich.genai_prices_facts("openai", "M")
    assert known is not None
    assert known.price == {
        "input": "1.25",
        "output": "10",
        "cache_read": "0.125",
        "batch": {"input": "0.625", "output": "5"},
        "tiers": [
            {"above": 200000, "input": "2.5", "output": "15"},
            {"above": 1000000, "input": "5", "output": "15"},
        ],
    }
    assert enrich.genai_prices_facts("openai", "by-hour") is None
    assert enrich.genai_prices_facts("openai", "other") is None
    elsewhere = enrich.genai_prices_facts("openai", "m", "https://api.example.org/v1")
    assert elsewhere == CatalogFacts(context=7)
    assert enrich.genai_prices_facts("openai", "m", "https://gateway.internal/v1") == known


def test_no_clause_of_genai_prices_reaches_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from genai_prices import types

    def model(name: str, *clauses: Any) -> types.ModelInfo:
        price = types.ModelPrice(input_mtok=Decimal(1))
        return types.ModelInfo(name, types.ClauseOr(list(clauses)), context_window=10, prices=price)

    made_up_prices(
        monkeypatch,
        model("flash", types.ClauseStartsWith("flash"), types.ClauseRegex(r"^quick-\d{8}$")),
        model("nova", types.ClauseContains("maker.nova")),
        model("loose", types.ClauseRegex(r"^loose-\d")),
    )

    def known(name: str) -> tuple[bool, bool]:
        found = enrich.genai_prices_facts("openai", name)
        return found is not None, bool(found and found.price)

    for name in ("flash", "flash-001", "flash-20260131", "flash-2026-01-31", "flash@default", "flash-v1:0", "quick-20260131"):
        assert known(name) == (True, True), name
    for name in ("flash-8b", "flash-lite", "flash.5", "flash-5", "flash-tts-001", "my-flash", "quick-8b", "loose-8b", "nova"):
        assert known(name) == (False, False), name
    assert known("maker.nova-v1:0") == (True, True)
    assert known("eu.maker.nova-v1:0") == (True, False), "a region has prices of its own"


@pytest.mark.parametrize("name", sorted(name for name in adapters.types() if not enrich.is_known(name)))
def test_self_hosted_types_are_not_asked_about(name: str) -> None:
    cats = enrich.Catalogs({"litellm": {(name, "gpt-4o-mini"): CatalogFacts(context=1)}})
    assert enrich.facts(cats, name, "gpt-4o-mini", "https://api.openai.com/v1") == []
    assert enrich.enrich(ModelRecord("gpt-4o-mini"), name, cats).record == ModelRecord("gpt-4o-mini")


def test_what_is_self_hosted_and_what_is_not() -> None:
    for name in ("vllm", "sglang", "tgi", "ollama", "llama_cpp", "lm_studio", "litellm", "openai_compatible"):
        assert not enrich.is_known(name)
    for name in ("openai", "azure_openai", "bedrock", "vertex", "openrouter", "gemini_openai"):
        assert enrich.is_known(name)


def test_presets_name_vendors_that_genai_prices_has() -> None:
    from genai_prices.data_snapshot import get_snapshot

    there = {provider.id for provider in get_snapshot().providers}
    named = {adapters.preset(name).consumers.get("genai_prices") for name in adapters.types()} - {None}
    assert named <= there
    assert len(named) > 15


def test_genai_prices_is_imported_only_when_asked() -> None:
    code = "import sys, llmconf.lock.enrich, llmconf.lock.catalog_import; print('genai_prices' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout == "False\n"


# Completing a model


def test_the_provider_goes_first_then_genai_prices_then_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    from genai_prices import types

    price = types.ModelPrice(input_mtok=Decimal(2), output_mtok=Decimal(20))
    made_up_prices(monkeypatch, types.ModelInfo("m", types.ClauseEquals("made-up-5"), context_window=400000, prices=price))
    cats = imported("litellm", "models.dev")
    done = enrich.enrich(ModelRecord("made-up-5", max_output=100000), "openai", cats)
    assert done.record.max_output == 100000
    assert done.record.price == {"input": "2", "output": "20"}, "whole, without the tiers of another source"
    assert done.record.context == 400000
    assert done.record.capabilities == ("batch", "chat", "function_calling", "vision")
    assert (done.record.retires, done.record.status) == ("2027-01-14", None)
    assert done.sources == {
        "mode": "litellm",
        "capabilities": "litellm",
        "context": "genai-prices",
        "max_output": "provider",
        "price": "genai-prices",
        "lifecycle": "litellm",
    }
    assert done.disagreements == [
        enrich.Disagreement(
            "made-up-5", "max_output", (("provider", "100000"), ("litellm", "128000"), ("models.dev", "128000"))
        ),
        enrich.Disagreement(
            "made-up-5", "price.input", (("genai-prices", "2"), ("litellm", "1.25"), ("models.dev", "1.25"))
        ),
        enrich.Disagreement(
            "made-up-5", "price.output", (("genai-prices", "20"), ("litellm", "10"), ("models.dev", "10"))
        ),
    ]
    assert done.facts["lifecycle"] == {"retires": "2027-01-14"}
    assert "aliases" not in done.facts


def test_a_price_of_the_provider_is_not_completed_from_elsewhere() -> None:
    record = ModelRecord("made-up-5", price={"input": "1.250"})
    done = enrich.enrich(record, "openai", imported("litellm"))
    assert done.record.price == {"input": "1.250"}
    assert done.sources["price"] == "provider"
    assert done.disagreements == [], "1.250 and 1.25 are the same amount, and output is said once"


def test_a_context_with_and_without_the_output_is_no_disagreement() -> None:
    done = enrich.enrich(ModelRecord("made-up-5"), "openai", imported("litellm", "models.dev"))
    assert done.record.context == 272000
    assert [each.fact for each in done.disagreements] == []
    other = enrich.enrich(ModelRecord("made-up-5", context=300000), "openai", imported("litellm", "models.dev"))
    assert other.disagreements[0].values == (("provider", "300000"), ("litellm", "272000"), ("models.dev", "400000"))


def test_a_regional_id_follows_its_model_without_the_price() -> None:
    cats = imported("litellm")
    own = enrich.enrich(ModelRecord("eu.made.up-v1:0"), "bedrock", cats).record
    assert own.price == {"input": "3.3", "output": "16.5"}
    other = enrich.enrich(ModelRecord("us.made.up-v1:0"), "bedrock", cats)
    assert (other.record.context, other.record.price) == (200000, None)
    assert "price" not in other.sources


@pytest.mark.parametrize(
    ("record", "retires", "source"),
    [
        (ModelRecord("made-up-5", status="active"), "2027-01-14", "litellm"),
        (ModelRecord("made-up-5", status="deprecated"), None, "provider"),
        (ModelRecord("made-up-5", retires="2026-12-31"), "2026-12-31", "provider"),
    ],
)
def test_that_a_model_is_active_does_not_hide_when_it_ends(
    record: ModelRecord, retires: str | None, source: str
) -> None:
    done = enrich.enrich(record, "openai", imported("litellm"))
    assert (done.record.retires, done.record.status) == (retires, record.status)
    assert done.sources["lifecycle"] == source


def test_what_nobody_knows_stays_unknown() -> None:
    record = ModelRecord("no-such-model-anywhere", aliases=("other",))
    assert enrich.enrich(record, "openai", imported(*FORMATS)) == enrich.Enriched(record, {}, [])


def test_many_models_are_completed_in_time() -> None:
    cats = imported(*FORMATS)
    records = [ModelRecord(f"{name}-{number}") for number in range(250) for name in ("gpt-4o", "x", "gpt-5", "o3")]
    started = time.process_time()
    for record in records:
        enrich.enrich(record, "openai", cats)
    # Generous: what is looked for is a search through all models for each.
    assert time.process_time() - started < 5


def test_a_catalog_adds_the_capabilities_that_a_provider_has_no_word_for() -> None:
    known = {("moonshot", "kimi"): CatalogFacts(capabilities=("chat", "function_calling", "video_input"))}
    record = ModelRecord("kimi", capabilities=("reasoning",), lacks=("video_input",))
    enriched = enrich.enrich(record, "moonshot", enrich.Catalogs({"mine": known}))
    assert enriched.record.capabilities == ("chat", "function_calling", "reasoning")
    assert enriched.sources["capabilities"] == "provider+mine"


def test_a_provider_that_says_all_keeps_the_word() -> None:
    known = {("moonshot", "kimi"): CatalogFacts(capabilities=("chat",))}
    enriched = enrich.enrich(ModelRecord("kimi", capabilities=("chat", "reasoning")), "moonshot", enrich.Catalogs({"mine": known}))
    assert enriched.record.capabilities == ("chat", "reasoning")
    assert enriched.sources["capabilities"] == "provider"
