"""Parts of SOPS files: single values, rules, armor, and what is written."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sops_files import KEYS, MINE, PUBLIC, TIME, TREES

from llmconf.core.errors import RefusedError
from llmconf.secrets.vault import _sops_block, _sops_tree, _sops_values, sops


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]", "a nonce or a tag of the wrong length"),
        ("ENC[AES256_GCM,data:A=A=,iv:AA==,tag:AA==,type:str]", "is not base64"),
        ("ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str] ", "is not sealed as SOPS seals"),
        ("ENC[AES256_CBC,data:AA==,iv:AA==,tag:AA==,type:str]", "is not sealed as SOPS seals"),
    ],
)
def test_a_sealed_value_of_the_wrong_form(value: str, problem: str) -> None:
    with pytest.raises(_sops_values.ValueProblem, match=problem):
        _sops_values.open_value(value, bytes(32), ":")


def test_values_made_apart_from_the_reader_open() -> None:
    # The ciphertext and tag are those of the crypto module of Node.js.
    sealed = _sops_values.seal_value("sk-fake", bytes(32), "a:b:", lambda size: bytes(range(size)))
    assert sealed == (
        "ENC[AES256_GCM,data:77FiM3yCmg==,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,"
        "tag:QXFs67hv6Rao76bvwHuvtg==,type:str]"
    )
    assert _sops_values.open_value(sealed, bytes(32), "a:b:") == ("sk-fake", "str")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e22, "10000000000000000000000"),
        (1e30, "1" + "0" * 30),
        (1.5e-7, "0.00000015"),
        (5e-324, "0." + "0" * 323 + "5"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
        (True, "True"),
        (False, "False"),
        (-7, "-7"),
        ("é", "é"),
        (None, ""),
    ],
)
def test_the_bytes_of_a_value_are_those_of_sops(value: Any, text: str) -> None:
    assert _sops_values.plain_bytes(value).decode() == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0644", 420),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("08", 8.0),
        ("-0644", -420),
        ("+5", 5),
        ("1.50", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("yes", "yes"),
        ("On", "On"),
        ("n", "n"),
        ("TRUE", True),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("2027-03-31", "2027-03-31T00:00:00Z"),
        ("1.2.3", "1.2.3"),
        ("0x", "0x"),
        ("-", "-"),
        ("12:30", "12:30"),
        ("18446744073709551616", 1.8446744073709552e19),
        ("-.inf", float("-inf")),
    ],
)
def test_plain_scalars_mean_what_sops_takes_them_for(text: str, value: Any) -> None:
    found = _sops_tree.resolve(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("rule", "path", "wanted"),
    [
        (("unencrypted_suffix", "_x"), ("a", "b"), True),
        (("unencrypted_suffix", "_x"), ("a_x", "b"), False),
        (("encrypted_suffix", "_x"), ("a", 0, "b_x"), True),
        (("encrypted_suffix", "_x"), ("a",), False),
        (("encrypted_regex", "^(data|stringData)$"), ("stringData", "key"), True),
        (("encrypted_regex", "^(data|stringData)$"), ("data\n",), False),
        (("encrypted_regex", "(?i)PASS|key$"), ("my_password",), True),
        (("unencrypted_regex", "^name$"), ("name", "first"), False),
        (("unencrypted_regex", "^name$"), ("names",), True),
        (("encrypted_regex", "^(a+)+$"), ("a" * 40 + "b",), None),
        (("encrypted_regex", "a*a*a*a*a*b"), ("a" * 250,), None),
        (("encrypted_regex", "[[:alpha:]]"), ("a",), None),
        (("encrypted_regex", "("), ("a",), None),
        (("encrypted_regex", "a"), ("a" * 300,), None),
        (("encrypted_comment_regex", "a"), ("a",), None),
    ],
)
def test_rules_say_which_values_are_encrypted(
    rule: tuple[str, str], path: tuple[str | int, ...], wanted: bool | None
) -> None:
    data = {"mac": "m", "lastmodified": "t", rule[0]: rule[1]}
    assert _sops_block.parse_block(data, "f").wants(path) is wanted


@pytest.mark.parametrize(
    ("written", "bound"),
    [
        ("2027-03-31T09:00:00Z", "2027-03-31T09:00:00Z"),
        ("2027-03-31T09:00:00.25Z", "2027-03-31T09:00:00Z"),
        ("2027-03-31T09:00:00+00:00", "2027-03-31T09:00:00Z"),
        ("2027-03-31T09:00:00+02:00", "2027-03-31T09:00:00+02:00"),
    ],
)
def test_the_mac_is_bound_to_the_time_as_sops_writes_it(written: str, bound: str) -> None:
    assert _sops_block.parse_block({"mac": "m", "lastmodified": written}, "f").last_modified == bound


@given(st.binary(max_size=300))
def test_armor_is_that_of_age(data: bytes) -> None:
    text = _sops_block.armor(data)
    assert max(map(len, text.splitlines())) <= 64
    assert _sops_block.dearmor(text) == data
    assert base64.b64decode("".join(text.splitlines()[1:-1])) == data


@given(st.text(max_size=200))
def test_what_is_no_armor_holds_nothing(text: str) -> None:
    assert _sops_block.dearmor(text) == b""


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(KEYS, TREES, max_size=5), min_size=1, max_size=3))
def test_what_is_written_is_read_again(documents: list[dict[str, Any]]) -> None:
    data = sops.encrypt(documents, [PUBLIC], lastmodified=TIME)
    assert sops.decrypt(data, "f.yaml", MINE).documents == documents


def test_everything_but_the_wrapped_key_depends_on_the_input_alone() -> None:
    def write() -> str:
        seeds = iter(range(100))
        data = sops.encrypt(
            {"a": {"b": "sk-fake"}}, [PUBLIC], lastmodified=TIME,
            random=lambda size: hashlib.shake_128(str(next(seeds)).encode()).digest(size),
        )  # fmt: skip
        return re.sub(r"(?m)^ +[A-Za-z0-9+/=]{4,64}\n", "", data.decode())

    assert write() == write()
    assert "sk-fake" not in write()


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"sops": "x"}, "cannot hold the key `sops`"),
        ({"a": {"b_unencrypted": "x"}}, "cannot hold the key `b_unencrypted`"),
        ({"a": {1: "x"}}, "cannot hold the key `1`"),
        ({"a": [2**63]}, "`a.0` is a number of more than 64 bits"),
        ({"a": b"x"}, "`a` is of a type that SOPS does not have"),
        ({"a": "\ud800"}, "`a` holds half a surrogate pair"),
    ],
)
def test_what_sops_cannot_hold_is_refused(tree: dict[str, Any], message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        sops.encrypt(tree, [PUBLIC], lastmodified=TIME)
    assert message in caught.value.message


def test_a_file_needs_a_recipient_and_no_endless_tree() -> None:
    with pytest.raises(RefusedError, match="needs a recipient"):
        sops.encrypt({"a": "x"}, [], lastmodified=TIME)
    tree: dict[str, Any] = {}
    tree["a"] = tree
    with pytest.raises(RefusedError, match="nested more than 64"):
        sops.encrypt(tree, [PUBLIC], lastmodified=TIME)
