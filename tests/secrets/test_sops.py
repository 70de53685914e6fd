"""Files of SOPS: what is read from them, what is refused, and that no refusal tells a secret.

The files in `tests/secrets/sops` were made by SOPS itself, from the plain ones beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sops_files import EXPECTED, FOLDER, MINE, PUBLIC, identities

from llmconf.core.errors import LlmconfError, RefusedError, UndeterminedError
from llmconf.secrets.vault import age, sops

CANARIES = ("sk-fake", "bottom", "значение", "line two", "hidden", "certificate")


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def refusal(text: str | bytes, name: str = "secrets.yaml", found: age.Identities = MINE) -> LlmconfError:
    """Return the error with which a file is refused; it holds no secret, nor does its traceback."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    with pytest.raises(LlmconfError) as caught:
        sops.decrypt(data, name, found)
    error = caught.value
    told = f"{error.message} {error.hint} {error.__cause__!r}"
    assert not [canary for canary in CANARIES if canary in told]
    assert error.message.startswith(name)
    return error


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_of_sops_is_read(name: str) -> None:
    tree = sops.decrypt((FOLDER / name).read_bytes(), name, MINE)
    expected = EXPECTED[name]
    assert tree.documents == expected["documents"]
    assert [comment.text for comment in tree.comments] == expected["comments"]
    assert len(tree.opened) == expected["encrypted"]
    assert not [canary for canary in CANARIES if canary in repr(tree)]


def test_keys_keep_the_order_of_the_file() -> None:
    (document,) = sops.decrypt((FOLDER / "default.enc.yaml").read_bytes(), "f.yaml", MINE).documents
    plain = [line.partition(":")[0] for line in read("plain.yaml").splitlines() if re.match(r"[a-z_]+:", line)]
    assert [key for key in document if key in plain] == plain


def test_comments_in_lists_are_no_items_and_are_told() -> None:
    tree = sops.decrypt((FOLDER / "default.enc.yaml").read_bytes(), "f.yaml", MINE)
    assert tree.documents[0]["nested"]["list"] == ["first", "second", {"x": 1, "y": ["p", "q"]}]
    assert [entry.path for entry in tree.opened if entry.kind == "comment"] == [
        ("nested", "list", 0),
        ("nested", "list", 2),
    ]
    assert tree.notes == ["f.yaml: 4 encrypted comments left out"]


def test_a_byte_order_mark_and_crlf_change_nothing() -> None:
    data = b"\xef\xbb\xbf" + (FOLDER / "several.enc.yaml").read_bytes().replace(b"\n", b"\r\n")
    assert sops.decrypt(data, "f.yaml", MINE).documents == EXPECTED["several.enc.yaml"]["documents"]


def _swap_items(text: str) -> str:
    lines = text.splitlines(keepends=True)
    at = [i for i, line in enumerate(lines) if re.match(r"    - ENC", line)]
    lines[at[0]], lines[at[1]] = lines[at[1]], lines[at[0]]
    return "".join(lines)


def _flip(text: str, key: str, part: str) -> str:
    """Change one character of base64 in one part of the value of a key."""
    match = re.search(rf"(?m)^ *{key}: ENC\[.*?{part}:(.)", text)
    assert match
    other = "B" if match[1] == "A" else "A"
    return text[: match.start(1)] + other + text[match.end(1) :]


def _replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text, flags=re.MULTILINE)


def _swapped(text: str) -> str:
    return "---\n".join(reversed(re.split(r"(?m)^---\n", text)))


DEFAULT, SEVERAL, ONLY = "default.enc.yaml", "several.enc.yaml", "mac_only_encrypted.enc.yaml"
HOLDS, OPENS = "its MAC is wrong", "its MAC does not open"
TAMPERING: dict[str, tuple[str, Callable[[str], str], str]] = {
    "a value": (DEFAULT, lambda text: _flip(text, "api_key", "data"), r":5: `api_key` does not open"),
    "a nonce": (DEFAULT, lambda text: _flip(text, "api_key", "iv"), r":5: `api_key` does not open"),
    "a tag": (DEFAULT, lambda text: _flip(text, "api_key", "tag"), r":5: `api_key` does not open"),
    "a type": (DEFAULT, _replaced(r"^(api_key: .*)type:str", r"\1type:int"), "holds no valid `int`"),
    "an unknown type": (DEFAULT, _replaced("type:float", "type:decimal"), "holds no valid `decimal`"),
    "a moved value": (DEFAULT, _replaced("^api_key:", "url:"), "`url` does not open"),
    "two items swapped": (SEVERAL, _swap_items, HOLDS),
    "a removed value": (DEFAULT, _replaced(r"^whole: .*\n", ""), HOLDS),
    "an emptied value": (DEFAULT, _replaced("^whole: .*", 'whole: ""'), HOLDS),
    "a plain value": (DEFAULT, _replaced("plain.example", "evil.example"), HOLDS),
    "a plain number": (DEFAULT, _replaced(": 420$", ": 421"), HOLDS),
    "an added plain value": (DEFAULT, lambda text: "x_unencrypted: 1\n" + text, HOLDS),
    "documents swapped": (SEVERAL, _swapped, HOLDS),
    "a document removed": (SEVERAL, lambda text: re.split(r"(?m)^---\n", text)[0], HOLDS),
    "plain text in place": (DEFAULT, _replaced("^api_key: .*", "api_key: sk-fake"), r":5: `api_key` stands in plain"),
    "added under a pattern": (ONLY, lambda text: "api_key: sk-fake\n" + text, "`api_key` stands in plain text"),
    "added under a suffix": (
        "encrypted_suffix.enc.yaml", lambda text: "a_key: sk-fake\n" + text, "`a_key` stands in plain text",
    ),
    "plain beside a pattern": ("encrypted_regex.enc.yaml", _replaced("api.example", "evil.example"), HOLDS),
    "the time": (DEFAULT, _replaced('lastmodified: "20', 'lastmodified: "21'), OPENS),
    "the MAC": (DEFAULT, lambda text: _flip(text, "mac", "data"), OPENS),
    "no MAC": (DEFAULT, _replaced(r"^    mac: .*\n", ""), "is not well formed"),
    "the rule": (DEFAULT, _replaced("unencrypted_suffix: _un", "unencrypted_suffix: _x"), "in plain text"),
    "two rules": (DEFAULT, _replaced("^    version:", "    encrypted_suffix: _x\n    version:"), "is not well formed"),
    "what is hashed": (ONLY, _replaced(r"^    mac_only_encrypted: true\n", ""), HOLDS),
    "a number in JSON": ("default.enc.json", _replaced("8080", "8081"), HOLDS),
    "a value in JSON": ("default.enc.json", _replaced(r"(kind.: .ENC\[AES256_GCM,data:)", r"\1AAAA"), "kind` does not"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERING)
def test_what_was_changed_without_sops_is_refused(case: str) -> None:
    name, change, message = TAMPERING[case]
    text = read(name)
    assert change(text) != text
    error = refusal(change(text), name)
    assert isinstance(error, RefusedError)
    assert re.search(message, error.message), error.message


PLACES = st.integers(min_value=0, max_value=len((FOLDER / "default.enc.yaml").read_bytes()) - 1)


@settings(max_examples=300, deadline=None)
@given(PLACES, st.binary(max_size=3), st.integers(0, 3))
@example(0, b"\xff", 0)
def test_no_change_of_any_bytes_tells_a_secret_or_breaks_the_reader(at: int, new: bytes, removed: int) -> None:
    data = (FOLDER / "default.enc.yaml").read_bytes()
    changed = data[:at] + new + data[at + removed :]
    try:
        documents = sops.decrypt(changed, "f.yaml", MINE).documents
    except LlmconfError as error:
        told = f"{error.message} {error.hint}"
        documents = []
    else:
        told = ""
    assert not [canary for canary in CANARIES if canary in told]
    # What is read all the same differs in no value: in a comment, a name of an empty one, a recipient.
    assert all(document["api_key"] == "sk-fake-value-of-a-test" for document in documents)


def test_no_identity_that_fits_is_exit_4() -> None:
    other, _ = age.generate()
    error = refusal(read("default.enc.yaml"), found=identities(other))
    assert isinstance(error, UndeterminedError)
    assert PUBLIC in error.message
    assert error.hint == "looked at: a test"


def test_shares_of_a_key_are_not_joined() -> None:
    error = refusal(read("shamir.enc.yaml"))
    assert isinstance(error, UndeterminedError)
    assert "split among 2 key groups" in error.message
    assert PUBLIC in error.message


def test_a_file_for_others_than_age_says_for_whom() -> None:
    others = '    pgp:\n    - fp: 85D77543\n    kms:\n    - arn: "arn:aws:kms:eu-west-1:1:key/a\\e[2J"\n    former:\n'
    error = refusal(read("several.enc.yaml").replace("    age:\n", others))
    assert isinstance(error, UndeterminedError)
    assert "has no age recipient" in error.message
    assert "PGP 85D77543, AWS KMS arn:aws:kms:eu-west-1:1:key/a?[2J" in error.message


def test_another_format_of_sops_is_named() -> None:
    error = refusal(read("settings.enc.env"), "settings.enc.env")
    assert isinstance(error, UndeterminedError)
    assert "dotenv" in error.message


def test_one_key_group_is_as_good_as_none() -> None:
    block = re.compile(r"^    age:\n(.*?)(?=^    lastmodified)", re.MULTILINE | re.DOTALL)
    grouped = block.sub(
        lambda match: "    key_groups:\n        - age:\n" + re.sub("(?m)^(?=.)", "        ", match[1]),
        read("several.enc.yaml"),
    )
    assert "key_groups" in grouped
    assert sops.decrypt(grouped.encode(), "f.yaml", MINE).documents == EXPECTED["several.enc.yaml"]["documents"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "a: 1\n", "a.yaml: has no `sops` block"),
        ("a.yaml", "", "a.yaml: has no `sops` block"),
        ("a.yaml", "sops: 3\n", "a.yaml: has no `sops` block"),
        ("a.yaml", "sops: {mac: x}\n", "a.yaml: the `sops` block is not well formed"),
        ("a.yaml", "sops: {mac: [x], lastmodified: y}\n", "a.yaml: the `sops` block is not well formed"),
        ("a.yaml", "a: 1\nb: [\n", "a.yaml:3: not YAML"),
        ("a.yaml", "a: 1\na: 2\n", "a.yaml:2: the key `a` stands twice"),
        ("a.yaml", "- a\n", "a.yaml: is no mapping"),
        ("a.yaml", "a: !thing 1\n", "a.yaml:1: the tag `!thing` is not allowed"),
        ("a.yaml", "a: &a [*a]\n", "a.yaml:1: the alias `*a` contains itself"),
        ("a.yaml", "[" * 200, "a.yaml:1: nested more than 64 levels deep"),
        ("a.yaml", "a: \udcff\n", "a.yaml: not UTF-8"),
        ("a.json", '{"a": 1', "a.json:1: not JSON"),
        ("a.json", '{"a": 1, "a": 2}', "a.json: the key `a` stands twice"),
        ("a.json", '{"a": NaN}', "a.json: holds a number that JSON does not have"),
        ("a.json", "[1]", "a.json: is no mapping"),
        ("a.json", '{"a":' * 100 + "1" + "}" * 100, "a.json: nested more than 64 levels deep"),
        ("a.json", "[" * 100_000, "a.json: nested more than 64 levels deep"),
        ("a.yaml", "#" * (4 * 1024 * 1024 + 1), "a.yaml: has more than 4,194,304 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_sops(name: str, text: str, message: str) -> None:
    error = refusal(text, name)
    assert error.message.startswith(message)
    assert error.exit_code == 1
