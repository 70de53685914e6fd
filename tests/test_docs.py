"""The documents: links and paths in them lead somewhere, and what they repeat from the code is what the code says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from commands import REPOSITORY

from llmconf.core.version import __version__

PAGES = sorted(
    [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "RELEASING.md", "CHANGELOG.md", "benchmarks/README.md")]
    + [*(REPOSITORY / "docs").rglob("*.md")]
)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())

LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?:llmconf|tests|docs|benchmarks|examples|schemas)/[\w./<>-]*")
OF_THE_USER = {"llmconf/identities.txt"}
"""Paths in the folders of a user, not in this repository."""
BUILT = "/dist/"
"""What a path contains that leads to the result of a build."""


def _anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a page, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken_links(page: Path, text: str) -> Iterator[str]:
    """Yield the relative links of a page that lead to no file or no heading."""
    for link in LINK.findall(CODE.sub("code", FENCE.sub("", text))):
        name, _, anchor = link.partition("#")
        if "://" in name:
            continue
        target = page.parent / name
        linked = text if not name else target.read_text(encoding="utf-8") if target.is_file() else ""
        if not target.exists() or (anchor and anchor not in _anchors(linked)):
            yield link


def _missing_paths(text: str) -> Iterator[str]:
    """Yield the paths in a text that are not in this repository. `<name>` in a path stands for any name."""
    spans = [*CODE.findall(FENCE.sub("", text)), *FENCE.findall(text)]
    words = {word for span in spans for word in span.split()}
    for path in sorted(path for word in words if (path := word.rstrip(".,:;")) and PATH.fullmatch(path)):
        if path in OF_THE_USER or BUILT in path:
            continue
        if not any(REPOSITORY.glob(re.sub(r"<\w+>", "*", path).rstrip("/"))):
            yield path


@each_page
def test_links_lead_to_files_and_headings(page: Path) -> None:
    assert list(_broken_links(page, page.read_text(encoding="utf-8"))) == []


@each_page
def test_the_paths_that_a_page_names_exist(page: Path) -> None:
    assert list(_missing_paths(page.read_text(encoding="utf-8"))) == []


def test_what_is_missing_is_found() -> None:
    text = (
        "# One two\n[a](README.md#nothing) [b](nowhere.md) [c](#one-two) [d](https://example.org/x) [e](docs)\n"
        "`llmconf/nowhere.py` `llmconf/api.py`, `tests/<x>/nothing/` `llmconf/cli/<name>.py` `llmconf/identities.txt`\n"
        "```sh\npytest tests/test_nothing.py llmconf/\n```\n"
    )
    assert list(_broken_links(REPOSITORY / "page.md", text)) == ["README.md#nothing", "nowhere.md"]
    assert list(_missing_paths(text)) == ["llmconf/nowhere.py", "tests/<x>/nothing/", "tests/test_nothing.py"]


def test_the_pages_name_paths() -> None:
    """The pattern for paths fits what the pages write, or the test above would pass on anything."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8").replace("llmconf/", "llmconf/gone/")
    assert len(list(_missing_paths(text))) > 10


@pytest.mark.parametrize("name", ["README.md", "docs/git.md"])
def test_the_example_of_the_hook_names_this_version(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    found = re.search(r"^# \.pre-commit-config\.yaml\n.*?(?=^```$)", text, re.MULTILINE | re.DOTALL)
    assert found
    (repository,) = yaml.safe_load(found[0])["repos"]
    offered = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert repository["rev"] == f"v{__version__}"
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in offered]


def test_the_changes_begin_with_this_version() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[0] == __version__


def _first_column(page: str, heading: str) -> list[str]:
    """Return the cells of the first column of the first table below a heading, without the head."""
    text = (REPOSITORY / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table
    return [line.split("|")[1].strip() for line in table[0].splitlines()[2:]]


def test_the_table_of_packages_names_all() -> None:
    named = [name for cell in _first_column("docs/architecture.md", "Packages") for name in CODE.findall(cell)]
    packages = [f"{file.parent.name}/" for file in (REPOSITORY / "llmconf").glob("*/__init__.py")]
    assert sorted(named) == sorted([*packages, "api.py"])


def test_the_table_of_dependencies_names_all() -> None:
    data = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {re.split(r"[^\w.-]", line)[0] for line in data["project"]["dependencies"]}
    named = {name for cell in _first_column("docs/architecture.md", "Dependencies") for name in cell.split(", ")}
    assert declared - named == set()
