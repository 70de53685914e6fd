"""Single values of a SOPS file: their sealed form, the types in it, and the bytes that the MAC is over."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from decimal import Decimal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from llmconf.core.diagnostics import Path

Plain = str | int | float | bool | None

_BASE64 = r"([A-Za-z0-9+/=]{0,4000000})"
_SEALED = re.compile(rf"ENC\[AES256_GCM,data:{_BASE64},iv:{_BASE64},tag:{_BASE64},type:([a-z0-9]{{1,20}})\]")
_NONCE, _TAG = 32, 16
_NONCES = range(8, 129)
_INT = re.compile(r"[-+]?[0-9]{1,19}")
_FLOAT = re.compile(r"[-+]?([0-9]{1,400}(\.[0-9]{0,1200})?|\.[0-9]{1,1200})([eE][-+]?[0-9]{1,3})?")
_BOOLEANS = {
    "1": True, "t": True, "T": True, "true": True, "TRUE": True, "True": True,
    "0": False, "f": False, "F": False, "false": False, "FALSE": False, "False": False,
}  # fmt: skip
_INT64 = range(-(2**63), 2**63)


class ValueProblem(Exception):
    """A value cannot be read. The text completes a sentence about it and holds nothing of the value."""


def is_sealed(value: object) -> bool:
    """Tell whether a value has the form of a sealed one."""
    return isinstance(value, str) and _SEALED.fullmatch(value) is not None


def additional_data(path: Path) -> str:
    """Return what a value is bound to: the keys of its path. Indexes of lists are no part of it."""
    return ":".join(step for step in path if isinstance(step, str)) + ":"


def open_value(text: str, key: bytes, bound_to: str) -> tuple[Plain, str]:
    """Return the value in a sealed one, and its type as it stands there. Raises ValueProblem."""
    match = _SEALED.fullmatch(text)
    if match is None:
        raise ValueProblem("is not sealed as SOPS seals values")
    try:
        data, nonce, tag = (base64.b64decode(part, validate=True) for part in match.groups()[:3])
    except ValueError:
        raise ValueProblem("is not base64 where it should be") from None
    if len(nonce) not in _NONCES or len(tag) != _TAG:
        raise ValueProblem("has a nonce or a tag of the wrong length")
    try:
        content = AESGCM(key).decrypt(nonce, data + tag, bound_to.encode("utf-8"))
    except InvalidTag:
        raise ValueProblem("does not open: it was altered, moved, or sealed under another key") from None
    return _typed(content, match[4]), match[4]


def _typed(content: bytes, kind: str) -> Plain:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueProblem("holds bytes that are not text") from None
    if kind in ("str", "comment", "time", "bytes"):
        return text
    if kind in ("int", "int64") and _INT.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text):
        return float(text)
    if kind == "float" and text.lstrip("+-").lower() in ("inf", "nan"):
        return float(text)
    if kind == "bool" and text in _BOOLEANS:
        return _BOOLEANS[text]
    raise ValueProblem(f"holds no valid `{kind}`")


def seal_value(value: str | float, key: bytes, bound_to: str, random: Callable[[int], bytes]) -> str:
    """Seal a value as SOPS does. An empty string stays one. Raises ValueProblem for what SOPS cannot hold."""
    if value == "":
        return ""
    if isinstance(value, int) and value not in _INT64:
        raise ValueProblem("is a number of more than 64 bits")
    nonce = random(_NONCE)
    out = AESGCM(key).encrypt(nonce, plain_bytes(value), bound_to.encode("utf-8"))
    data, iv, tag = (base64.b64encode(part).decode("ascii") for part in (out[:-_TAG], nonce, out[-_TAG:]))
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{type(value).__name__}]"


def plain_bytes(value: Plain) -> bytes:
    """Return the bytes that stand for a value, sealed and in the MAC; nothing for null."""
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"True" if value else b"False"
    if isinstance(value, float):
        return _float_text(value).encode("ascii")
    try:
        return str(value).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueProblem("holds half a surrogate pair") from None


def _float_text(value: float) -> str:
    """Write a float as Go does: the shortest digits that read back, without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return format(Decimal(repr(value)), "f").removesuffix(".0")
