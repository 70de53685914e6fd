"""SOPS itself, both ways: what it writes is read here, and what is written here it reads.

The program comes in a package of `tests/run`; these tests fail where it is missing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from sops_files import EXPECTED, FOLDER, KEYS, MINE, PUBLIC, SCALARS, TIME, TREES
from sops_program import program

from llmconf.secrets.vault import age, sops

pytestmark = pytest.mark.consumer


def theirs(data: bytes, **env: str) -> Any:
    """Return what SOPS reads from a YAML file, whose first document it prints as JSON."""
    args = ("decrypt", "--input-type", "yaml", "--output-type", "json", "/dev/stdin")
    return json.loads(program(*args, stdin=data, **env), parse_int=float)


def floats(value: Any) -> Any:
    """Return a tree with all numbers as floats, as they come out of JSON."""
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("name", EXPECTED)
def test_sops_reads_the_same_from_the_files_of_the_tests(name: str) -> None:
    kind = "yaml" if name.endswith(".yaml") else "json"
    read = json.loads(program("decrypt", "--input-type", kind, "--output-type", "json", FOLDER / name), parse_int=float)
    for merged in [value.pop("<<") for value in read.values() if isinstance(value, dict) and "<<" in value]:
        read["use"] |= merged
    assert read == floats(EXPECTED[name]["documents"][0])


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=6))
def test_sops_reads_what_is_written_here(document: dict[str, Any]) -> None:
    data = sops.encrypt(_finite(document), [PUBLIC], lastmodified=TIME)
    assert theirs(data) == floats(_finite(document))


@pytest.mark.parametrize("kind", ["yaml", "json"])
@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS.filter(bool), TREES, min_size=1, max_size=6), SCALARS)
def test_what_sops_writes_is_read_here(kind: str, document: dict[str, Any], plain: Any) -> None:
    document = _finite({**document, "last_unencrypted": plain})
    args = ("encrypt", "--age", PUBLIC, "--input-type", "json", "--output-type", kind, "/dev/stdin")
    data = program(*args, stdin=json.dumps(document).encode())
    tree = sops.decrypt(data, f"f.{kind}", MINE)
    # A plain number of more than 53 bits is a float to SOPS: it has read it from JSON.
    assert floats(tree.documents[0]) == floats(document)


def _finite(value: Any) -> Any:
    """Return a tree with what JSON has: no infinity, and integers that a float holds."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return 0.5
    return int(float(value)) % 2**53 if isinstance(value, int) and not isinstance(value, bool) else value


def test_numbers_that_json_does_not_have_reach_sops() -> None:
    data = sops.encrypt({"a": float("inf"), "b": 2**63 - 1}, [PUBLIC], lastmodified=TIME)
    out = program("decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin", stdin=data)
    assert out == b"a: .inf\nb: 9223372036854775807\n"


def test_several_documents_and_recipients(tmp_path: Path) -> None:
    secret, public = age.generate()
    data = sops.encrypt([{"a": "one"}, {"b": ["two"]}], [public, PUBLIC], lastmodified=TIME)
    out = program("decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin", stdin=data)
    assert out == b"a: one\n---\nb:\n    - two\n"
    (tmp_path / "other").write_text(secret)
    assert theirs(data, SOPS_AGE_KEY_FILE=str(tmp_path / "other")) == {"a": "one"}


def test_ssh_keys_open_it_on_both_sides(tmp_path: Path) -> None:
    import pyrage

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    (tmp_path / "id").write_bytes(private)
    ssh = {"SOPS_AGE_KEY_FILE": "", "SOPS_AGE_SSH_PRIVATE_KEY_FILE": str(tmp_path / "id")}
    assert theirs(sops.encrypt({"a": "x"}, [public], lastmodified=TIME), **ssh) == {"a": "x"}
    (tmp_path / "f.yaml").write_text("a: x\n")
    data = program("encrypt", "--age", public, tmp_path / "f.yaml")
    found = age.Identities(keys=[pyrage.ssh.Identity.from_buffer(private)])
    assert sops.decrypt(data, "f.yaml", found).documents == [{"a": "x"}]


def test_sops_can_edit_and_rotate_what_is_written_here(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(sops.encrypt({"a": {"b": "old"}, "c": "kept"}, [PUBLIC], lastmodified=TIME))
    program("set", file, '["a"]["b"]', '"new"')
    program("rotate", "-i", file)
    assert sops.decrypt(file.read_bytes(), "f.yaml", MINE).documents == [{"a": {"b": "new"}, "c": "kept"}]
