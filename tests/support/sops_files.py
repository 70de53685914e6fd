"""What the tests of SOPS share: the files in `tests/secrets/sops`, the identity that opens them, and trees to try."""

from __future__ import annotations

import json
from typing import Any

from commands import REPOSITORY
from hypothesis import strategies as st

from llmconf.secrets.vault import age

FOLDER = REPOSITORY / "tests" / "secrets" / "sops"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
TIME = "2027-03-31T09:00:00Z"


def identities(*lines: str) -> age.Identities:
    """Return the identities in some lines, and none of this machine's."""
    import pyrage

    found = age.Identities()
    for line in lines:
        if not line.startswith("#"):
            found.keys.append(pyrage.x25519.Identity.from_str(line))
            found.tried.append("a test")
    return found


_LINES = (FOLDER / "identity.txt").read_text(encoding="utf-8").splitlines()
MINE = identities(*_LINES)
PUBLIC = _LINES[1].rpartition(" ")[2]

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False).map(lambda number: number + 0.0) | st.text(max_size=20)
)
KEYS = st.text(max_size=12).filter(lambda key: not key.endswith("_unencrypted") and key not in ("sops", "<<"))
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)
