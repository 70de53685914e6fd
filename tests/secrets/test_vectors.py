"""A second implementation of tokens and keys, written from docs/secrets.md alone, on the published vectors.

It imports nothing of llmconf's cryptography, so that the page, the vectors and the program cannot agree by mistake.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pyrage
import pytest
import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "token.json").read_text(encoding="utf-8"))
KEYS = {key["kid"]: key for key in VECTORS["keys"]}
TOKENS = {token["name"]: token for token in VECTORS["tokens"]}


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256, RFC 5869."""
    pseudorandom = hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()
    out = block = b""
    for number in range(1, 256):
        if len(out) >= length:
            break
        block = hmac.new(pseudorandom, block + info + bytes([number]), hashlib.sha256).digest()
        out += block
    return out[:length]


def list_of(*parts: bytes) -> bytes:
    found = len(parts).to_bytes(4, "big")
    for part in parts:
        found += len(part).to_bytes(4, "big") + part
    return found


def texts(*parts: str) -> bytes:
    return list_of(*(part.encode() for part in parts))


def base32(data: bytes) -> str:
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(digits[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))


def base64url(data: bytes) -> str:
    return base64.b64encode(data).decode().replace("+", "-").replace("/", "_").replace("=", "")


def key_id(secret: bytes) -> str:
    return base32(hkdf(secret, b"", b"llmconf/v1 key id", 7))[:10]


def fingerprint(plaintext: str, fingerprints: bytes) -> str:
    digest = hmac.new(fingerprints, b"llmconf/v1 fingerprint\0" + plaintext.encode(), hashlib.sha256).digest()
    return base32(digest[:5])


def hint(plaintext: str) -> str:
    tail = plaintext[-4:]
    return tail if len(plaintext) >= 20 and re.fullmatch("[A-Za-z0-9_-]{4}", tail) else ""


def context(where: dict[str, Any], kid: str, revision: int, mark: str, shown: str) -> bytes:
    hosts = texts(*sorted(set(where["hosts"])))
    head = ("llmconf/v1", where["vault"], where["layer"], kid, str(revision), mark, shown)
    return list_of(*(part.encode() for part in (*head, where["identity"], where["field"])), hosts)


def public_digest(where: dict[str, Any], revision: int, mark: str, shown: str) -> str:
    parts = [
        ("hosts", 7, sorted(set(where["hosts"]))),
        ("resource", 4, [where["identity"]]),
        ("field", 3, [where["field"]]),
        ("layer", 3, [where["layer"]]),
        ("vault", 3, [where["vault"]]),
        ("revision", 2, [str(revision)]),
        ("fingerprint", 2, [mark]),
        ("hint", 2, [shown]),
    ]
    found = ""
    for name, length, values in parts:
        digest = hashlib.sha256(f"llmconf/v1 binding {name}\0".encode() + texts(*values)).digest()
        found += base32(digest)[:length]
    return found


def derived(secret: bytes, salt: bytes, bound: bytes) -> tuple[bytes, bytes, bytes]:
    material = hkdf(secret, salt, b"llmconf/v1 seal\0" + bound, 76)
    return material[:32], material[32:44], material[44:]


def seal(where: dict[str, Any], key: dict[str, Any]) -> str:
    secret, plaintext, salt = bytes.fromhex(key["secret"]), where["plaintext"], bytes.fromhex(where["salt"])
    mark = fingerprint(plaintext, bytes.fromhex(key["fingerprints"]))
    shown = hint(plaintext) if where["hints"] else ""
    bound = context(where, key["kid"], where["revision"], mark, shown)
    cipher_key, nonce, commitment = derived(secret, salt, bound)
    data = base64url(salt + commitment + AESGCM(cipher_key).encrypt(nonce, plaintext.encode(), bound))
    head = f"k={key['kid']};r={where['revision']};f={mark};" + (f"h={shown};" if shown else "")
    return f"ENC(v1;{head}b={public_digest(where, where['revision'], mark, shown)};d={data})"


def open_token(token: str, where: dict[str, Any], key: dict[str, Any]) -> str:
    assert token.startswith("ENC(v1;")
    fields = dict(part.split("=", 1) for part in token[7:-1].split(";"))
    data = base64.urlsafe_b64decode(fields["d"] + "=" * (-len(fields["d"]) % 4))
    bound = context(where, fields["k"], int(fields["r"]), fields["f"], fields.get("h", ""))
    cipher_key, nonce, commitment = derived(bytes.fromhex(key["secret"]), data[:24], bound)
    assert hmac.compare_digest(commitment, data[24:56])
    return AESGCM(cipher_key).decrypt(nonce, data[56:], bound).decode()


def mac(key: dict[str, Any], label: str, *parts: str) -> str:
    derived_key = hkdf(bytes.fromhex(key["secret"]), b"", f"llmconf/v1 mac {label}".encode(), 32)
    return hmac.new(derived_key, texts(*parts), hashlib.sha256).hexdigest()


def digest(key: dict[str, Any]) -> str:
    return hashlib.sha256(mac(key, "digest", key["vault"], key["kid"]).encode()).hexdigest()


# --- The page and the vectors ---------------------------------------------------------------------


@pytest.mark.parametrize("vector", TOKENS.values(), ids=TOKENS)
def test_tokens(vector: dict[str, Any]) -> None:
    key = KEYS[vector["key"]]
    fields = dict(part.split("=", 1) for part in vector["token"][7:-1].split(";"))
    bound = context(vector, key["kid"], vector["revision"], fields["f"], fields.get("h", ""))
    assert bound.hex() == vector["context"]
    assert seal(vector, key) == vector["token"]
    assert open_token(vector["token"], vector, key) == vector["plaintext"]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_keys(key: dict[str, Any]) -> None:
    assert key_id(bytes.fromhex(key["secret"])) == key["kid"]
    assert digest(key) == key["digest"]
    described = yaml.safe_load(key["key_yaml"])
    assert (described["kid"], described["digest"]) == (key["kid"], key["digest"])
    chain = {kid: mac(KEYS[kid], "successor", key["vault"], kid, key["kid"], key["digest"]) for kid in key["follows"]}
    assert described.get("previous", {}) == chain
    recipient = key["recipient"]
    expected = mac(key, "recipient", key["vault"], key["kid"], recipient["name"], recipient["public_key"])
    assert recipient["mac"] == expected + "\n"
    identity = pyrage.x25519.Identity.from_str(VECTORS["identity"])
    assert str(identity.to_public()) == recipient["public_key"]
    payload = pyrage.decrypt(base64.b64decode(recipient["age"]), [identity]).decode()
    lines = [base64.b64encode(bytes.fromhex(key[name])).decode() for name in ("secret", "fingerprints")]
    assert payload == "\n".join(["llmconf-key-v1", *lines, ""])


def test_the_page_has_the_first_vector() -> None:
    page = (Path(__file__).parents[2] / "docs" / "secrets.md").read_text(encoding="utf-8")
    first = VECTORS["tokens"][0]
    assert first["token"] in page.replace("\n", "")
    assert first["context"] in page.replace("\n", "")


# --- The program and the vectors ------------------------------------------------------------------


@pytest.mark.parametrize("vector", TOKENS.values(), ids=TOKENS)
def test_the_program_makes_and_opens_the_same_tokens(vector: dict[str, Any]) -> None:
    from llmconf.core import tokens
    from llmconf.secrets.vault import binding, token

    slot = binding.Slot(vector["vault"], vector["layer"], vector["identity"], vector["field"], tuple(vector["hosts"]))
    known = KEYS[vector["key"]]
    secrets = (bytes.fromhex(known["secret"]), bytes.fromhex(known["fingerprints"]))
    key = token.DataKey(known["vault"], known["kid"], *secrets)
    sealed = token.seal(
        vector["plaintext"],
        key,
        slot,
        revision=vector["revision"],
        hints=vector["hints"],
        salt=bytes.fromhex(vector["salt"]),
    )
    assert sealed == vector["token"]
    parts = tokens.parse_token(sealed)
    assert parts is not None
    assert token.open_token(parts, key, slot) == vector["plaintext"]


def test_the_program_reads_the_key_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llmconf.secrets.vault.keyring import Keyring

    for key in KEYS.values():
        folder = tmp_path / "keys" / key["vault"] / key["kid"]
        folder.mkdir(parents=True)
        (folder / "key.yaml").write_text(key["key_yaml"])
        (folder / "alice.age").write_bytes(base64.b64decode(key["recipient"]["age"]))
        (folder / "alice.mac").write_text(key["recipient"]["mac"])
    monkeypatch.setenv("LLMCONF_AGE_KEY", VECTORS["identity"])
    keyring = Keyring(tmp_path, tmp_path / "pins.json")
    for key in KEYS.values():
        assert keyring.key(key["vault"], key["kid"]).secret.hex() == key["secret"]
    assert keyring.lineage("default", VECTORS["keys"][1]["kid"]) == {key["kid"] for key in VECTORS["keys"][:2]}
