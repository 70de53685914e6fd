"""The tamper matrix: whatever is changed about a token or its place, it is refused, and the message says why."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from secret_support import Lab

from llmconf.core.errors import LlmconfError
from llmconf.core.tokens import parse_token
from llmconf.secrets.vault import token
from llmconf.secrets.vault.binding import Slot, binding
from llmconf.secrets.vault.keyring import Keyring
from llmconf.secrets.vault.token import COMMITMENT, SALT, TAG, DataKey

SECRET = "sk-fake-0000000000000000wxyz"
SLOT = Slot("default", "", "credential/openai/main", "api_key", ("api.openai.com",))
KEY = DataKey("default", token.key_id(bytes(32)), bytes(32), bytes(range(32)))
OTHER = DataKey("default", token.key_id(b"x" * 32), b"x" * 32, bytes(range(32)))
SEALED = token.seal(SECRET, KEY, SLOT, revision=3, salt=bytes(range(SALT)))
ALTERED = "the token was altered, or was sealed under another key of the same name"
DATA = "the sealed data of the token was altered"


def _error(text: str, slot: Slot = SLOT, key: DataKey = KEY) -> str:
    """Open a token, which has to fail, and return the message; nothing of the secret may be in it."""
    parts = parse_token(text)
    assert parts is not None
    with pytest.raises(token.OpenError) as caught:
        token.open_token(parts, key, slot)
    told = f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    assert SECRET not in told
    assert SECRET[:12] not in told
    return caught.value.message


def _part(name: str, value: str) -> str:
    return re.sub(rf";{name}=[^;)]*", f";{name}={value}", SEALED)


def _body(text: str = SEALED) -> bytes:
    data = text.rpartition("d=")[2].rstrip(")")
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


def _with_body(body: bytes) -> str:
    return _part("d", base64.urlsafe_b64encode(body).decode().rstrip("="))


def test_it_opens_where_it_belongs() -> None:
    parts = parse_token(SEALED)
    assert parts is not None
    assert token.open_token(parts, KEY, SLOT) == SECRET


PLACES = {
    "field": (replace(SLOT, field="session_token"), "the token was sealed for another field"),
    "resource": (replace(SLOT, identity="credential/openai/team"), "the token was sealed for another resource"),
    "environment": (replace(SLOT, layer="prod"), "the token was sealed for another environment"),
    "vault": (replace(SLOT, vault="prod"), "the token was sealed for another vault"),
    "hosts": (replace(SLOT, hosts=("evil.example",)), "the token was sealed for other hosts"),
    "a host added": (replace(SLOT, hosts=(*SLOT.hosts, "evil.example")), "the token was sealed for other hosts"),
    "no hosts": (replace(SLOT, hosts=()), "the token was sealed for other hosts"),
    "a path added": (replace(SLOT, hosts=("api.openai.com/v1",)), "the token was sealed for other hosts"),
    "scheme": (replace(SLOT, hosts=("http://api.openai.com",)), "the token was sealed for other hosts"),
    "two at once": (
        replace(SLOT, field="session_token", identity="credential/azure/main"),
        "the token was sealed for another resource, for another field",
    ),
}


@pytest.mark.parametrize(("slot", "message"), PLACES.values(), ids=PLACES)
def test_moved(slot: Slot, message: str) -> None:
    assert _error(SEALED, slot) == message


@pytest.mark.parametrize(("slot", "message"), PLACES.values(), ids=PLACES)
def test_moved_with_a_digest_made_to_fit(slot: Slot, message: str) -> None:
    parts = parse_token(SEALED)
    assert parts is not None
    fit = binding(slot, parts.revision, parts.fingerprint, parts.hint)
    assert _error(_part("b", fit), slot) == ALTERED
    assert _error(SEALED.replace(f";b={parts.binding}", ""), slot) == ALTERED


EDITS = {
    "hint": (_part("h", "wxyy"), "the token was sealed with another hint"),
    "hint taken off": (re.sub(";h=....", "", SEALED), "the token was sealed with another hint"),
    "revision": (_part("r", "4"), "the token was sealed with another revision"),
    "older revision": (_part("r", "2"), "the token was sealed with another revision"),
    "fingerprint": (_part("f", "aaaaaaaa"), "the token was sealed with another fingerprint"),
    "key id": (_part("k", OTHER.kid), f"the token is sealed under the key {OTHER.kid}, not {KEY.kid}"),
    "public digest": (_part("b", "a" * 26), "the public digest in the token was altered"),
}


@pytest.mark.parametrize(("text", "message"), EDITS.values(), ids=EDITS)
def test_edited(text: str, message: str) -> None:
    assert text != SEALED
    assert _error(text) == message


def test_a_key_of_the_same_name() -> None:
    assert _error(SEALED, key=replace(OTHER, kid=KEY.kid)) == ALTERED


def test_every_message_is_of_its_own() -> None:
    parts = ("field", "resource", "environment", "vault", "hosts")
    said = [PLACES[name][1] for name in parts]
    said += [EDITS[name][1] for name in ("hint", "revision", "fingerprint", "key id", "public digest")]
    said += [ALTERED, DATA]
    assert len(set(said)) == len(said)


# --- The data -------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(len(_body())))
def test_any_byte_of_the_data(at: int) -> None:
    body = bytearray(_body())
    expected = ALTERED if at < SALT + COMMITMENT else DATA
    for flip in (0x01, 0x80):
        changed = bytes([*body[:at], body[at] ^ flip, *body[at + 1 :]])
        assert _error(_with_body(changed)) == expected


@pytest.mark.parametrize("length", [72, 73, len(_body()) - TAG, len(_body()) - 1])
def test_truncated(length: int) -> None:
    short = _with_body(_body()[:length])
    if parse_token(short) is None:  # too short to be taken for a token at all
        assert length == 71
        return
    assert _error(short) == (DATA if length > 72 else "the token is cut short")


def test_too_short_to_be_a_token() -> None:
    assert parse_token(_with_body(_body()[:70])) is None


@pytest.mark.parametrize("more", [b"\0", b"x" * 16])
def test_extended(more: bytes) -> None:
    assert _error(_with_body(_body() + more)) == DATA
    assert _error(_with_body(more + _body())) == ALTERED


def test_base64_in_another_form() -> None:
    sealed = next(
        text
        for text in (token.seal("x" * length, KEY, SLOT, salt=bytes(SALT)) for length in range(20, 24))
        if len(_body(text)) % 3 == 1
    )
    # Four bits of the last character are left over; canonical they are zero.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(sealed[-2])
    other = sealed[:-2] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last + 1] + ")"
    assert _error(other) == "the sealed data of the token is not written in its one canonical form"
    assert _error(sealed[:-1] + "AAA)") != ""


def test_base64_of_an_impossible_length() -> None:
    text = SEALED[:-1] + "A" * ((1 - len(SEALED.rpartition("d=")[2][:-1])) % 4) + ")"
    assert _error(text) == "the sealed data of the token is not base64url"


@pytest.mark.parametrize(
    "text",
    [
        SEALED.replace("v1", "v2"),
        SEALED.replace(";r=3", ";r=0"),
        SEALED.replace(";r=3", ";r=03"),
        SEALED.replace(";r=3;", ";"),
        SEALED.replace("ENC(", "enc("),
        SEALED + " ",
        " " + SEALED,
        SEALED[:-1],
        SEALED[:-1] + "=)",
        SEALED[:-1] + "+)",
        SEALED[:-1] + "\n)",
        SEALED.replace(";f=", ";x=1;f="),
        re.sub("(;k=[^;]*)(;r=[^;]*)", r"\2\1", SEALED),
        SEALED.replace(";d=", ";d=;d="),
    ],
)
def test_what_is_no_token(text: str) -> None:
    assert parse_token(text) is None
    keyring = Keyring(Path("/nonexistent"), Path("/nonexistent/pins"))
    with pytest.raises(LlmconfError, match="not a well-formed token"):
        keyring.open(text, SLOT)


# --- The same through the command -----------------------------------------------------------------


@dataclass(frozen=True)
class Tampered:
    """A change to the lab: what `validate` says without a key, what `get --reveal` says with one."""

    file: str
    old: str
    new: str
    validate: str
    get: str
    status: int = 1


OPENAI, FIELD = "config/openai.yaml", "credential/openai/main api_key: "
CASES = {
    "hosts": Tampered(
        OPENAI, "hosts: [api.openai.com]", "hosts: [evil.example]",
        "`api_key` cannot be opened here: it was sealed for other hosts", "the token was sealed for other hosts",
    ),
    "resource": Tampered(
        OPENAI, "  - name: main\n", "  - name: other\n",
        "`api_key` cannot be opened here: it was sealed for another resource",
        "the token was sealed for another resource",
    ),
    "field": Tampered(
        OPENAI, "    api_key: ENC", "    session_token: ENC",
        "`session_token` cannot be opened here: it was sealed for another field",
        "the token was sealed for another field",
    ),
    "hint": Tampered(
        OPENAI, ";h=AAAA;", ";h=ZZZZ;",
        "`api_key` cannot be opened here: it was sealed with another hint", "the token was sealed with another hint",
    ),
    "revision": Tampered(
        OPENAI, ";r=1;", ";r=7;",
        "`api_key` cannot be opened here: it was sealed with another revision",
        "the token was sealed with another revision",
    ),
    "key id": Tampered(
        OPENAI, "ENC(v1;k=", "ENC(v1;k=zzzz",
        "which is not a key of the vault `default`", "in the vault `default`",
    ),
    "a character of the data": Tampered(OPENAI, ")", "",
        "`api_key` holds a token that is not well formed", "holds a token in `api_key` that is not well formed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_command_refuses_it(lab: Lab, case: Tampered) -> None:
    text = (lab.root / case.file).read_text()
    assert case.old in text
    (lab.root / case.file).write_text(text.replace(case.old, case.new, 1))
    done = lab.run("validate", key=False)
    assert done.returncode == 1
    assert case.validate in done.stdout
    name, field = ("other" if "other" in case.new else "main"), case.new.strip().split(":")[0]
    field = field if field == "session_token" else "api_key"
    done = lab.run("secrets", "get", f"credential/openai/{name}", field, "--reveal")
    assert done.returncode == case.status
    assert case.get in done.stderr
    assert done.stdout == ""
    # What is no token at all is left as it stands, so that `edit` can fix it, and only reported.
    opening = (("decrypt", case.file, "--reveal"), ("rotate",)) if "well formed" not in case.validate else ()
    for args in (*opening, ("check",)):
        refused = lab.run("secrets", *args)
        assert refused.returncode == 1, (args, refused.stdout, refused.stderr)
        assert "CANARY" not in refused.stdout + refused.stderr
