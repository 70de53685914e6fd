"""`llmconf secrets scan` and the hook `llmconf-secrets`: what is staged counts, in any text file."""

from __future__ import annotations

import shutil
from pathlib import Path

from commands import REPOSITORY, git, run
from hooked import Hooked
from ruamel.yaml import YAML
from secret_repository import FIRST, Repository, new_repository

PLAIN = "fakePLAINfake0123456789secret"


def test_large_wide_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "wide.env").write_bytes(f"API_KEY={PLAIN}\n".encode("utf-16"))
    assert run("secrets", "scan", "wide.env", cwd=tmp_path).returncode == 1
    (tmp_path / "large.txt").write_bytes(b"x\n" * (5 * 1024 * 1024) + FIRST.encode())
    done = run("secrets", "scan", "large.txt", cwd=tmp_path)
    assert done.returncode == 0
    assert "only the first 8,388,608 of 10,485," in done.stderr
    done = run("secrets", "scan", "missing.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "missing.yaml cannot be read" in done.stderr
    assert run("secrets", "scan", cwd=tmp_path).returncode == 2
    assert run("secrets", "scan", "--staged", cwd=tmp_path).returncode == 2


def test_staged_reads_the_index_and_not_the_files(repository: Repository) -> None:
    file = repository.root / "notes ü.yaml"
    file.write_text(f"api_key: {PLAIN}\n", encoding="utf-8")
    repository.git("add", "--all")
    file.write_text("api_key: env:KEY\n", encoding="utf-8")
    for args in ((), (file.name,), (".",)):
        done = repository.llmconf("secrets", "scan", "--staged", *args, key=False, status=1)
        assert f"{file.name}:1:10" in done.stdout
    repository.llmconf("secrets", "scan", file.name, key=False)

    repository.git("add", "--all")
    file.write_text(f"api_key: {PLAIN}\n", encoding="utf-8")
    repository.llmconf("secrets", "scan", "--staged", key=False)
    repository.llmconf("secrets", "scan", "--staged", file.name, key=False)
    repository.llmconf("secrets", "scan", file.name, key=False, status=1)


def test_staged_without_files_looks_at_what_differs_from_the_last_commit(repository: Repository) -> None:
    (repository.root / "old.env").write_text(f"API_KEY={PLAIN}\n", encoding="utf-8")
    repository.commit("A leak that is there already")
    done = repository.llmconf("secrets", "scan", "--staged", key=False)
    assert done.stderr.startswith("0 files scanned")
    repository.git("mv", "old.env", "new.env")
    assert "new.env:1:9" in repository.llmconf("secrets", "scan", "--staged", key=False, status=1).stdout
    repository.git("rm", "--quiet", "--force", "new.env")
    repository.llmconf("secrets", "scan", "--staged", key=False)
    repository.git("reset", "--quiet", "--hard")
    folder = repository.root / "config"
    done = run("secrets", "scan", "--staged", "-C", folder, cwd=repository.root)
    assert done.returncode == 0
    assert run("secrets", "scan", "--staged", "gone.yaml", cwd=folder).returncode == 2
    assert "old.env" in repository.llmconf("secrets", "scan", key=False, status=1).stdout


def test_a_repository_with_sealed_secrets_is_clean(repository: Repository) -> None:
    (repository.root / "untracked.md").write_text("```yaml\napi_key: env:KEY\n```\n", encoding="utf-8")
    repository.llmconf("secrets", "scan", key=False)


def test_paths_in_reports_lead_from_the_root_of_the_repository(tmp_path: Path) -> None:
    repository = new_repository(tmp_path, folder="deep/project")
    (repository.root / "x.env").write_text(f"API_KEY={PLAIN}\n", encoding="utf-8")
    done = repository.llmconf("secrets", "scan", "x.env", "--report", "github", key=False, status=1)
    assert "file=deep/project/x.env,line=1" in done.stdout


def test_this_repository_holds_plain_credentials_in_its_tests_only(tmp_path: Path) -> None:
    # As it is unpacked: whoever has no clone of it can check that too.
    copy = tmp_path / "copy"
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns(".git", ".tools", ".venv", ".*cache*", "__pycache__", "dist"))
    git("init", "--quiet", cwd=copy)
    git("add", "--all", cwd=copy)
    done = run("secrets", "scan", "--report", "concise", cwd=copy)
    assert "scanned" in done.stderr
    assert [line for line in done.stdout.splitlines() if not line.startswith("tests/")] == []


def test_the_hook_is_described() -> None:
    hooks = YAML(typ="safe", pure=True).load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (hook,) = [hook for hook in hooks if hook["id"] == "llmconf-secrets"]
    assert hook["entry"] == "llmconf secrets scan --staged"
    assert (hook["types"], hook["pass_filenames"], hook["require_serial"]) == (["text"], True, True)


def test_the_hook_in_a_real_repository(tmp_path: Path, published: Path, home: Path) -> None:
    (tmp_path / "README.md").write_text("Nothing to configure.\n", encoding="utf-8")
    hooked = Hooked(tmp_path, published, home)
    settings = tmp_path / ".pre-commit-config.yaml"
    text = settings.read_text(encoding="utf-8").replace("id: llmconf-validate", "id: llmconf-secrets")
    settings.write_text(text, encoding="utf-8")
    passed, said = hooked.commit()
    assert passed, said
    assert "llmconf secrets" in said

    for name, content in (
        ("a.yaml", f"api_key: {PLAIN}\n"),
        (".env", f"OPENAI_API_KEY={PLAIN}\n"),
        ("a.json", f'{{"api_key": "{PLAIN}"}}\n'),
        ("notes.md", f"The key is {FIRST}.\n"),
    ):
        file = tmp_path / name
        file.write_text(content, encoding="utf-8")
        passed, said = hooked.commit()
        assert not passed, name
        assert "LCK001" in said
        assert name in said
        assert PLAIN not in said
        assert FIRST not in said
        # What is staged counts: a file that was fixed afterwards does not help before it is added again.
        file.write_text("name: fixed\n", encoding="utf-8")
        assert hooked.run("git", "commit", "--message=Fixed").returncode != 0
        passed, said = hooked.commit()
        assert passed, said

    (tmp_path / "a.yaml").write_text(f"api_key: {PLAIN}\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text("staged\n", encoding="utf-8")
    hooked.run("git", "add", "other.txt")
    done = hooked.run("git", "commit", "--message=Only the other one")
    assert done.returncode == 0, done.stdout + done.stderr
    # With a file name, git hands the hook an index of its own.
    done = hooked.run("git", "commit", "--message=This one", "a.yaml")
    assert done.returncode != 0
