"""Opens references, `env:NAME` and `file:path`, only where the process allows it.

A pull request can write any reference. What may be opened is therefore said by whoever starts the process,
with `--allow-ref` or LLMCONF_ALLOW_REF, and never by the repository; `env:LLMCONF_*` is allowed by default.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from llmconf.errors import UndeterminedError
from llmconf.fields import Reference

ALLOWED_BY_DEFAULT = ("env:LLMCONF_*",)
_RUN_SECRETS = "/run/secrets"
_MAX_FILE = 64 * 1024
_KEYS = ("LLMCONF_AGE_KEY", "LLMCONF_AGE_KEY_FILE", "LLMCONF_ALLOW_REF")
"""Variables of llmconf itself, which no reference opens."""


def allowed_patterns(given: Iterable[str]) -> tuple[str, ...]:
    """Return what this process may open: what it was given, its environment, and the default."""
    listed = os.environ.get("LLMCONF_ALLOW_REF", "").replace(",", " ").split()
    return (*ALLOWED_BY_DEFAULT, *listed, *given)


def resolve(reference: Reference, root: Path, allowed: Iterable[str]) -> str:
    """Return the secret that a reference leads to. Raises UndeterminedError where it may or can not be opened."""
    shown = f"{reference.scheme}:{reference.target}"
    if reference.scheme not in ("env", "file"):
        raise UndeterminedError(
            f"`{shown}` is not opened by llmconf, only passed on", "let its own tool open it"
        )
    secret_of_ours = reference.scheme == "env" and reference.target in _KEYS
    if secret_of_ours or not any(fnmatchcase(shown, pattern) for pattern in allowed):
        raise UndeterminedError(
            f"`{shown}` is not allowed to this process", f"--allow-ref '{shown}' allows it"
        )
    return _environment(reference.target) if reference.scheme == "env" else _file(reference.target, root)


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UndeterminedError(f"the environment variable {name} is not set")
    return value


def _file(target: str, root: Path) -> str:
    """Read a file of the repository or under /run/secrets, resolved before it is checked."""
    path = Path(target) if target.startswith("/") else root / target
    try:
        real = Path(os.path.realpath(path))
        inside = any(
            base == real or base in real.parents
            for base in (Path(os.path.realpath(root)), Path(_RUN_SECRETS))
        )
        if not inside:
            raise UndeterminedError(f"`file:{target}` leads out of the repository and of {_RUN_SECRETS}")
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UndeterminedError(f"`file:{target}` is no regular file")
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise UndeterminedError(f"`file:{target}` cannot be read: {error.strerror}") from None
    if len(data) > _MAX_FILE:
        raise UndeterminedError(f"`file:{target}` has more than {_MAX_FILE:,} bytes")
    try:
        text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UndeterminedError(f"`file:{target}` is not UTF-8 text") from None
    if not text:
        raise UndeterminedError(f"`file:{target}` is empty")
    return text
