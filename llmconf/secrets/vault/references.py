"""Opens references, `env:NAME` and `file:path`, only if the process allows it.

A pull request can write any reference. So the repository never decides which references may be opened. The person
who starts the process decides, with `--allow-ref` or LLMCONF_ALLOW_REF. `env:LLMCONF_*` is allowed by default.
`env:OPENAI_*@api.openai.com` allows a reference for only that host. The repository sets the hosts of a credential, so
a pull request can send a reference that is allowed without a host to any host.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from llmconf.core.errors import UndeterminedError, UsageError
from llmconf.core.key_formats import secret_lines
from llmconf.core.origins import Origin, parse_host
from llmconf.core.tokens import REFERENCE_SCHEMES, Reference

ALLOWED_BY_DEFAULT = ("env:LLMCONF_*",)
_RUN_SECRETS = "/run/secrets"
_MAX_FILE = 64 * 1024
_KEYS = ("LLMCONF_AGE_KEY", "LLMCONF_AGE_KEY_FILE", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "LLMCONF_ALLOW_REF")
"""Variables that open the vault or allow references: no reference opens them, whatever is allowed."""
_IDENTITY = "AGE-SECRET-KEY-"
_OPENED = ("env", "file")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_*?]*", re.ASCII)
_FORM = "write it as in `env:OPENAI_API_KEY` or `file:secrets/*`"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one pattern allows: references that match it, sent to these origins; None stands for anywhere."""

    pattern: str
    origins: tuple[Origin, ...] | None = None

    def matches(self, shown: str) -> bool:
        """Tell whether this allowance matches a reference."""
        return fnmatchcase(shown, self.pattern)

    def covers(self, hosts: Iterable[Origin]) -> bool:
        """Tell whether all hosts of a reference are allowed. If the hosts are unknown, only any host covers them."""
        if self.origins is None:
            return True
        wanted = tuple(hosts)
        return bool(wanted) and all(any(own.covers(host) for own in self.origins) for host in wanted)


def allowed_patterns(given: Iterable[str]) -> tuple[Allowance, ...]:
    """Return the references that this process may open: from its arguments, its environment, and the default.

    A pattern is `SCHEME:GLOB` or `SCHEME:GLOB@HOST`. Raises UsageError for one that could match nothing.
    """
    listed = os.environ.get("LLMCONF_ALLOW_REF", "").replace(",", " ").split()
    return tuple(_allowance(text) for text in (*ALLOWED_BY_DEFAULT, *listed, *given))


def _allowance(text: str) -> Allowance:
    pattern, at, host = text.rpartition("@")
    if not at or host.startswith("]"):  # `[@]` is an at sign in a glob
        pattern, at = text, ""
    _check_scheme(pattern)
    if not at:
        return Allowance(text)
    try:
        return Allowance(pattern, (parse_host(host),))
    except ValueError as error:
        raise UsageError(f"`{text}` allows nothing: {error}", "an `@` in a pattern itself is written `[@]`") from None


def _check_scheme(pattern: str) -> None:
    """Raise UsageError for a pattern that no reference matches which llmconf opens.

    The error does not repeat a text that may be a key, because a shell replaces `$OPENAI_API_KEY` with one. `*` is
    refused too, because a user who means all variables hardly means all files.
    """
    scheme, colon, rest = pattern.partition(":")
    if colon and scheme in _OPENED:
        if not rest:
            raise UsageError(f"`{pattern}` allows nothing: it names none", _FORM)
    elif colon and scheme.lower() in REFERENCE_SCHEMES:
        raise UsageError(f"`{scheme}:` allows nothing: llmconf opens no such reference", _FORM)
    elif pattern == "*":
        raise UsageError("`*` allows nothing: it names no scheme", "`env:*` allows all variables, `file:*` all files")
    elif _VARIABLE.fullmatch(pattern) and not secret_lines([pattern]):
        raise UsageError(f"`{pattern}` allows nothing: it names no scheme", f"write `env:{pattern}`")
    else:
        raise UsageError("a pattern names no scheme, in --allow-ref or LLMCONF_ALLOW_REF", _FORM)


def only_to(allowed: Iterable[Allowance], origins: tuple[Origin, ...]) -> tuple[Allowance, ...]:
    """Return the allowances with these origins for those that name none."""
    return tuple(replace(each, origins=origins) if each.origins is None else each for each in allowed)


def resolve(reference: Reference, root: Path, allowed: Iterable[Allowance], hosts: Iterable[str] = ()) -> str:
    """Return the secret that a reference leads to. Raises UndeterminedError if it may not or cannot be opened.

    `hosts` are the normalized origins that the secret would be sent to.
    """
    shown = f"{reference.scheme}:{reference.target}"
    if reference.scheme not in _OPENED:
        raise UndeterminedError(f"`{shown}` is not opened by llmconf, only passed on", "let its own tool open it")
    gate = _Gate(tuple(allowed), tuple(map(parse_host, hosts)))
    if reference.scheme == "env" and reference.target.upper() in _KEYS:
        raise UndeterminedError(f"`{shown}` is not allowed to any process: it is llmconf's own")
    gate.check(shown)
    text = _environment(reference.target) if reference.scheme == "env" else _file(reference.target, root, gate)
    if _IDENTITY in text.upper():
        raise UndeterminedError(f"`{shown}` leads to an age identity, which opens the vault and is no secret of it")
    return text


@dataclass(frozen=True, slots=True)
class _Gate:
    """The references that may be opened and sent to certain hosts."""

    allowed: tuple[Allowance, ...]
    hosts: tuple[Origin, ...]

    def lets(self, shown: str) -> bool:
        """Tell whether a reference may be opened."""
        return any(each.matches(shown) and each.covers(self.hosts) for each in self.allowed)

    def check(self, shown: str) -> None:
        """Raise UndeterminedError if a reference may not be opened."""
        if self.lets(shown):
            return
        if not any(each.matches(shown) for each in self.allowed):
            names = [f"{shown}@{host}" for host in self.hosts] or [shown]
            options = " ".join(f"--allow-ref '{name}'" for name in names)
            hint = f"{options} {'allows' if len(names) == 1 else 'allow'} it"
            raise UndeterminedError(f"`{shown}` is not allowed to this process", hint)
        where = ", ".join(map(str, self.hosts)) or "nobody knows where"
        hints = " ".join(f"--allow-ref '{shown}@{host}'" for host in self.hosts)
        raise UndeterminedError(
            f"`{shown}` is not allowed to be sent to {where}", f"if it belongs there: {hints}" if hints else None
        )


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UndeterminedError(f"the environment variable {name} is not set")
    return value


def _real_path(target: str, root: Path, gate: _Gate) -> Path:
    """Return the path of a `file:` reference, after a check that its target is allowed too.

    The target of a link in the repository must be allowed like the link, because a pull request can make links.
    It cannot make links under /run/secrets, where mounted secrets are links.
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
        if not gate.lets(f"file:{real}"):
            gate.check(f"file:{inner.as_posix()}")
    elif Path(_RUN_SECRETS) not in real.parents:
        raise UndeterminedError(f"`file:{target}` leads out of the repository and of {_RUN_SECRETS}")
    elif Path(_RUN_SECRETS) not in Path(target).parents:
        # Reached through a link of the repository; spelled out, it has been checked as it is written.
        gate.check(f"file:{real}")
    return real


def _file(target: str, root: Path, gate: _Gate) -> str:
    """Read a file of the repository or under /run/secrets, resolved before it is checked."""
    try:
        real = _real_path(target, root, gate)
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
