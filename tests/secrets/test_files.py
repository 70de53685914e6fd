"""Awkward files: whatever is done to a secret, the only bytes that change are those of its scalar.

In a case, «guillemets» stand around the scalar as it is written, and `¦` where `hosts` is to be added, with
what is added before the second `¦`; HOSTS stands for the field itself.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from secret_projects import OTHER, SECRET, Scratch, everything, scratch

from llmconf.core.errors import RefusedError
from llmconf.secrets import keys, seal
from llmconf.secrets.edit import reveal, seal_again

FILE = "config/main.yaml"
IDENTITY = "credential/openai/main"
S = SECRET
HEAD = "kind: Provider\nname: openai\ntype: openai_compatible\nendpoints: [{name: main, url: https://api.example.org}]\n"
CREDENTIAL = "credentials:\n  - name: main\n    ¦HOSTS\n    ¦api_key: "
HOSTED = "credentials:\n  - name: main\n    hosts: [api.example.org]\n    api_key: "
FLAT = "---\nkind: Credential\nprovider: openai\nname: main\n¦HOSTS\n¦"

CASES: dict[str, str] = {
    "plain": f"{HEAD}{CREDENTIAL}«{S}»\n",
    "hosts there": f"{HEAD}{HOSTED}«{S}»\n",
    "comments everywhere": (
        "# top\n\n" + HEAD.replace("\n", " # said\n") + "# before\ncredentials: # of\n"
        "  # one\n  - name: main # its name\n"
        f"    # of the key\n    ¦HOSTS\n    ¦api_key: «{S}» # mine # really\n    # last\n# end\n"
    ),
    "single quotes": f"{HEAD}{CREDENTIAL}«'{S}'»\n",
    "double quotes": f'{HEAD}{CREDENTIAL}«"{S}"»\n',
    "double quotes with escapes": f'{HEAD}{CREDENTIAL}«"\\x66{S[1:]}"»\n',
    "double quotes over two lines": f'{HEAD}{CREDENTIAL}«"{S[:9]}\\\n      {S[9:]}"»\n',
    "CRLF": (HEAD + CREDENTIAL).replace("\n", "\r\n") + f"«{S}»\r\n    # CRLF\r\n",
    "CRLF in one line only": f"{HEAD}{CREDENTIAL}«{S}» # here\r\n",
    "BOM": f"\ufeff{HEAD}{CREDENTIAL}«{S}»\n",
    "BOM and CRLF": "\ufeff" + (HEAD + CREDENTIAL).replace("\n", "\r\n") + f'«"{S}"»\r\n',
    "tabs in comments and before them": f"{HEAD}{CREDENTIAL}«{S}»\t#\ttabs\there\t\n  # more\t\n",
    "trailing blanks": f"{HEAD}{CREDENTIAL}«{S}»   \n   \n \n",
    "no final newline": f"{HEAD}{CREDENTIAL}«{S}»",
    "flow": HEAD + "credentials: [{name: main, ¦HOSTS, ¦api_key: «" + S + "»}]\n",
    "flow, quoted": HEAD + 'credentials: [ { "name": "main", ¦HOSTS, ¦"api_key": «"' + S + '"» } ] # ok\n',
    "flow, key first": HEAD + "credentials: [{¦HOSTS, ¦api_key: «" + S + "», name: main}]\n",
    "flow over lines": (
        HEAD + "credentials: [\n  {name: main,\n   ¦HOSTS, ¦api_key: «" + S + "», # a comma\n  },\n]\n"
    ),
    "one line of JSON": (
        '{"kind":"Provider","name":"openai","type":"openai_compatible","endpoints":[{"name":"main",'
        '"url":"https://api.example.org"}],"credentials":[{"name":"main","hosts":["api.example.org"],'
        '"api_key":«"' + S + '"»}]}'
    ),
    "nested flow, no blanks": HEAD + "credentials: [{name: main,¦HOSTS, ¦api_key: «" + S + "»}]\n",
    "several documents": f"---\n{HEAD}{FLAT}api_key: «{S}»\n...\n---\nkind: Team\nname: search\n",
    "a document that begins in braces": (
        HEAD + "--- {kind: Credential, provider: openai, name: main, ¦HOSTS, ¦api_key: «" + S + "»}\n"
    ),
    "block scalars around it": (
        f"{HEAD}description: |\n  api_key: not this\n  one\n{CREDENTIAL}«{S}»\n"
        "    description: >-\n      folded\n\n      text\n"
    ),
    "emoji and CJK before it": (
        "# 🔑🔑 鍵は秘密 \u0301\n" + HEAD + "description: 供应商 🤖 ünï\n" + CREDENTIAL + f"«{S}» # 🔒\n"
    ),
    "long lines": HEAD + f"description: {'very long ' * 400}end\n" + CREDENTIAL + f"«{S}» # {'x' * 5000}\n",
    "anchors and merge keys elsewhere": (
        HEAD.replace("openai\n", "openai\nlabels: &l {a: b}\n", 1)
        + "credentials:\n  - &c\n    name: main\n    labels:\n      <<: *l\n      c: d\n"
        f"    ¦HOSTS\n    ¦api_key: «{S}»\n"
    ),
    "an anchor on the item": HEAD + f"credentials:\n  - &c\n    ¦HOSTS\n    ¦api_key: «{S}»\n    name: main\n",
    "quoted keys": HEAD + f"'credentials':\n  - \"name\": main\n    ¦HOSTS\n    ¦'api_key': «{S}»\n",
    "explicit key": HEAD + f"credentials:\n  - name: main\n    ¦HOSTS\n    ¦? api_key\n    : «{S}»\n",
    "explicit key on a line of its own": (
        HEAD + f"credentials:\n  - name: main\n    ¦HOSTS\n    ¦?\n      api_key\n    : «{S}»\n"
    ),
    "explicit keys, first": (
        HEAD + f"credentials:\n  - ¦HOSTS\n    ¦? api_key\n    : «{S}»\n    ? name\n    : main\n"
    ),
    "tagged key": HEAD + f"credentials:\n  - name: main\n    ¦HOSTS\n    ¦!!str api_key: «{S}»\n",
    "tagged value": f"{HEAD}{CREDENTIAL}!!str «{S}»\n",
    "tagged value, quoted, on the next line": f'{HEAD}{CREDENTIAL}!!str\n      «"{S}"» # there\n',
    "indented sequence": HEAD + f"credentials:\n        - name: main\n          ¦HOSTS\n          ¦api_key: «{S}»\n",
    "sequence without indentation": HEAD + f"credentials:\n- name: main\n  ¦HOSTS\n  ¦api_key: «{S}»\n",
    "first in the item": HEAD + f"credentials:\n- ¦HOSTS\n  ¦api_key: «{S}»\n  name: main\n",
    "dash and blanks": HEAD + f"credentials:\n  -   ¦HOSTS\n      ¦api_key: «{S}»\n      name: main\n",
    "value on the next line": f"{HEAD}{CREDENTIAL}\n      «{S}»\n",
    "value after a comment": f"{HEAD}{CREDENTIAL} # the key:\n      # below\n      «{S}»\n",
    "literal block": f"{HEAD}{CREDENTIAL}«|\n      {S}»\n",
    "literal block, stripped, more after it": f"{HEAD}{CREDENTIAL}«|-\n      {S}»\n\n\n    description: more\n",
    "folded block with a mark of indentation": f"{HEAD}{CREDENTIAL}«>2-\n      {S}»\n    # after\n",
    "literal block without final newline": f"{HEAD}{CREDENTIAL}«|\n      {S}»",
    "several blanks after the colon": HEAD + f"credentials:\n  - name: main\n    ¦HOSTS\n    ¦api_key  :    «{S}»\n",
    "document of its own": f"{HEAD}{FLAT}api_key: «{S}»\nexpires: \"2030-01-01\"\n",
    "directive": f"%YAML 1.2\n---\n{HEAD}{CREDENTIAL}«{S}»\n...\n",
    "the same text elsewhere": HEAD + f"description: # {S[:8]}\n  not {S[:8]}\n" + CREDENTIAL + f"«{S}»\n",
}  # fmt: skip
TOKEN = rb"ENC\(v1;[^()\s]+\)"


def _parts(case: str) -> tuple[bytes, bytes, bytes]:
    """Return the file as it is before, and what stands before and behind the scalar once it is sealed."""
    text = CASES[case].replace("HOSTS", "hosts: [api.example.org]")
    before = re.sub("¦[^¦]*¦", "", text).replace("«", "").replace("»", "")
    head, _, rest = text.replace("¦", "").partition("«")
    return before.encode(), head.encode(), rest.partition("»")[2].encode()


def _quote(case: str) -> bytes:
    scalar = CASES[case].partition("«")[2]
    return scalar[:1].encode() if scalar[:1] in "'\"" else b""


def _assert_only_the_scalar(case: str, data: bytes) -> bytes:
    """Check that the file is as it was but for its token, and return the token."""
    _, head, tail = _parts(case)
    quote = _quote(case)
    assert data[: len(head)] == head
    assert data[len(data) - len(tail) :] == tail
    scalar = data[len(head) : len(data) - len(tail)]
    assert re.fullmatch(quote + TOKEN + quote, scalar)
    return scalar


def _sealed(case: str, target: Path) -> tuple[Scratch, Path]:
    before, _, _ = _parts(case)
    project = scratch(target, {FILE: before})
    seal.encrypt(project.work(), everything)
    return project, project.root / FILE


@pytest.mark.parametrize("case", CASES)
def test_encrypt_changes_only_the_scalar(case: str, tmp_path: Path) -> None:
    project, file = _sealed(case, tmp_path)
    sealed = file.read_bytes()
    _assert_only_the_scalar(case, sealed)
    assert project.opened() == {("", IDENTITY, "api_key"): SECRET}
    assert seal.encrypt(project.work(), everything).changed == []
    assert file.read_bytes() == sealed
    assert not [finding for finding in project.work().project.findings if finding.code != "LCY011"]


@pytest.mark.parametrize("case", CASES)
def test_set_changes_only_the_scalar(case: str, tmp_path: Path) -> None:
    project, file = _sealed(case, tmp_path)
    sealed = file.read_bytes()
    seal.set_secret(project.work(), IDENTITY, "api_key", "", SECRET)
    assert file.read_bytes() == sealed
    seal.set_secret(project.work(), IDENTITY, "api_key", "", OTHER)
    assert b";r=2;" in _assert_only_the_scalar(case, file.read_bytes())
    assert project.opened() == {("", IDENTITY, "api_key"): OTHER}


@pytest.mark.parametrize("case", CASES)
def test_rotate_changes_only_the_scalar(case: str, tmp_path: Path) -> None:
    project, file = _sealed(case, tmp_path)
    before = _assert_only_the_scalar(case, file.read_bytes())
    keys.rotate(project.work(), "default")
    after = _assert_only_the_scalar(case, file.read_bytes())
    assert after.split(b";")[1] != before.split(b";")[1]
    assert after.split(b";")[2:4] == before.split(b";")[2:4]
    assert project.opened() == {("", IDENTITY, "api_key"): SECRET}


@pytest.mark.parametrize("case", CASES)
def test_edit_changes_only_the_scalar(case: str, tmp_path: Path) -> None:
    project, file = _sealed(case, tmp_path)
    sealed = file.read_bytes()
    work = project.work()
    revealed = reveal(work, FILE)
    assert revealed.text.count(SECRET) == 1
    seal_again(work, FILE, revealed, revealed.text + "\n# a comment\n")
    assert file.read_bytes() == sealed + b"\n# a comment\n"
    file.write_bytes(sealed)
    work = project.work()
    revealed = reveal(work, FILE)
    seal_again(work, FILE, revealed, revealed.text.replace(SECRET, OTHER))
    assert b";r=2;" in _assert_only_the_scalar(case, file.read_bytes())
    assert project.opened() == {("", IDENTITY, "api_key"): OTHER}


@pytest.mark.parametrize("case", CASES)
def test_a_key_in_plain_text_set_anew_changes_only_the_scalar(case: str, tmp_path: Path) -> None:
    before, _, _ = _parts(case)
    project = scratch(tmp_path, {FILE: before})
    seal.set_secret(project.work(), IDENTITY, "api_key", "", OTHER)
    _assert_only_the_scalar(case, (project.root / FILE).read_bytes())
    assert project.opened() == {("", IDENTITY, "api_key"): OTHER}


def test_a_comment_behind_the_mark_of_a_block_scalar_stays(tmp_path: Path) -> None:
    project = scratch(tmp_path, {FILE: f"{HEAD}{HOSTED}|- # of the account\n      {SECRET}\n    # after\n"})
    seal.encrypt(project.work(), everything)
    text = (project.root / FILE).read_text()
    assert re.sub(TOKEN.decode(), "TOKEN", text) == f"{HEAD}{HOSTED}TOKEN # of the account\n    # after\n"
    assert project.opened() == {("", IDENTITY, "api_key"): SECRET}


@pytest.mark.parametrize("value", ["&other {}", "*key"])
def test_what_does_not_stand_in_its_own_place_is_refused_and_stays(value: str, tmp_path: Path) -> None:
    before = f"{HEAD}description: &key {SECRET}\n{HOSTED}{value.format(SECRET)}\n"
    project = scratch(tmp_path, {FILE: before})
    with pytest.raises(RefusedError, match="an anchor, an alias or a merge key") as error:
        seal.encrypt(project.work(), everything)
    assert SECRET not in error.value.message
    assert (project.root / FILE).read_text() == before


def test_a_file_that_changed_since_it_was_read_is_left(tmp_path: Path) -> None:
    project = scratch(tmp_path, {FILE: f"{HEAD}{HOSTED}{SECRET}\n"})
    work = project.work()
    theirs = f"{HEAD}{HOSTED}{OTHER}\n"
    (project.root / FILE).write_text(theirs)
    for change in (
        lambda: seal.encrypt(work, everything),
        lambda: seal.set_secret(work, IDENTITY, "api_key", "", SECRET[::-1]),
    ):
        with pytest.raises(RefusedError, match="changed by somebody else meanwhile"):
            change()
        assert (project.root / FILE).read_text() == theirs
