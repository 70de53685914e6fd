"""`llmconf git setup`: set up a clone to mask secrets in diffs and to keep the line ends of locks."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from llmconf.cli._options import debug_option, directory_option
from llmconf.cli._paths import root_of
from llmconf.core.errors import RefusedError, UsageError
from llmconf.workspace.git import git, top_of

SETTINGS = {"diff.llmconf.textconv": "llmconf git textconv", "diff.llmconf.cachetextconv": "false"}
ATTRIBUTES = (
    "/config/**/*.yaml diff=llmconf",
    "/environments/**/*.yaml diff=llmconf",
    "/lock/*.lock.yaml text eol=lf",
)


@click.command(name="setup")
@debug_option
@directory_option
def command(directory: str | None) -> int:
    """Set up this clone: git masks secrets in diffs and does not change line ends of locks.

    git then shows a token by its hint, fingerprint and revision, and masks secrets in plain text. The command
    writes to the settings of this clone, never to the settings of the user. It also writes to .gitattributes of
    the project: commit this file. Run the command once in each clone. Running it again changes nothing.

    \b
    Examples:
      llmconf git setup
    """
    root = root_of(directory)
    if top_of(root) is None:
        raise UsageError(f"{root} is not in a git repository", "run `git init` first")
    changed = [f"git config {line}" for line in _configure(root)]
    added = _add_attributes(root / ".gitattributes", root)
    changed += [f".gitattributes: {line}" for line in added]
    for line in changed or ["nothing to change: this clone is set up"]:
        click.echo(line)
    if added:
        click.echo("commit .gitattributes, so that other clones need only `llmconf git setup`")
    if shutil.which("llmconf") is None:
        click.echo("llmconf is not on PATH: `git diff` fails on these files until it is", err=True)
    return 0


def _configure(root: Path) -> list[str]:
    """Change the settings of the clone that differ, and return the new values."""
    changed = []
    for name, value in SETTINGS.items():
        try:
            known = git(root, "config", "--local", "--get-all", name).decode("utf-8", "replace")
        except RefusedError:
            known = ""
        if known != f"{value}\n":
            git(root, "config", "--local", "--replace-all", name, value)
            changed.append(f"{name} = {value}")
    return changed


def _add_attributes(file: Path, root: Path) -> list[str]:
    """Append the missing lines, with the line ends of the file, and return them."""
    from llmconf.workspace import transaction

    try:
        old = file.read_bytes() if file.exists() or file.is_symlink() else None
    except OSError as error:
        raise RefusedError(f".gitattributes cannot be read: {error.strerror}") from None
    before = old or b""
    lines = before.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").splitlines()
    known = {tuple(line.split()) for line in lines}
    missing = [line for line in ATTRIBUTES if tuple(line.split()) not in known]
    if missing:
        newline = b"\r\n" if b"\r\n" in before else b"\n"
        gap = newline if before and not before.endswith(b"\n") else b""
        new = before + gap + b"".join(line.encode() + newline for line in missing)
        transaction.apply(root, [transaction.Change(file, old, new)])
    return missing
