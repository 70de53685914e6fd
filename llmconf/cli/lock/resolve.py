"""`llmconf lock resolve`: merge lock files in which git has left a conflict."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmconf.cli._options import debug_option, directory_option
from llmconf.cli._paths import is_under, relative_paths, root_of
from llmconf.cli._rendering import explain
from llmconf.core.errors import RefusedError, UsageError
from llmconf.workspace.git import git, top_of

if TYPE_CHECKING:
    from llmconf.lock.format import LockFile, Source
    from llmconf.project.environment import Resolved

_OURS, _THEIRS = 2, 3
"""Git's numbers for the two versions of a file with a merge conflict; 1 is the common ancestor."""


@click.command(name="resolve")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@debug_option
@directory_option
def command(paths: tuple[str, ...], directory: str | None) -> int:
    """Merge lock files with a git conflict, model by model. Without PATHS, merge all of them.

    In an unfinished merge, the versions come from git. Otherwise they come from the conflict markers in the file.
    A change on one side is taken from that side. If both sides changed a fact, a value of the provider wins over
    a value of a catalog, and a value wins over no value. Otherwise our value is kept. The output shows each of
    these cases. Run `llmconf sync` afterwards to update the lock. If the sides come from different endpoints or
    filters, the side that fits the current project is taken. If no side fits, the lock is not changed, and the
    command exits 1.

    \b
    Examples:
      llmconf lock resolve
      llmconf lock resolve lock/openai.lock.yaml
    """
    from llmconf.report.text import visible
    from llmconf.workspace import transaction

    root = root_of(directory)
    names = _lock_names(root, paths)
    in_git = top_of(root) is not None
    done, refused = [], False
    # The project is read once, for the first lock that needs it.
    environments = cache(partial(_environments, root))
    with transaction.locked(root):
        for name in names:
            try:
                if _resolve(root, name, in_git, partial(_fits, environments, name)):
                    done.append(name)
            except RefusedError as error:
                refused = True
                explain(error, f"{name}: ")
    if done and in_git:
        # The paths are relative to the current folder, so that they can be pasted.
        click.echo(visible(f"to finish: git add {shlex.join(os.path.relpath(root / name) for name in done)}"))
    elif not done and not refused:
        click.echo("no lock file has a conflict")
    return 1 if refused else 0


def _lock_names(root: Path, paths: tuple[str, ...]) -> list[str]:
    """Return the lock files that PATHS name. Raises UsageError for a path that is not a lock file."""
    from llmconf.project.discover import discover, lock_provider
    from llmconf.workspace.tree import FolderTree

    known = [file.name for file in discover(FolderTree(root)).files if lock_provider(file.name) is not None]
    wanted = relative_paths(paths, root)
    for path in wanted:
        if not any(is_under(name, [path]) for name in known):
            raise UsageError(f"{path} is not a lock file", "lock files are lock/<provider>.lock.yaml")
    return [name for name in known if not wanted or is_under(name, wanted)]


def _resolve(root: Path, name: str, in_git: bool, fits: Callable[[Source], bool]) -> bool:
    """Merge one file, and tell whether there was anything to merge."""
    from llmconf.lock import format as lock_format
    from llmconf.lock import merge as lock_merge
    from llmconf.lock import reader
    from llmconf.project import parse
    from llmconf.report.text import visible
    from llmconf.workspace import transaction
    from llmconf.workspace.tree import FolderTree

    text = parse.read_text(FolderTree(root), name)
    if not isinstance(text, str):
        raise RefusedError(text.message, text.hint)
    has_markers = reader.conflict(text) is not None
    stages = _stages(root, name) if in_git else {}
    plain = text.replace("\r\n", "\n")
    if _OURS in stages and _THEIRS in stages and (has_markers or plain in stages.values()):
        ancestor, ours, theirs = stages.get(1), stages[_OURS], stages[_THEIRS]
    elif has_markers:
        sides = lock_merge.split(plain)
        ancestor = None if sides.base is None else "".join(sides.base)
        ours, theirs = "".join(sides.ours), "".join(sides.theirs)
    elif stages and not {_OURS, _THEIRS} <= stages.keys():
        raise RefusedError("deleted on one side and changed on the other", "`git add` keeps it, `git rm` deletes it")
    else:
        return False
    merged = lock_merge.merge(
        _base(ancestor, name), _side(ours, name, "ours"), _side(theirs, name, "theirs"), fits
    )
    new = lock_format.write(merged.lock)
    if lock_format.is_too_large(new):
        hint = "narrow `sync:`, take one side, and run `llmconf sync`"
        raise RefusedError("both sides together are larger than the limit for a lock", hint)
    old = (root / name).read_bytes()
    transaction.apply(root, [transaction.Change(root / name, old, new.encode())])
    for note in merged.notes:
        click.echo(visible(f"{name}: {note}"), err=True)
    click.echo(f"{visible(name)}: merged, {len(merged.lock.models)} models")
    return True


def _fits(environments: Callable[[], Collection[Resolved]], name: str, source: Source) -> bool:
    """Tell whether the header of one side fits the current project."""
    from llmconf.check.stale_locks import fits
    from llmconf.project.discover import lock_provider

    return fits(source, lock_provider(name) or "", environments())


def _environments(root: Path) -> Collection[Resolved]:
    from llmconf import api

    return api.validate(root).environments.values()


def _side(text: str, name: str, side: str) -> LockFile:
    from llmconf.core.diagnostics import Span
    from llmconf.lock.reader import open_text
    from llmconf.project.locks import read_text

    lock, findings = read_text(text, name)
    if lock is None:
        first = findings[0].place
        span = first if isinstance(first, Span) else open_text(text, name).locate(first.document, first.path)
        message = f"the version of {side} has an error on line {span.line}: {findings[0].message}"
        raise RefusedError(message, "take one side with `git checkout --ours` or `--theirs`, and run `llmconf sync`")
    return lock


def _base(text: str | None, name: str) -> LockFile | None:
    """Return the common ancestor, or None if it is unknown or cannot be read."""
    from llmconf.project.locks import read_text

    return read_text(text, name)[0] if text is not None else None


def _stages(root: Path, name: str) -> dict[int, str]:
    """Return the versions of an unmerged file by git's number. For a merged file there are none."""
    found = {}
    for row in git(root, "ls-files", "--unmerged", "-z", "--", name).split(b"\0"):
        if row:
            _, blob, stage = row.partition(b"\t")[0].split()
            found[int(stage)] = git(root, "cat-file", "blob", os.fsdecode(blob)).decode("utf-8", "replace")
    return found
