"""Colors of a terminal, or none."""

from __future__ import annotations

_RESET = "\x1b[0m"
_CODES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "info": "\x1b[1;36m",
    "gutter": "\x1b[34m",
    "bold": "\x1b[1m",
    "good": "\x1b[32m",
    "dim": "\x1b[2m",
}


class Style:
    """Paints text in a named style, or returns it unchanged if color is off."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, name: str, text: str) -> str:
        """Return the text in the style `name`: a severity, `gutter`, `bold`, `good` or `dim`."""
        return f"{_CODES[name]}{text}{_RESET}" if self._color and text else text
