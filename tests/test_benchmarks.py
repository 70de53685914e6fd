"""The generator of benchmark projects is deterministic and clean, and the runner runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    # What is covered while something is measured would be measured too.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def generate(out: Path, resources: int, *arguments: str) -> dict[str, bytes]:
    done = run("generate.py", str(out), "--resources", str(resources), *arguments)
    assert done.returncode == 0, done.stderr
    return {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*.yaml")}


def documents(files: dict[str, bytes]) -> list[dict[str, object]]:
    texts = (text for path, text in files.items() if path.startswith("config/"))
    return [document for text in texts for document in yaml.safe_load_all(text)]


def test_same_seed_gives_same_bytes(tmp_path: Path) -> None:
    options = ("--seed", "7", "--environments", "2")
    assert generate(tmp_path / "a", 40, *options) == generate(tmp_path / "b", 40, *options)


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    assert generate(tmp_path / "a", 40, "--seed", "1") != generate(tmp_path / "b", 40, "--seed", "2")


@pytest.mark.parametrize("resources", [1, 2, 9, 10, 19, 200])
@pytest.mark.parametrize("per_file", ["one", "many"])
def test_number_of_documents_is_exact(tmp_path: Path, resources: int, per_file: str) -> None:
    files = generate(tmp_path / "out", resources, "--per-file", per_file)
    assert len(documents(files)) == resources
    if per_file == "one":
        assert len(files) == resources + 1


def test_files_have_the_size_of_real_ones(tmp_path: Path) -> None:
    files = generate(tmp_path / "out", 400)
    sizes = [len(text) for path, text in files.items() if path.startswith("config/")]
    assert 550 < sum(sizes) / len(sizes) < 650
    assert min(sizes) > 350
    assert max(sizes) < 1000


def test_layout_changes_no_document(tmp_path: Path) -> None:
    one = generate(tmp_path / "one", 60)
    many = generate(tmp_path / "many", 60, "--per-file", "many")
    assert Counter(map(repr, documents(one))) == Counter(map(repr, documents(many)))


def test_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    done = run("generate.py", str(tmp_path))
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    "arguments",
    [("1",), ("3",), ("10",), ("200",), ("200", "--per-file", "many"), ("100", "--environments", "3")],
    ids=" ".join,
)
def test_projects_are_free_of_findings(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    generate(tmp_path / "out", int(arguments[0]), *arguments[1:])
    report = tmp_path / "report.json"
    command = ["-C", str(tmp_path / "out"), "validate", "--no-cache", "--report", f"json:{report}"]
    done = subprocess.run(
        [sys.executable, "-m", "llmconf", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(report.read_text())["diagnostics"] == []


def providers(out: Path, files: int, *arguments: str) -> dict[str, bytes]:
    done = run("generate_providers.py", str(out), "--files", str(files), *arguments)
    assert done.returncode == 0, done.stderr
    return {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*.yaml")}


def findings(out: Path, report: Path) -> tuple[int, list[dict[str, str]]]:
    command = ["-C", str(out), "validate", "--no-cache", "--report", f"json:{report}"]
    done = subprocess.run([sys.executable, "-m", "llmconf", *command], capture_output=True, text=True, check=False)
    data = json.loads(report.read_text())
    assert done.returncode in (0, 1), done.stderr
    return data["summary"]["resources"], data["diagnostics"]


def test_files_of_providers_are_clean_and_hold_six_and_a_half_resources(tmp_path: Path) -> None:
    files = providers(tmp_path / "out", 80)
    assert files == providers(tmp_path / "again", 80)
    assert len(files) == 81
    sizes = [len(text) for path, text in files.items() if path.startswith("config/")]
    assert 1400 < sum(sizes) / len(sizes) < 1600
    assert findings(tmp_path / "out", tmp_path / "report.json") == (80 * 6.5, [])


def test_each_file_with_a_mistake_has_one_finding(tmp_path: Path) -> None:
    clean, mistaken = providers(tmp_path / "clean", 40), providers(tmp_path / "out", 40, "--mistakes")
    assert clean.keys() == mistaken.keys()
    found = findings(tmp_path / "out", tmp_path / "report.json")[1]
    names = Counter(diagnostic["file"] for diagnostic in found)
    assert names == Counter(path for path in mistaken if path.startswith("config/"))
    assert len({diagnostic["code"] for diagnostic in found}) > 2


def test_smoke_run_prints_a_table(tmp_path: Path) -> None:
    data = tmp_path / "rows.json"
    done = run("run.py", "--smoke", "--json", str(data))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:4] == ["measurement", "files", "seconds", "peak"]
    assert any(line.startswith("validate, nothing changed") for line in lines)
    rows = json.loads(data.read_text())["rows"]
    labels = {"--version", "validate, one process", "validate, one file changed", "validate, a finding in each file"}
    assert {row["label"] for row in rows} >= {*labels, "peak memory"}
    version = next(row for row in rows if row["label"] == "--version")
    assert version["verdict"] in ("met", "missed")


def test_missing_peer_is_a_remark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMCONF_NODE_MODULES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("run.py", "--smoke", "--only", "validate")
    assert done.returncode == 0, done.stdout + done.stderr
    row = next(line for line in done.stdout.splitlines() if "ajv-cli" in line)
    assert row.endswith("peer missing")


def test_smoke_run_of_secrets_prints_a_table(tmp_path: Path) -> None:
    data = tmp_path / "rows.json"
    done = run("sealing.py", "--smoke", "--json", str(data))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(data.read_text())["rows"]
    assert {row["label"] for row in rows} == {
        "secrets rotate",
        "seal each value",
        "open each value",
        "seal, beyond parsing",
        "open, beyond parsing",
    }
    assert all(row["ratio"] for row in rows)


def test_smoke_run_of_proportions_prints_a_table(tmp_path: Path) -> None:
    data = tmp_path / "rows.json"
    done = run("scaling.py", "--smoke", "--json", str(data))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(data.read_text())["rows"]
    assert {row["label"] for row in rows} == {
        "build, models in one chain of base",
        "secrets encrypt, one file",
        "secrets list, one file",
        "secrets rotate, one file",
        "secrets list, beyond parsing",
        "secrets import-sops --map, one file",
    }
    assert all(row["ratio"] is not None for row in rows)
