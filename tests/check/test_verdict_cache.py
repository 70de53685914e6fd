"""The verdict on an unchanged project: used when nothing changed, and never otherwise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import REPOSITORY, edit

from llmconf.core.plugins import module_names
from llmconf.core.version import __version__

PROJECT = {
    "llmconf.yaml": "version: 1\nname: small\nenvironments: [dev, prod]\nrules: {LCR007: off}\n",
    "config/openai.yaml": (
        "kind: Provider\nname: openai\ntype: openai\n"
        "endpoints: [{name: main, url: https://api.openai.com/v1, timeout: 60s}]\n"
        'credentials: [{name: main, api_key: env:OPENAI_API_KEY, expires: "2027-06-30"}]\n'
        "models: [{id: gpt-5-pro}]\n"
    ),
    "config/routes.yaml": "kind: Route\nname: chat\ntargets: [{model: openai/gpt-5-pro}]\n"
    "---\nkind: Team\nname: all\nuses: [provider/openai]\n",
    "environments/prod/openai.yaml": (
        "kind: Endpoint\nprovider: openai\nname: main\ntimeout: 30s\n"
    ),
}  # fmt: skip
TODAY = "2026-11-23"
DRIVER = "import sys, llmconf.check.verdict_cache as verdicts\n{}\nfrom llmconf.__main__ import main\nmain()"
AT_ONCE = "verdicts._RACY_NS = -10**18"
"""Trusts stamps that are fresh, so that a test need not wait."""


class Project:
    """A project with a cache folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.root, self.cache = folder / "project", folder / "cache"
        for name, text in PROJECT.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")

    def validate(self, *args: str, patch: str = "", **settings: str) -> tuple[int, bool, str]:
        """Return the exit code, whether the project was read, and what was said."""
        env = {
            **os.environ, "XDG_CACHE_HOME": str(self.cache), "PYTHONPROFILEIMPORTTIME": "1", **settings,
        }  # fmt: skip
        days = () if "--today" in args else ("--today", TODAY)
        done = subprocess.run(
            [sys.executable, "-c", DRIVER.format(patch), "validate", *days, *args],
            cwd=self.root, check=False, capture_output=True, text=True, env=env,
        )  # fmt: skip
        lines = done.stderr.splitlines()
        said = done.stdout + "".join(line for line in lines if not line.startswith("import time:"))
        return done.returncode, any(line.endswith(" pydantic") for line in lines), said

    def warm(self, *args: str, patch: str = "") -> None:
        """Leave a verdict in the cache, and show that it is used."""
        code, _, said = self.validate(*args, patch=f"{AT_ONCE}\n{patch}")
        assert code == 0, said
        if not patch:
            code, was_read, again = self.validate(*args)
            assert (code, was_read, again) == (0, False, said)

    def files(self) -> list[Path]:
        return [path for path in self.cache.rglob("*") if path.is_file()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_an_unchanged_project_is_answered_from_the_cache(project: Project) -> None:
    time.sleep(2.1)
    first = project.validate()
    assert first[:2] == (0, True)
    assert project.validate() == (0, False, first[2])
    assert project.validate("--no-cache")[:2] == (0, True)
    assert project.validate("config/routes.yaml", "--fail-on", "info")[:2] == (0, False)


def test_a_fresh_stamp_is_not_trusted(project: Project) -> None:
    (project.root / "config/routes.yaml").touch()
    assert project.validate()[:2] == (0, True)
    assert project.files() == []


def _edit_same_size(root: Path) -> None:
    edit(root / "config/routes.yaml", "openai/gpt-5-pro", "openai/gpt-5-prx")


def _edit_with_old_time(root: Path) -> None:
    file = root / "config/routes.yaml"
    before = file.stat()
    _edit_same_size(root)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def _replace_with_old_time(root: Path) -> None:
    file, fresh = root / "config/routes.yaml", root / "config/fresh"
    before = file.stat()
    fresh.write_text(file.read_text(encoding="utf-8").replace("gpt-5-pro", "gpt-5-prx"), encoding="utf-8")
    os.utime(fresh, ns=(before.st_atime_ns, before.st_mtime_ns))
    fresh.replace(file)


def _swap_two_files(root: Path) -> None:
    one, two, spare = root / "config/openai.yaml", root / "environments/prod/openai.yaml", root / "spare"
    one.rename(spare)
    two.rename(one)
    spare.rename(two)


def _change_a_rule(root: Path) -> None:
    edit(root / "llmconf.yaml", "LCR007: off", "LCR007: error")


def _add(root: Path) -> None:
    (root / "config/more.yaml").write_text("kind: Provder\n", encoding="utf-8")


def _add_empty_yml(root: Path) -> None:
    (root / "environments/prod/other.yaml").touch()


def _remove(root: Path) -> None:
    (root / "config/openai.yaml").unlink()


def _rename_a_folder(root: Path) -> None:
    (root / "environments/prod").rename(root / "environments/prd")


@pytest.mark.parametrize(
    "change",
    [
        _edit_same_size, _edit_with_old_time, _replace_with_old_time, _swap_two_files, _change_a_rule, _add,
        _add_empty_yml, _remove, _rename_a_folder,
    ],
)  # fmt: skip
def test_a_change_that_breaks_it_is_seen(project: Project, change: Callable[[Path], None]) -> None:
    project.warm()
    change(project.root)
    code, was_read, said = project.validate()
    assert (code, was_read) == (1, True), said


def test_a_renamed_file_is_read_again(project: Project) -> None:
    project.warm()
    (project.root / "config/routes.yaml").rename(project.root / "config/names.yaml")
    assert project.validate()[:2] == (0, True)


def test_a_file_behind_a_link_is_watched(project: Project) -> None:
    (project.root / "shared").mkdir()
    (project.root / "config/routes.yaml").rename(project.root / "shared/routes.yaml")
    (project.root / "config/routes.yaml").symlink_to("../shared/routes.yaml")
    project.warm()
    _edit_same_size(project.root)
    assert project.validate()[0] == 1


def test_another_environment_is_another_question(project: Project) -> None:
    project.warm()
    assert project.validate("--env", "prod")[:2] == (0, True)
    project.warm("--env", "prod")
    assert project.validate("--env", "dev")[:2] == (0, True)
    assert project.validate("--env", "prdo")[:2] == (2, True)


def test_a_day_on_which_the_verdict_may_change_is_not_covered(project: Project) -> None:
    project.warm()
    assert project.validate("--today", "2027-05-30")[:2] == (0, False)
    code, was_read, said = project.validate("--today", "2027-05-31", "--fail-on", "warning")
    assert (code, was_read) == (1, True)
    assert "LCK008" in said
    assert project.validate("--today", "2026-11-22")[:2] == (0, True), "an earlier day was not looked at"


@pytest.mark.parametrize("patch", ["verdicts.__version__ = '0.0.1'", "sys.version = 'another'",
                                   "verdicts._program_stamp = lambda: []"])  # fmt: skip
def test_another_program_does_not_trust_it(project: Project, patch: str) -> None:
    project.warm(patch=patch)
    assert len(project.files()) == 1
    assert project.validate()[:2] == (0, True)


def _touch(file: Path) -> None:
    file.touch()


def _restore_the_time(file: Path) -> None:
    before = file.stat()
    file.write_bytes(file.read_bytes() + b"\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _delete(file: Path) -> None:
    file.unlink()


def _swap_with_its_namesake(file: Path) -> None:
    one, two, spare = file, file.parent / "secrets" / file.name, file.parent / "spare"
    one.rename(spare)
    two.rename(one)
    spare.rename(two)


def _add_a_rule(file: Path) -> None:
    rule = file.read_text(encoding="utf-8").replace("LCE001", "LCE099").replace("no-endpoint", "no-endpoint-again")
    (file.parent / "lce099_again.py").write_text(rule, encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "change"),
    [
        ("cli/validate.py", _touch), ("check/rules/lce001_no_endpoint.py", _touch), ("check/rules/stages/*.yaml", _touch),
        ("adapters/presets/openai.yaml", _touch), ("**/document.py", _touch), ("**/version.py", _touch),
        ("adapters/presets/openai.yaml", _restore_the_time), ("cli/lock/resolve.py", _delete),
        ("cli/list.py", _swap_with_its_namesake), ("check/rules/lce001_no_endpoint.py", _add_a_rule),
    ],
)  # fmt: skip
def test_an_edit_anywhere_in_the_program_ends_a_verdict(
    project: Project, tmp_path: Path, pattern: str, change: Callable[[Path], None]
) -> None:
    installed = tmp_path / "site-packages"
    shutil.copytree(REPOSITORY / "llmconf", installed / "llmconf", ignore=shutil.ignore_patterns("__pycache__"))
    file = next((installed / "llmconf").glob(pattern))
    assert project.validate(patch=AT_ONCE, PYTHONPATH=str(installed))[:2] == (0, True)
    assert project.validate(PYTHONPATH=str(installed))[:2] == (0, False)
    change(file)
    assert project.validate(PYTHONPATH=str(installed))[:2] == (0, True)


def test_bytecode_that_python_writes_ends_no_verdict(project: Project, tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    shutil.copytree(REPOSITORY / "llmconf", installed / "llmconf", ignore=shutil.ignore_patterns("__pycache__"))
    project.validate(patch=AT_ONCE, PYTHONPATH=str(installed), PYTHONDONTWRITEBYTECODE="")
    assert list(installed.rglob("__pycache__"))
    assert project.validate(PYTHONPATH=str(installed), PYTHONDONTWRITEBYTECODE="1")[:2] == (0, False)


def test_another_project_has_a_verdict_of_its_own(project: Project, tmp_path: Path) -> None:
    project.warm()
    (tmp_path / "other").mkdir()
    other = Project(tmp_path / "other")
    other.cache = project.cache
    assert other.validate()[:2] == (0, True)
    other.warm()
    assert project.validate()[:2] == (0, False)
    assert len(project.files()) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timeout: 60s", "tiemout: 60s"),
        ("api_key: env:OPENAI_API_KEY", "api_key: sk-fake"),
    ],
)
def test_a_verdict_with_an_error_is_not_kept(project: Project, old: str, new: str) -> None:
    edit(project.root / "config/openai.yaml", old, new)
    first = project.validate(patch=AT_ONCE)
    assert "LC" in first[2]
    assert project.files() == []
    assert project.validate() == first


def test_findings_outside_of_the_paths_are_no_clean_verdict(project: Project) -> None:
    edit(project.root / "config/openai.yaml", "timeout: 60s", "tiemout: 60s")
    assert project.validate("config/routes.yaml", patch=AT_ONCE)[0] == 0
    assert project.files() == []


def _change_data(text: bytes, key: str, value: Any) -> bytes:
    return json.dumps({**json.loads(text), key: value}).encode()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda text: text[: len(text) // 2],
    "binary": lambda _: b"\xff\xfe\x00",
    "list": lambda _: b"[]",
    "deep": lambda _: b"[" * 100_000,
    "no key": lambda _: b"{}",
    "other key": lambda text: _change_data(text, "key", "0" * 64),
    "no report": lambda text: _change_data(text, "report", None),
    "count": lambda text: text.replace(b'"resources": 6', b'"resources": "many"'),
    "infinite count": lambda text: text.replace(b'"resources": 6', b'"resources": 1e999'),
    "day": lambda text: _change_data(text, "first", 5),
    "no environments": lambda text: text.replace(b'"environments": ["dev", "prod"]', b'"environments": null'),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_ignored(project: Project, damage: str) -> None:
    project.warm()
    (file,) = project.files()
    before = file.read_bytes()
    file.write_bytes(DAMAGE[damage](before))
    assert file.read_bytes() != before
    assert project.validate()[:2] == (0, True)


def test_a_cache_that_cannot_be_written_does_no_harm(project: Project) -> None:
    project.cache.write_text("a file\n", encoding="utf-8")
    assert project.validate(patch=AT_ONCE)[:2] == (0, True)
    assert project.validate()[:2] == (0, True)


def test_a_user_without_a_home_has_no_cache(project: Project) -> None:
    homeless = "import os, pwd\nos.environ.pop('HOME', None)\npwd.getpwuid = lambda _: {}[0]\n"
    assert project.validate(patch=homeless + AT_ONCE, XDG_CACHE_HOME="")[:2] == (0, True)


def test_a_relative_cache_folder_is_not_used(project: Project) -> None:
    project.validate(patch=AT_ONCE, XDG_CACHE_HOME="relative", HOME=str(project.cache))
    assert not (project.root / "relative").exists()
    assert [path.relative_to(project.cache).parts[:2] for path in project.files()] == [(".cache", "llmconf")]


def test_nothing_is_written_without_the_cache(project: Project) -> None:
    before = set(project.root.rglob("*"))
    project.validate("--no-cache", patch=AT_ONCE)
    project.warm()
    assert set(project.root.rglob("*")) == before


def test_a_verdict_holds_no_data_of_the_project(project: Project) -> None:
    project.warm()
    (file,) = project.files()
    data = json.loads(file.read_bytes())
    assert data.pop("key").isalnum()
    report = {"diagnostics": [], "rules": [], "files": {}, "resources": 6, "environments": ["dev", "prod"], "version": __version__}
    assert data == {"report": report, "first": TODAY, "until": "2027-05-31"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert "project" not in file.name


@pytest.mark.parametrize("report", module_names("llmconf.report.formats"))
def test_a_verdict_with_warnings_is_reported_again_in_every_format(project: Project, report: str) -> None:
    edit(project.root / "llmconf.yaml", "{LCR007: off}", "{LCR007: warning}")
    edit(project.root / "config/openai.yaml", 'expires: "2027-06-30"', 'expires: "2026-12-01"')
    code, was_read, said = project.validate("--report", report, patch=AT_ONCE)
    assert (code, was_read) == (0, True)
    assert "LCK008" in said
    assert project.validate("--report", report) == (0, False, said)


def test_paths_and_fail_on_apply_to_a_remembered_verdict(project: Project) -> None:
    edit(project.root / "llmconf.yaml", "{LCR007: off}", "{LCR007: warning}")
    project.warm()
    assert project.validate("--fail-on", "warning")[:2] == (1, False)
    code, was_read, said = project.validate("--fail-on", "warning", "config/openai.yaml")
    assert (code, was_read) == (0, False)
    assert "LCR007" not in said


def test_a_remembered_report_holds_no_line_with_a_secret(project: Project) -> None:
    secret = "fakeSECRETfakeSECRETfake1234"
    edit(project.root / "config/routes.yaml", "kind: Route\nname: chat\n", f"kind: Route\nname: chat # key: {secret}\n")
    edit(project.root / "llmconf.yaml", "{LCR007: off}", "{LCR007: warning}")
    code, _, said = project.validate(patch=AT_ONCE)
    assert (code, "LCR007" in said, "line hidden" in said) == (0, True, True)
    (file,) = project.files()
    assert secret not in file.read_text(encoding="utf-8")
    assert project.validate() == (0, False, said)
