"""Anything in any file: a diagnostic with its position, in bounded time and memory, and never a traceback.

Each case runs the real command in a process of its own that may use 2 GiB of memory and two minutes, and
writes all report formats at once.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import fork_server
import pytest
from rule_projects import PROVIDER

from llmconf import api
from llmconf.check import rules
from llmconf.core.plugins import load_module, module_names
from llmconf.project.discover import discover
from llmconf.workspace.tree import FolderTree
from llmconf.yamltext.text import MAX_FILE_SIZE

MEMORY = 2 << 30
SECONDS = 60
FORMATS = module_names("llmconf.report.formats")
KEY = "sk-proj-" + "NotARealKey0" * 6
PASSWORD = "hunter2-not-a-real-password"
ROUTE = "kind: Route\nname: r\ntargets: [{model: openai/gpt-5}]\n"
POSITION = re.compile(r"^(?P<file>.+?):(?P<line>[0-9]+):(?P<column>[0-9]+): (?:error|warning|info) (?P<code>LC[A-Z]\d{3}) ")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


class Outcome:
    """What one run said: its exit code, all it wrote, and the findings of the concise report."""

    def __init__(self, root: Path, *args: str, program: list[str] | None = None) -> None:
        """Run `validate`; `program` are arguments of Python that run it instead, from its beginning."""
        with tempfile.TemporaryDirectory() as folder:
            reports = [part for name in FORMATS for part in ("--report", f"{name}:{folder}/{name}")]
            environment = {key: value for key, value in os.environ.items() if not key.startswith("LLMCONF_")}
            Path(folder).chmod(0o777)
            command = ["-C", str(root), "validate", "--no-cache", *reports, *args]
            if program is None:
                done = fork_server.run(command, Path.cwd(), environment, memory=MEMORY)
            else:
                done = subprocess.run(
                    [sys.executable, *program, *command], env=environment, capture_output=True, timeout=SECONDS,
                    check=False, stdin=subprocess.DEVNULL, preexec_fn=_limit, text=True, encoding="utf-8",
                )  # fmt: skip
            self.code = done.returncode
            self.reports = {path.name: path.read_text(encoding="utf-8") for path in Path(folder).iterdir()}
        self.said = done.stdout + done.stderr
        self.everything = self.said + "".join(self.reports.values())
        matches = [POSITION.match(line) for line in self.reports.get("concise", "").splitlines()]
        self.found = [match.groupdict() for match in matches if match]
        self.unmatched = [line for line, match in zip(self.reports.get("concise", "").splitlines(), matches, strict=True) if not match]

    @property
    def places(self) -> list[str]:
        return [f"{found['code']} {found['file']}:{found['line']}:{found['column']}" for found in self.found]

    @property
    def codes(self) -> list[str]:
        return [found["code"] for found in self.found]


def check(root: Path, *args: str, program: list[str] | None = None) -> Outcome:
    """Run `validate` and see to what holds for any input."""
    outcome = Outcome(root, *args, program=program)
    assert outcome.code == 1, outcome.said
    assert outcome.said == ""
    assert outcome.found, outcome.reports["concise"][:2000]
    assert outcome.unmatched == []
    assert "Traceback" not in outcome.everything
    assert "internal error" not in outcome.everything
    assert "LCX005" not in outcome.codes
    assert set(outcome.reports) == set(FORMATS)
    for name in ("json", "sarif", "gitlab", "rdjson"):
        json.loads(outcome.reports[name])
    ET.fromstring(outcome.reports["junit"])  # noqa: S314 - written by the program under test
    assert len(json.loads(outcome.reports["json"])["diagnostics"]) == len(outcome.found)
    return outcome


class Tree:
    """A project with a valid provider, to which bad files are added."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("llmconf.yaml", "version: 1\nname: bad\nenvironments: [prod]\n")
        self.write("config/openai.yaml", PROVIDER)

    def write(self, name: str, data: bytes | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
        return path


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "project")


def test_the_tree_is_fine_without_bad_files(tree: Tree) -> None:
    outcome = Outcome(tree.root)
    assert (outcome.code, outcome.said, outcome.found) == (0, "", [])


BYTES: dict[str, tuple[bytes | str, str]] = {
    "invalid utf-8": (b"kind: Route\nname: \xff\n", "LCY002 2:7"),
    "cut utf-8": ("a: é".encode()[:-1], "LCY002 1:4"),
    "overlong utf-8": (b"a: \xc0\xaf\n", "LCY002 1:4"),
    "a surrogate in utf-8": (b"a: \xed\xa0\x80\n", "LCY002 1:4"),
    "latin-1": ("a: é\n".encode("latin-1"), "LCY002 1:4"),
    "utf-16": (ROUTE.encode("utf-16"), "LCY002 1:1"),
    "utf-16 without a mark": (ROUTE.encode("utf-16-le"), "LCY002 1:2"),
    "utf-32": (ROUTE.encode("utf-32"), "LCY002 1:1"),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "LCY002 1:2"),
    "nul": (b"a: b\x00c\n", "LCY002 1:5"),
    "only nul": (b"\x00" * 100_000, "LCY002 1:1"),
    "an escape sequence": (b"a: \x1b[31mred\n", "LCY002 1:4"),
    "del": ("é: \x7f\n", "LCY002 1:4"),
    "c1": ("a: \x9b31m\n", "LCY002 1:4"),
    "a second byte order mark": (b"\xef\xbb\xbf\xef\xbb\xbfa: b\n", "LCY002 1:1"),
    "a line separator in a comment": ("# a\u2028b: c\n", "LCY002 1:4"),
    "empty": ("", "LCY009 1:1"),
    "only a byte order mark": (b"\xef\xbb\xbf", "LCY009 1:1"),
    "only comments": ("# a\n\n# b\n", "LCY009 1:1"),
    "only blanks": ("\n \n\n", "LCY009 1:1"),
    "null": ("null\n", "LCY009 1:1"),
    "tilde": ("~\n", "LCY009 1:1"),
    "only a start mark": ("---\n", "LCY009 1:4"),
    "an empty document behind one": (f"{ROUTE}---\n", "LCY009 4:4"),
    "a list": ("- kind: Route\n", "LCS001 1:1"),
    "an empty list": ("[]\n", "LCS001 1:1"),
    "a word": ("word\n", "LCS001 1:1"),
    "a number": ("3\n", "LCS001 1:1"),
    "a boolean": ("true\n", "LCS001 1:1"),
    "text of another kind": ("<html><body>404</body></html>\n", "LCS001 1:1"),
    "a merge conflict": ("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> b\n", "LCY001 1:1"),
    "a template": ("name: {{ name }}\n", "LCY010 1:8"),
    "deep flow": ("[" * 100_000, "LCY005 1:"),
    "deep flow closed": ("[" * 100_000 + "]" * 100_000, "LCY005 1:"),
    "deep flow mappings": ("{a: " * 100_000, "LCY005 1:257"),
    "deep block": ("- " * 100_000, "LCY005 1:129"),
    "deep block lines": ("\n".join(" " * number + "a:" for number in range(2000)), "LCY005 65:65"),
    "deep keys": ("? " * 100_000, "LCY010 1:3"),
    "deep inside a field": (f"{ROUTE}parameters: {'[' * 100_000}", "LCY005 4:"),
    "an alias bomb": ("a: &a [x]\n" + "".join(f"{c}: &{c} [*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p}]\n"
                                              for p, c in zip("abcdefgh", "bcdefghi", strict=True)), "LCY006"),
    "an alias bomb in a field": (f"{ROUTE}labels: &a {{a: b}}\nparameters:\n" + "".join(
        f"  p{n}: &p{n} [*{'a' if not n else f'p{n - 1}'}, *{'a' if not n else f'p{n - 1}'}]\n" for n in range(60)), "LCY006"),
    "an alias of itself": ("a: &a [*a]\n", "LCY006 1:8"),
    "an alias of nothing": (f"# llmconf: ignore[LCM003] why\n{ROUTE}parameters: *gone\n", "LCY006 5:13"),
    "tag directives": ("".join(f"%TAG !a{n}! x\n" for n in range(300_000)) + "---\na: b\n", "LCY004 65:1"),
    "many anchors": ("".join(f"- &a{n} b\n" for n in range(200_000)), "LCS001 1:1"),
    "half a character": (f'{ROUTE}description: "\\ud800"\n', "LCY001 4:17"),
    "two halves": (f'{ROUTE}parameters: {{x: "\\ud83d\\ude00"}}\n', "LCY001"),
    "half a character in a key": (f'{ROUTE}"\\udfff": x\n', "LCY001 4:4"),
    "an escape beyond unicode": (f'{ROUTE}description: "\\UFFFFFFFF"\n', "LCY001 4:17"),
    "a directive of another version": (f"%YAML 1.1\n---\n{ROUTE}", "LCY014 1:1"),
    "a version that does not exist": (f"%YAML 9.9\n---\n{ROUTE}", "LCY001 1:1"),
    "a tag": (f"{ROUTE}description: !!python/object:os.system [ls]\n", "LCY004 4:14"),
    "a custom tag": (f"{ROUTE}description: !env HOME\n", "LCY004 4:14"),
    "a duplicate key": (f"{ROUTE}name: s\n", "LCY003 4:1"),
    "an indentation by tabs": ("kind: Route\nname:\n\tr\n", "LCY001 3:1"),
    "a key that is a number": (f"{ROUTE}1: a\n", "LCY010 4:1"),
    "a key that is null": (f"{ROUTE}~: a\n", "LCY010 4:1"),
    "a key that is nothing": (f"{ROUTE}: a\n", "LCY010 4:1"),
    "a key that is a boolean": (f"{ROUTE}true: a\n", "LCY010 4:1"),
    "a key that is a list": (f"{ROUTE}[a]: b\n", "LCY010 4:1"),
    "a key that is a mapping": (f"{ROUTE}? {{a: b}}\n: c\n", "LCY010 4:3"),
    "a yaml 1.1 boolean": (f"{ROUTE}enabled: yes\n", "LCS005 4:10"),
    "nan as a number": (f"{ROUTE}retries: .nan\n", "LCS005 4:10"),
    "nan in a free map": (f"{ROUTE}parameters: {{temperature: .nan}}\n", "LCY012 4:27"),
    "an infinite number in a free map": (f"{ROUTE}parameters: {{a: [1, -.inf]}}\n", "LCY012 4:21"),
    "a huge number in a free map": (f"{ROUTE}parameters: {{a: {'9' * 400}}}\n", "LCY012 4:17"),
    "a huge number": (f"{ROUTE}retries: {'9' * 5000}\n", "LCY012 4:10"),
    "a huge exponent": (f"{ROUTE}retries: 1e999999999\n", "LCY012 4:10"),
    "a large number": (f"{ROUTE}retries: {2**70}\n", "LCS006 4:10"),
    "a number where a string is due": ("kind: Route\nname: 5\ntargets: []\n", "LCS005 2:7"),
    "a string where a number is due": (f"{ROUTE}retries: '5'\n", "LCS005 4:10"),
    "a list where a string is due": (f"{ROUTE}description: [a]\n", "LCS005 4:1"),
    "a mapping where a list is due": ("kind: Route\nname: r\ntargets: {a: b}\n", "LCS005 3:1"),
    "a kind that is a number": ("kind: 3\n", "LCS002 1:7"),
    "a kind that is a list": ("kind: [Route]\n", "LCS002 1:1"),
    "no kind": ("name: r\n", "LCS002 1:1"),
    "a line of a megabyte": (f"{ROUTE}description: '{'x' * 1_000_000}'\nretrie: 5\n", "LCS003 5:1"),
    "an error at the end of a line of a megabyte": (f"{ROUTE}labels: {{a: '{'é' * 1_000_000}', b: 5}}\n", "LCS005 4:1000020"),
    "a syntax error in a line of a megabyte": (f"{ROUTE}labels: {{a: '{'é' * 1_000_000}', b: ]}}\n", "LCY001 4:1000020"),
    "a name of a megabyte": (f"kind: Route\nname: {'x' * 1_000_000}\ntargets: []\n", "LCS006 2:7"),
    "a key of a megabyte": (f"{ROUTE}? {'x' * 1_000_000}\n: y\n", "LCS003 4:3"),
    "a kind of a megabyte": (f"kind: {'x' * 1_000_000}\n", "LCS002 1:7"),
    "a value of open angles": (f"kind: Credential\nprovider: openai\nname: b\napi_key: '{'<' * 1_000_000}'\n", "LCK001 4:10"),
    "a host of a megabyte": (f"kind: Endpoint\nprovider: openai\nname: b\nurl: https://{'ä' * 1_000_000}/\n", "LCE007 4:6"),
    "open tokens": (f"# {'ENC(' * 500_000} {KEY}\n", "LCK001"),
    "quotes that do not end": (f"{ROUTE}description: '{'x' * 1_000_000}\n", "LCY001"),
}  # fmt: skip


@pytest.mark.parametrize("name", BYTES)
def test_a_file_of(tree: Tree, name: str) -> None:
    data, expected = BYTES[name]
    tree.write("config/x.yaml", data)
    outcome = check(tree.root)
    code, _, place = expected.partition(" ")
    places = [found for found in outcome.places if found.startswith(f"{code} config/x.yaml:{place}")]
    assert places, outcome.places[:10]
    assert KEY not in outcome.everything
    assert len(outcome.everything) < 400_000


CONFLICTS = {
    "in a mapping": (f"{ROUTE}<<<<<<< HEAD\nretries: 1\n=======\nretries: 2\n>>>>>>> b\n", 4),
    "in a list": ("kind: Route\nname: r\ntargets:\n  - model: a/b\n<<<<<<< ours\n  - model: c/d\n=======\n>>>>>>> b\n", 5),
    "with the ancestor": (f"{ROUTE}<<<<<<< a\nx: 1\n||||||| b\nx: 0\n=======\nx: 2\n>>>>>>> c\n", 4),
    "in lines of windows": (f"{ROUTE}<<<<<<< a\nx: 1\n=======\nx: 2\n>>>>>>> c\n".replace("\n", "\r\n"), 4),
    "in the second document": (f"{ROUTE}---\n<<<<<<< a\nkind: Route\n=======\nkind: Team\n>>>>>>> c\n", 5),
    "twice": (f"{ROUTE}<<<<<<< a\nx: 1\n=======\nx: 2\n>>>>>>> c\n" * 2, 4),
}


@pytest.mark.parametrize("file", ["config/x.yaml", "environments/prod/x.yaml", "llmconf.yaml"])
@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict_that_git_left(tree: Tree, name: str, file: str) -> None:
    text, line = CONFLICTS[name]
    tree.write(file, text)
    outcome = check(tree.root)
    assert [place for place in outcome.places if place.startswith("LCY001")] == [f"LCY001 {file}:{line}:1"]
    assert "a merge left a conflict here" in outcome.everything
    assert "resolve it, then `git add` the file" in outcome.everything


def test_what_only_looks_like_a_conflict_is_none(tree: Tree) -> None:
    tree.write("config/x.yaml", f"{ROUTE}description: |\n  <<<<<<< HEAD\n  =======\n")
    assert Outcome(tree.root).code == 0
    tree.write("config/x.yaml", f"{ROUTE}description: |\n  <<<<<<< HEAD\nretries: [\n")
    assert check(tree.root).places == ["LCY001 config/x.yaml:7:1"]


ITEMS = {
    "a model of a route": ("kind: Route\nname: r\ntargets: [openai/gpt-6]\n", "targets", "write `{model: openai/gpt-6}`"),
    "a model": ("kind: Provider\nname: b\ntype: openai\nmodels: ['fake.nova-9-v1:0']\n", "models", "write `{id: fake.nova-9-v1:0}`"),
    "what is no model": ("kind: Route\nname: r\ntargets: ['a b']\n", "targets", "write `{model: provider/id}`"),
    "a key": (f"kind: Route\nname: r\ntargets: [{PASSWORD}]\n", "targets", "write `{model: provider/id}`"),
    "what needs more": ("kind: Provider\nname: b\ntype: openai\nendpoints: ['https://a.example']\n", "endpoints", None),
    "a credential": (f"kind: Provider\nname: b\ntype: openai\ncredentials: [{KEY}]\n", "credentials", None),
}  # fmt: skip


@pytest.mark.parametrize("name", ITEMS)
def test_a_text_in_a_list_of_mappings(tree: Tree, name: str) -> None:
    text, key, hint = ITEMS[name]
    tree.write("config/x.yaml", text)
    outcome = check(tree.root)
    line = next(line for line in outcome.reports["concise"].splitlines() if "LCS005" in line)
    assert line.endswith(f"an item of `{key}` is a mapping, not a string" + (f" [{hint}]" if hint else ""))
    assert KEY not in outcome.everything
    assert PASSWORD not in outcome.reports["concise"]


MONEY = "kind: Model\nprovider: openai\nid: m\nprice: {{input: {}}}\n"


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "1.5", "0x10", "1e3", "9" * 300, "true", "[1]", "''", "'1e3'", "'NaN'"])
def test_a_price_of(tree: Tree, value: str) -> None:
    tree.write("config/x.yaml", MONEY.format(value))
    outcome = check(tree.root)
    assert outcome.places == [f"{outcome.codes[0]} config/x.yaml:4:{9 if value == '[1]' else 16}"]
    assert outcome.codes[0] in ("LCS005", "LCS006")
    assert 'quotes: "nan"' not in outcome.everything


def test_a_date_is_a_string(tree: Tree) -> None:
    tree.write("config/x.yaml", f"{ROUTE}labels: {{since: 2026-01-01, at: 2026-01-01 10:00:00}}\n")
    assert Outcome(tree.root).code == 0


class TestMany:
    def test_unknown_keys(self, tree: Tree) -> None:
        tree.write("config/x.yaml", ROUTE + "".join(f"parametrs{number}: 1\n" for number in range(10_000)))
        outcome = check(tree.root)
        assert outcome.places == [f"LCS003 config/x.yaml:{line}:1" for line in range(4, 10_004)]

    def test_misspelled_references(self, tree: Tree) -> None:
        lines = "".join(f"- {{model: opnai/gpt-{number}}}\n" for number in range(10_000))
        tree.write("config/x.yaml", f"kind: Route\nname: r\ntargets:\n{lines}")
        assert check(tree.root).codes == ["LCR002"] * 10_000

    def test_broken_documents(self, tree: Tree) -> None:
        tree.write("config/x.yaml", "---\nkind: Rout\nname: 5\n" * 10_000)
        assert len(check(tree.root).codes) >= 10_000

    def test_duplicate_keys(self, tree: Tree) -> None:
        tree.write("config/x.yaml", ROUTE + "retries: 1\n" * 10_000)
        assert check(tree.root).codes.count("LCY003") == 9999

    def test_keys_in_plain_text(self, tree: Tree) -> None:
        tree.write("config/x.yaml", ROUTE + f"# {KEY}\n" * 10_000)
        outcome = check(tree.root)
        assert outcome.codes == ["LCK001"] * 10_000
        assert KEY not in outcome.everything

    def test_more_than_are_listed(self, tree: Tree) -> None:
        tree.write("config/x.yaml", "kind: Route\nname: r\nrequires: [" + "a," * 400_000 + "]\n")
        outcome = check(tree.root)
        assert "LCY008" in outcome.codes
        assert "mistakes, too many to list" in outcome.reports["concise"]

    def test_more_values_than_are_read(self, tree: Tree) -> None:
        tree.write("config/x.yaml", "kind: Route\nname: r\nrequires: [" + "a," * 4_000_000 + "]\n")
        assert check(tree.root).codes == ["LCY008"]

    def test_bad_files(self, tree: Tree) -> None:
        for number in range(1000):
            tree.write(f"config/{number:04}.yaml", b"\xff")
        assert check(tree.root).places == [f"LCY002 config/{number:04}.yaml:1:1" for number in range(1000)]

    def test_bad_files_on_two_processes(self, tree: Tree) -> None:
        for number in range(900):
            tree.write(f"config/{number:04}.yaml", f"kind: Route\nname: r{number}\n? &a <<\n: {{a: b}}\nx: *a\n")
        one, two = check(tree.root, "--jobs", "1"), check(tree.root, "--jobs", "2")
        assert one.reports == two.reports


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


THINGS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a folder named as a file": ("config/x.yaml", Path.mkdir, "LCY007"),
    "50 MB": ("config/x.yaml", _sparse, "LCY008"),
    "50 MB of text": ("config/x.yaml", lambda path: path.write_bytes(b"a: b\n" * 10_000_000) and None, "LCY008"),
    "a pipe": ("config/x.yaml", _fifo, "LCY007"),
    "an endless device": ("config/x.yaml", _link("/dev/zero"), "LCY007"),
    "a terminal": ("config/x.yaml", _link("/dev/tty"), "LCY007"),
    "a link that leads nowhere": ("config/x.yaml", _link("gone.yaml"), "LCY007"),
    "a link to itself": ("config/x.yaml", _link("x.yaml"), "LCY007"),
    "a link out of the tree": ("config/x.yaml", _link("/etc/passwd"), "LCY007"),
    "a link out by steps": ("config/x.yaml", _link("../../../../../../etc/passwd"), "LCY007"),
    "a link to a folder": ("config/x.yaml", _link("/etc"), "LCY007"),
    "a folder that is a link": ("config/x", _link("/etc"), "LCY007"),
    "a folder that is a link to the one above": ("config/x", _link(".."), "LCY007"),
    "an overlay that is a link": ("environments/prod", _link("/etc"), "LCY007"),
    "an overlay that is a link inside": ("environments/prod", _link("../config"), "LCY007"),
    "environments that are a file": ("environments", lambda path: path.write_text("a: b\n") and None, "LCY007"),
    "environments that are a link": ("environments", _link("config"), "LCY007"),
    "a file among the environments": ("environments/x.yaml", lambda path: path.write_text("a: b\n") and None, "LCY007"),
    "a file of another ending": ("config/x.yml", lambda path: path.write_text("a: [\n") and None, "LCY011"),
    "a name with a line end": ("config/a\nb.yaml", lambda path: path.write_text("- a\n") and None, "LCS001"),
    "a name with an escape": ("config/a\x1b[31m.yaml", lambda path: path.write_text("- a\n") and None, "LCS001"),
    "a name that looks like a command": ("config/::error::x.yaml", lambda path: path.write_text("- a\n") and None, "LCS001"),
    "a name that is not UTF-8": ("config/a\udcff.yaml", lambda path: path.write_text("- a\n") and None, "LCS001"),
    "a name that is not UTF-8 and a pipe": ("config/a\udcff.yaml", _fifo, "LCY007"),
    "a folder whose name is not UTF-8": ("environments/\udcff/x.yaml", lambda path: path.write_text("- a\n") and None, "LCO004"),
    "a name with blanks and quotes": ("config/ '\"<&>.yaml", lambda path: path.write_text("- a\n") and None, "LCS001"),
}  # fmt: skip


@pytest.mark.parametrize("name", THINGS)
def test_in_place_of_a_file(tree: Tree, name: str) -> None:
    where, make, code = THINGS[name]
    path = tree.root / where
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    warning = "--fail-on=warning" if code == "LCY011" else "--fail-on=error"
    outcome = check(tree.root, warning)
    assert code in outcome.codes
    assert "root:" not in outcome.everything
    assert "\x1b" not in outcome.everything
    assert not re.search(r"^::error::x", outcome.everything, re.MULTILINE)


def test_links_that_are_no_yaml_do_no_harm(tree: Tree) -> None:
    (tree.root / "config/loop").symlink_to("loop")
    (tree.root / "config/gone").symlink_to("nowhere")
    (tree.root / "environments").mkdir()
    (tree.root / "environments/loop").symlink_to("loop")
    tree.write("environments/prod/x.yaml", "kind: Provider\nname: openai\ntimeout: 5\n")
    assert check(tree.root).places == ["LCS005 environments/prod/x.yaml:3:10"]


def test_a_link_inside_the_tree_is_read(tree: Tree) -> None:
    tree.write("shared/route.yaml", ROUTE)
    (tree.root / "config/route.yaml").symlink_to("../shared/route.yaml")
    assert Outcome(tree.root).code == 0


def test_folders_nested_too_deep(tree: Tree) -> None:
    tree.write("config/" + "d/" * 40 + "x.yaml", "- a\n")
    outcome = check(tree.root)
    assert outcome.codes == ["LCY007"]
    assert "is nested too deep" in outcome.reports["concise"]


def test_what_is_hidden_is_not_read(tree: Tree) -> None:
    tree.write("config/.x.yaml", "- a\n")
    tree.write("config/.git/x.yaml", "- a\n")
    assert Outcome(tree.root).code == 0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="llmconf-open-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


UNPRIVILEGED = """
import difflib, os, pathlib, sys, tempfile, traceback
import llmconf.api, llmconf.__main__
from llmconf.core.plugins import load_module, module_names

for package in ("llmconf.check.rules", "llmconf.report.formats", "llmconf.build.targets", "llmconf.cli"):
    for name in module_names(package):
        load_module(package, name)
checked = llmconf.api.validate(pathlib.Path(sys.argv.pop(1)))
user = int(sys.argv.pop(1))
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
llmconf.__main__.main()
"""
"""Runs the command as a user that permissions hold for, once all is imported: the interpreter may be root's."""


def unprivileged(good: Path, user: int = 65534) -> list[str]:
    """Return the arguments of Python that run the command for another user, after a look at a good project."""
    return ["-c", UNPRIVILEGED, str(good), str(user)]


class TestPermissions:
    @pytest.mark.parametrize("name", ["config/x.yaml", "llmconf.yaml", "config", "environments/prod", "environments"])
    def test_what_must_not_be_read(self, tree: Tree, open_folder: Path, name: str) -> None:
        good = tree.root
        tree = Tree(open_folder / "project")
        tree.write("config/x.yaml", ROUTE)
        tree.write("environments/prod/x.yaml", "kind: Route\nname: r\ntimeout: 5s\n")
        (tree.root / name).chmod(0)
        outcome = check(tree.root, program=unprivileged(good))
        assert any(place.startswith(f"LCY007 {name}:1:1") for place in outcome.places), outcome.places
        assert "Permission denied" in outcome.everything

    def test_a_root_that_must_not_be_entered(self, tree: Tree, open_folder: Path) -> None:
        closed = Tree(open_folder / "project")
        closed.root.chmod(0)
        outcome = Outcome(closed.root, program=unprivileged(tree.root))
        assert outcome.code == 2
        assert "Traceback" not in outcome.said

    def test_no_home_to_keep_a_verdict_in(self, tree: Tree, open_folder: Path) -> None:
        program = [sys.executable, *unprivileged(tree.root, 54321), "-C", str(Tree(open_folder / "project").root), "validate"]
        environment = {"PATH": os.environ["PATH"]}
        done = subprocess.run(program, env=environment, capture_output=True, check=False, text=True, timeout=SECONDS)
        assert (done.returncode, done.stderr) == (0, "")


class TestBetweenLookingAndReading:
    """The file changes after it was found."""

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda path: path.unlink(), "LCY007"),
            (lambda path: path.write_bytes(b"a: b\n" * 2_000_000), "LCY008"),
            (lambda path: (path.unlink(), os.mkfifo(path)), "LCY009"),
            (lambda path: (path.unlink(), path.mkdir()), "LCY007"),
            (lambda path: path.write_bytes(b"\xff"), "LCY002"),
        ],
        ids=["vanishes", "grows", "becomes a pipe", "becomes a folder", "is overwritten"],
    )
    def test_it(self, tree: Tree, change: Callable[[Path], object], code: str) -> None:
        path = tree.write("config/x.yaml", ROUTE)
        discovery = discover(FolderTree(tree.root))
        change(path)
        checked = api.validate(tree.root, discovery=discovery, today=date(2026, 6, 1))
        assert [d.code for d in checked.diagnostics] == [code]

    def test_it_shrinks_before_it_is_reported(self, tree: Tree) -> None:
        path = tree.write("config/x.yaml", ROUTE + "\n" * 50 + "retrie: 5\n")
        checked = api.validate(tree.root, today=date(2026, 6, 1))
        path.write_text("a\n", encoding="utf-8")
        report = api.make_report(checked, checked.diagnostics)
        for name in FORMATS:
            assert load_module("llmconf.report.formats", name).render(report)

    def test_the_largest_file_is_read(self, tree: Tree) -> None:
        tree.write("config/x.yaml", ROUTE + "#" * (MAX_FILE_SIZE - len(ROUTE)))
        assert Outcome(tree.root).code == 0


PROJECT_FILES: dict[str, tuple[bytes | str, str]] = {
    "empty": ("", "LCY009 1:1"), "comments": ("# a\n", "LCY009 1:1"), "null": ("null\n", "LCS001 1:1"),
    "a list": ("- a\n", "LCS001 1:1"), "a word": ("a\n", "LCS001 1:1"), "broken": ("version: [\n", "LCY001 2:1"),
    "not UTF-8": (b"version: 1\nname: \xff\n", "LCY002 2:7"), "two documents": ("version: 1\nname: a\n---\n", "LCS001"),
    "no version": ("name: a\n", "LCS004 1:1"), "another version": ("version: 2\nname: a\n", "LCS006 1:10"),
    "a version as text": ("version: '1'\nname: a\n", "LCS006 1:10"), "a bad name": ("version: 1\nname: A B\n", "LCS006 2:7"),
    "an unknown key": ("version: 1\nname: a\nenviroments: []\n", "LCS003 3:1"),
    "environments as text": ("version: 1\nname: a\nenvironments: prod\n", "LCS005 3:15"),
    "environments as numbers": ("version: 1\nname: a\nenvironments: [1]\n", "LCS005 3:"),
    "an environment of a bad name": ("version: 1\nname: a\nenvironments: [Prod/..]\n", "LCS006 3:"),
    "defaults as a list": ("version: 1\nname: a\ndefaults: [a]\n", "LCS005 3:1"),
    "a default as a number": ("version: 1\nname: a\ndefaults: {Endpoint: 3}\n", "LCS005 3:22"),
    "rules as a list": ("version: 1\nname: a\nrules: [a]\n", "LCS005 3:1"),
    "a rule that does not exist": ("version: 1\nname: a\nrules: {LCZ999: error}\n", "LCP002 3:9"),
    "a rule that cannot be changed": ("version: 1\nname: a\nrules: {LCY001: warning}\n", "LCP004 3:9"),
    "a severity of YAML 1.1": ("version: 1\nname: a\nrules: {LCM003: no}\n", "LCS006 3:17"),
    "a target that does not exist": ("version: 1\nname: a\ntargets: {litelm: {}}\n", "LCP003 3:11"),
    "a target as a number": ("version: 1\nname: a\ntargets: {litellm: 3}\n", "LCS005 3:20"),
    "a policy out of range": ("version: 1\nname: a\npolicy: {expires_within_days: -1}\n", "LCS006 3:31"),
    "a key": (f"version: 1\nname: a\ndescription: {KEY}\n", "LCK001 3:14"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROJECT_FILES)
def test_a_project_file(tree: Tree, name: str) -> None:
    data, expected = PROJECT_FILES[name]
    tree.write("llmconf.yaml", data)
    outcome = check(tree.root)
    code, _, place = expected.partition(" ")
    assert any(found.startswith(f"{code} llmconf.yaml:{place}") for found in outcome.places), outcome.places
    assert KEY not in outcome.everything


@pytest.mark.parametrize("text", ["", "# a comment\n"])
def test_an_empty_project_file_is_told_what_to_hold(tree: Tree, text: str) -> None:
    tree.write("llmconf.yaml", text)
    outcome = check(tree.root)
    assert "[write `version: 1` and `name: <name of the project>` into it]" in outcome.reports["concise"]
    assert outcome.codes == ["LCY009"]


@pytest.mark.parametrize("make", [Path.mkdir, _fifo, _link("gone"), _link("llmconf.yaml"), _link("/dev/null")])
def test_no_project_file_but_something_else(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "llmconf.yaml")
    outcome = Outcome(tmp_path)
    assert outcome.code == 2
    assert "no llmconf.yaml here" in outcome.said
    assert "Traceback" not in outcome.said


def test_a_project_file_that_is_a_link_out_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "outside.yaml").write_text("version: 1\nname: a\n", encoding="utf-8")
    (tmp_path / "project/llmconf.yaml").symlink_to("../outside.yaml")
    assert check(tmp_path / "project").places == ["LCY007 llmconf.yaml:1:1"]


@pytest.mark.parametrize("make", [lambda path: path.write_text("a\n"), _fifo, _link("/etc"), _link("config")])
def test_config_that_is_no_folder(tmp_path: Path, make: Callable[[Path], object]) -> None:
    (tmp_path / "llmconf.yaml").write_text("version: 1\nname: a\n", encoding="utf-8")
    make(tmp_path / "config")
    assert check(tmp_path).places == ["LCY007 config:1:1"]


def test_no_config_at_all(tmp_path: Path) -> None:
    (tmp_path / "llmconf.yaml").write_text("version: 1\nname: a\n", encoding="utf-8")
    assert Outcome(tmp_path).code == 0


CREDENTIAL = "kind: Credential\nprovider: openai\nname: b\n"
SECRETS = {
    "a field": f"{CREDENTIAL}api_key: SECRET\n",
    "an unknown field": f"{CREDENTIAL}api_keey: SECRET\n",
    "twice": f"{CREDENTIAL}api_key: SECRET\napi_key: SECRET\n",
    "in a list": f"{CREDENTIAL}api_key: [SECRET]\n",
    "in a mapping": f"{CREDENTIAL}api_key: {{value: SECRET}}\n",
    "in an unknown kind": "kind: Credentail\nprovider: openai\nname: b\napi_key: SECRET\n",
    "with a tag": f"{CREDENTIAL}api_key: !secret SECRET\n",
    "with an anchor": f"{CREDENTIAL}api_key: &x SECRET\nclient_secret: *x\n",
    "in a block": f"{CREDENTIAL}api_key: |\n  SECRET\n",
    "in a block that is broken": f"{CREDENTIAL}api_key: |\n    SECRET\n  SECRET\n",
    "in quotes": f"{CREDENTIAL}api_key: 'SECRET'\n",
    "in quotes that do not end": f"{CREDENTIAL}api_key: 'SECRET\n",
    "on the next line": f"{CREDENTIAL}api_key:\n  SECRET\nname: b\n",
    "before a syntax error": f"{CREDENTIAL}api_key: SECRET : x\n",
    "on the next line before a syntax error": f"{CREDENTIAL}api_key:\n  SECRET : x\n  - y\n",
    "in brackets before a syntax error": "- {name: b, api_key: SECRET, c: [}\n",
    "in brackets without an end": "a: {name: b, api_key: SECRET\n",
    "in JSON": '{"kind": "Credential", "api_key": "SECRET", "api_key": 3}\n',
    "in JSON without an end": '{"kind": "Credential", "api_key": "SECRET", \n',
    "after a tab": f"{CREDENTIAL}api_key:\n\tSECRET\n",
    "with a control character": f"{CREDENTIAL}api_key: SECRET\x1b\n",
    "in a token": f"{CREDENTIAL}api_key: ENC(SECRET)\n",
    "in a reference": f"{CREDENTIAL}api_key: ${{SECRET}}\n",
    "in a header": "kind: Provider\nname: b\ntype: openai\nheaders: {Authorization: Bearer SECRET}\n",
    "as a credential": "kind: Provider\nname: b\ntype: openai\ncredentials: [SECRET]\n",
    "for all credentials": "kind: Provider\nname: b\ntype: openai\ncredentials: SECRET\n",
    "in an option": "kind: Provider\nname: b\ntype: openai\noptions: {api_key: SECRET}\n",
    "in extra": f"{ROUTE}extra: {{litellm: {{password: SECRET}}}}\n",
    "in the certificate": "kind: Endpoint\nprovider: openai\nname: b\nurl: https://a.example\ntls: {client_key: SECRET}\n",
    "in a URL": "kind: Endpoint\nprovider: openai\nname: b\nurl: https://me:SECRET@a.example:xx/\n",
    "in a good URL": "kind: Endpoint\nprovider: openai\nname: b\nurl: https://me:SECRET@api.openai.com/v1\n",
    "in a proxy": "kind: Endpoint\nprovider: openai\nname: b\nurl: https://a.example\nproxy: ht!tp://me:SECRET@a/\n",
}
"""Documents with a secret in plain text, many of them broken."""
WITH_A_FORMAT = {
    "in a comment": f"{ROUTE}# was SECRET\n",
    "in a name": "kind: Route\nname: SECRET\ntargets: []\n",
    "as a key": f"{ROUTE}SECRET: x\n",
    "as a key twice": f"{ROUTE}labels: {{SECRET: x, SECRET: y}}\n",
    "as a kind": "kind: SECRET\n",
    "as a type": "kind: Provider\nname: b\ntype: SECRET\n",
    "as a mode": "kind: Model\nprovider: openai\nid: x\nmode: SECRET\n",
    "as an id": "kind: Model\nprovider: openai\nid: SECRET\nmode: no\n",
    "as a reference": "kind: Route\nname: s\ntargets: [{model: openai/SECRET}]\n",
    "as an alias": f"{ROUTE}parameters: *SECRET\n",
    "as a tag": f"{ROUTE}description: !SECRET x\n",
    "as a host": f"{CREDENTIAL}hosts: [SECRET/x y]\napi_key: env:X\n",
    "in a suppression": f"{ROUTE}# llmconf: ignore[SECRET] x\n",
    "beside a merge conflict": f"<<<<<<< a\nb: SECRET\n=======\nb: SECRET\n>>>>>>> c\n",  # noqa: F541 - as the others
    "in a file of Latin-1": "é: SECRET\n",
}
"""Places that only the format of a vendor's key gives away."""


def _no_secret(tree: Tree, text: str, secret: str) -> Outcome:
    data = text.replace("SECRET", secret)
    tree.write("config/x.yaml", data.encode("latin-1"))
    outcome = check(tree.root)
    assert secret not in outcome.everything
    tail = secret[10:]
    assert tail not in outcome.everything
    return outcome


@pytest.mark.parametrize("secret", [KEY, PASSWORD], ids=["of a known format", "of none"])
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_shown(tree: Tree, name: str, secret: str) -> None:
    outcome = _no_secret(tree, SECRETS[name], secret)
    assert secret != KEY or {"LCK001", "LCK004"} & set(outcome.codes)


@pytest.mark.parametrize("name", WITH_A_FORMAT)
def test_a_key_of_a_known_format_is_never_shown(tree: Tree, name: str) -> None:
    outcome = _no_secret(tree, WITH_A_FORMAT[name], KEY)
    # What is not UTF-8 is not text, and is searched by nobody.
    assert ("LCK001" in outcome.codes) == ("LCY002" not in outcome.codes)


def test_a_rule_that_crashes_is_a_finding(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rules.load("LCM003")
    monkeypatch.setattr(rule, "check", lambda context: 1 / 0)
    checked = api.validate(tree.root, today=date(2026, 6, 1))
    assert [(d.code, d.severity, d.span.file) for d in checked.diagnostics] == [("LCX005", "error", "llmconf.yaml")]
    assert "LCM003 failed with ZeroDivisionError" in checked.diagnostics[0].message


def test_a_rule_that_crashes_hides_nothing_else(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(context: object) -> Iterator[object]:
        yield from ()
        raise KeyError(context)

    monkeypatch.setattr(rules.load("LCE001"), "check", crash)
    tree.write("config/x.yaml", ROUTE.replace("gpt-5", "gpt-6"))
    checked = api.validate(tree.root, today=date(2026, 6, 1))
    assert [d.code for d in checked.diagnostics] == ["LCR002", "LCX005"]
