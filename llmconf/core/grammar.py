"""The grammar of names, durations, money and dates, and the name of the project file. Syntax only."""

from __future__ import annotations

import re
from decimal import Decimal

PROJECT_FILE = "llmconf.yaml"
"""The file that makes a folder a project."""

NAME_PATTERN = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
"""Names of providers, endpoints, credentials, routes, teams and environments."""

MODEL_ID_CHARACTER = r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
"""No white space, and no character that controls a terminal, is hidden, or changes the direction of text."""
MODEL_ID_PATTERN = rf"^{MODEL_ID_CHARACTER}{{1,256}}$"
"""Vendors choose model ids, so nearly any text is valid."""

DURATION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)$"
MONEY_PATTERN = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?$"
DATE_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
ENV_NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"

_SECONDS = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}


def parse_duration(text: str) -> Decimal:
    """Return a duration such as `30s` or `1.5m` in seconds. Raises ValueError for another format."""
    match = re.match(DURATION_PATTERN, text)
    if not match:
        raise ValueError("not a duration")
    unit = match.group(2)
    return Decimal(text[: -len(unit)]) * _SECONDS[unit]


def environment_variable(provider: str, credential: str, field: str) -> str:
    """Return the name of the environment variable that carries one secret field at run time."""
    return re.sub(r"[^A-Z0-9]", "_", f"LLMCONF_{provider}_{credential}_{field}".upper())
