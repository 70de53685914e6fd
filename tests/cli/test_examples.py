"""The examples, as a new user meets them: checked, listed, shown and built by the command itself."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from commands import EXAMPLES, TODAY, commit_all, copy_example, git, locate, run, tree

ACME = EXAMPLES / "acme"
ENVIRONMENTS = ("dev", "staging", "prod")
LAST_CLEAN_DAY = "2027-12-31"


def check_validates_clean(*args: str | Path) -> None:
    done = run(*args)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no problems" in done.stdout


@pytest.mark.parametrize("name", ["minimal", "acme"])
@pytest.mark.parametrize("today", [TODAY, LAST_CLEAN_DAY])
def test_an_example_has_no_finding_of_any_severity(name: str, today: str) -> None:
    check_validates_clean("-C", EXAMPLES / name, "validate", "--today", today, "--fail-on", "info")


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_each_environment_of_acme_is_clean_by_itself(env: str) -> None:
    check_validates_clean("validate", "-C", ACME, "--env", env, "--today", TODAY, "--fail-on", "info")


def test_the_secrets_of_acme_end_some_day() -> None:
    late = str(date.fromisoformat(LAST_CLEAN_DAY) + timedelta(days=800))
    done = run("-C", ACME, "validate", "--today", late, "--report", "concise")
    assert "LCK007" in done.stdout


def test_models_are_listed_by_capability() -> None:
    done = run("-C", ACME, "list", "model", "--capability", "function_calling", "--env", "prod")
    assert (done.returncode, done.stderr) == (0, "")
    header, *rows = (row.split() for row in done.stdout.splitlines())
    assert header[:2] == ["PROVIDER", "ID"]
    models = {(row[0], row[1]) for row in rows}
    assert ("openai", "gpt-5.6-terra") in models
    assert ("azure-weu", "chat-prod") in models, "what a model can do follows its base"
    assert ("openai", "text-embedding-3-large") not in models
    assert "deepseek" not in {provider for provider, _ in models}, "it is removed in prod"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--provider", "groq"], "model/groq/whisper-large-v3-turbo"),
        (["--label", "weights=open"], "model/openrouter/z-ai/glm-4.6"),
        (["--provider", "openrouter", "--capability", "vision"], "model/openrouter/x-ai/grok-4-fast"),
    ],
)
def test_names_are_listed_alone_for_scripts(filters: list[str], expected: str) -> None:
    done = run("-C", ACME, "list", "model", "--env", "prod", "-o", "name", *filters)
    assert done.returncode == 0
    assert expected in done.stdout.splitlines()


def test_acme_has_the_size_of_a_real_organisation() -> None:
    counts = {}
    for kind in ("provider", "model", "route", "team"):
        done = run("-C", ACME, "list", kind, "--env", "prod", "-o", "json")
        counts[kind] = len(json.loads(done.stdout))
    assert counts["provider"] >= 10
    assert counts["model"] >= 60
    assert counts["route"] >= 12
    assert counts["team"] >= 6


def test_show_why_names_file_and_line_of_each_value() -> None:
    done = run("-C", ACME, "show", "route/chat-default", "--env", "prod", "--why")
    assert (done.returncode, done.stderr) == (0, "")
    assert "environments/prod/platform.yaml:" in done.stdout
    assert "config/routes/chat.yaml:" in done.stdout
    assert "llmconf.yaml:" in done.stdout, "retries come from the defaults of the project file"
    for file, marked in (
        ("config/routes/chat.yaml", "structured_output]\ntargets:\n  - model: «openai/gpt-5.6-terra»"),
        ("config/routes/chat.yaml", "aliases: [default, gpt-default]\n«timeout: 90s»"),
        ("environments/prod/platform.yaml", "name: chat-default\n«timeout: 60s»"),
        ("llmconf.yaml", "«retries: 1»"),
    ):
        line = locate(ACME / file, marked)[0]
        assert f"{file}:{line}" in done.stdout


def test_show_masks_secrets() -> None:
    done = run("-C", ACME, "show", "credential/openai/main", "--env", "prod", "--why")
    assert done.returncode == 0
    assert "****" in done.stdout
    assert ";d=" not in done.stdout


def test_two_clones_build_equal_bytes(tmp_path: Path) -> None:
    source = copy_example("acme", tmp_path)
    commit_all(source)
    built = []
    for folder, locale, zone, umask in (
        ("a", "C", "UTC", 0o022),
        ("b/with a longer path", "C.UTF-8", "Asia/Tokyo", 0o077),
    ):
        clone = tmp_path / folder
        clone.parent.mkdir(parents=True, exist_ok=True)
        git("clone", "--quiet", source, clone, cwd=tmp_path)
        settings = {"LC_ALL": locale, "LANG": locale, "TZ": zone, "PYTHONHASHSEED": str(umask)}
        done = run("-C", clone, "build", "--env", "prod", env=settings, umask=umask)
        assert done.returncode == 0, done.stderr
        first = tree(clone / "dist")
        again = run("-C", clone, "build", "--env", "prod", env=settings, umask=umask)
        assert again.returncode == 0, again.stderr
        assert tree(clone / "dist") == first
        built.append(tree(clone / "dist"))
    assert built[0] == built[1]
    assert {"prod/bundle.json", "prod/manifest.json", "prod/provenance.json"} <= set(built[0])


def test_the_manifest_has_the_digest_of_every_file(tmp_path: Path) -> None:
    root = copy_example("acme", tmp_path)
    done = run("-C", root, "build", "--env", "prod", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    files = tree(tmp_path / "out" / "prod")
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {
        name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in files.items()
    }
    assert "litellm/config.yaml" in files


def test_the_first_example_fits_a_screen_and_builds(tmp_path: Path) -> None:
    root = copy_example("minimal", tmp_path)
    assert len((root / "config" / "openai.yaml").read_text(encoding="utf-8").splitlines()) <= 40
    done = run("-C", root, "build")
    assert done.returncode == 0, done.stderr
    config = tree(root / "dist")["default/litellm/config.yaml"]
    assert b"model_name: chat" in config
    assert b"OPENAI_API_KEY" in config


@pytest.mark.parametrize("secrets", ["sealed", "env"])
def test_no_bundle_opens_a_secret(tmp_path: Path, secrets: str) -> None:
    root = copy_example("acme", tmp_path)
    done = run(
        "-C", root, "build", "--all", "--secrets", secrets, "--out", tmp_path / "out",
        env={"DEEPSEEK_API_KEY": "the-real-one", "ACME_GPU_API_KEY": "the-real-one"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = tree(tmp_path / "out")
    assert {name.split("/")[0] for name in files} == set(ENVIRONMENTS)
    assert not any(b"the-real-one" in content for content in files.values())
    bundle = files["prod/bundle.json"]
    assert (b"ENC(v1;" in bundle) == (secrets == "sealed")
