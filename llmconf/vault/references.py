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
_KEYS = ("LLMCONF_AGE_KEY", "LLMCONF_AGE_KEY_FILE", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "LLMCONF_ALLOW_REF")
"""Variables that open the vault or allow references: no reference opens them, whatever is allowed."""
_IDENTITY = "AGE-SECRET-KEY-"


def allowed_patterns(given: Iterable[str]) -> tuple[str, ...]:
    """Return what this process may open: what it was given, its environment, and the default."""
    listed = os.environ.get("LLMCONF_ALLOW_REF", "").replace(",", " ").split()
    return (*ALLOWED_BY_DEFAULT, *listed, *given)


def resolve(reference: Reference, root: Path, allowed: Iterable[str]) -> str:
    """Return the secret that a reference leads to. Raises UndeterminedError where it may or can not be opened."""
    shown = f"{reference.scheme}:{reference.target}"
    if reference.scheme not in ("env", "file"):
        raise UndeterminedError(f"`{shown}` is not opened by llmconf, only passed on", "let its own tool open it")
    patterns = tuple(allowed)
    if reference.scheme == "env" and reference.target.upper() in _KEYS:
        raise UndeterminedError(f"`{shown}` is not allowed to any process: it is llmconf's own")
    _check_allowed(shown, patterns)
    text = _environment(reference.target) if reference.scheme == "env" else _file(reference.target, root, patterns)
    if _IDENTITY in text.upper():
        raise UndeterminedError(f"`{shown}` leads to an age identity, which opens the vault and is no secret of it")
    return text


def _check_allowed(shown: str, patterns: tuple[str, ...]) -> None:
    if not any(fnmatchcase(shown, pattern) for pattern in patterns):
        raise UndeterminedError(f"`{shown}` is not allowed to this process", f"--allow-ref '{shown}' allows it")


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UndeterminedError(f"the environment variable {name} is not set")
    return value


def _real_path(target: str, root: Path, patterns: tuple[str, ...]) -> Path:
    """Return where a `file:` reference leads, after a look at whether that is allowed too.

    What a link in the repository leads to has to be allowed like the link: a pull request can make links.
    Under /run/secrets it cannot, and mounted secrets are links there.
    """
    if "\0" in target:
        raise UndeterminedError("a `file:` reference has a NUL character in it, which no path has")
    if ".." in Path(target).parts:
        raise UndeterminedError(f"`file:{target}` is not allowed to any process: it has `..` steps")
    base = Path(os.path.realpath(root))
    real = Path(os.path.realpath(root / target))
    own = {os.path.realpath(os.environ[name]) for name in _KEYS if name.endswith("_FILE") and os.environ.get(name)}
    if str(real) in own:
        raise UndeterminedError(f"`file:{target}` is not allowed to any process: it opens the vault")
    if base in real.parents:
        inner = real.relative_to(base)
        if ".git" in inner.parts:
            raise UndeterminedError(f"`file:{target}` is not allowed to any process: it leads to git's own files")
        if not any(fnmatchcase(f"file:{real}", pattern) for pattern in patterns):
            _check_allowed(f"file:{inner.as_posix()}", patterns)
    elif Path(_RUN_SECRETS) not in real.parents:
        raise UndeterminedError(f"`file:{target}` leads out of the repository and of {_RUN_SECRETS}")
    return real


def _file(target: str, root: Path, patterns: tuple[str, ...]) -> str:
    """Read a file of the repository or under /run/secrets, resolved before it is checked."""
    try:
        real = _real_path(target, root, patterns)
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
