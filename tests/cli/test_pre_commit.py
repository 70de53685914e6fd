"""The hook, installed by the real pre-commit from a clone of this repository, in a real git repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from commands import REPOSITORY, copy_example, edit, git
from hooked import PRE_COMMIT, Hooked
from ruamel.yaml import YAML


@pytest.fixture
def repository(tmp_path: Path, published: Path, home: Path) -> Hooked:
    return Hooked(copy_example("minimal", tmp_path), published, home)


def test_the_hook_is_described() -> None:
    text = (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hook, *_ = YAML(typ="safe", pure=True).load(text)
    assert hook["id"] == "llmconf-validate"
    assert hook["entry"] == "llmconf validate --if-present"
    assert (hook["always_run"], hook["pass_filenames"], hook["require_serial"]) == (True, False, True)
    assert hook["description"]
    done = subprocess.run([PRE_COMMIT, "validate-manifest", REPOSITORY / ".pre-commit-hooks.yaml"], check=False)
    assert done.returncode == 0


def test_good_commits_pass_and_bad_ones_do_not(repository: Hooked) -> None:
    config = repository.root / "config" / "openai.yaml"
    edit(config, 'context: 400000\n    price: {input: "1.25"', 'context: 300000\n    price: {input: "1.25"')
    passed, said = repository.commit()
    assert passed, said
    assert "llmconf validate" in said
    assert "Passed" in said

    edit(config, "endpoints:", "enpoints:")
    passed, said = repository.commit()
    assert not passed
    assert "LCS003" in said
    assert "did you mean `endpoints`?" in said
    edit(config, "enpoints:", "endpoints:")

    (repository.root / "notes.txt").write_text("not YAML\n", encoding="utf-8")
    passed, said = repository.commit()
    assert passed, said


def test_a_commit_that_only_deletes_a_used_provider_fails(repository: Hooked) -> None:
    (repository.root / "config" / "routes.yaml").write_text(
        "kind: Route\nname: other\ntargets: [{model: spare/gpt-5}]\n", encoding="utf-8"
    )
    provider = repository.root / "config" / "spare.yaml"
    provider.write_text(
        "kind: Provider\nname: spare\ntype: openai\n"
        "endpoints: [{name: main, url: https://api.openai.com/v1}]\n"
        "credentials: [{name: main, api_key: env:SPARE_API_KEY}]\nmodels: [{id: gpt-5}]\n",
        encoding="utf-8",
    )
    passed, said = repository.commit()
    assert passed, said
    provider.unlink()
    assert git("status", "--porcelain", cwd=repository.root) == " D config/spare.yaml\n"
    passed, said = repository.commit()
    assert not passed
    assert "LCR002" in said
    assert "config/routes.yaml" in said


def test_outside_of_a_llmconf_repository_the_hook_passes(tmp_path: Path, published: Path, home: Path) -> None:
    (tmp_path / "README.md").write_text("Nothing to configure.\n", encoding="utf-8")
    repository = Hooked(tmp_path, published, home)
    (tmp_path / "config.yaml").write_text("kind: Provder\n", encoding="utf-8")
    passed, said = repository.commit()
    assert passed, said
    assert "Passed" in said
