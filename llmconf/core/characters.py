"""Characters that a reader does not see, and the escapes that stand for them in YAML and in Python."""

from __future__ import annotations

# Controls; format characters except the joiners of scripts and emoji (they reorder or hide text); and
# what XML or UTF-8 cannot carry.
HIDDEN = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
"""Ranges of characters that are unsafe to show, for the inside of a set in a regular expression."""

_BYTE, _BMP = 0xFF, 0xFFFF


def escaped(character: str) -> str:
    """Write one character as an escape: `\\x1b`, `\\u202e`."""
    code = ord(character)
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    if code <= _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _BMP else f"\\U{code:08x}"
