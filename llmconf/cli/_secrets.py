"""What the commands on secrets share: options, the workspace, and the report of an outcome."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from llmconf.cli._options import debug_option, directory_option
from llmconf.cli._paths import root_of
from llmconf.cli._reports import write_reports
from llmconf.core.errors import UsageError

if TYPE_CHECKING:
    from llmconf.secrets.sealing import Outcome, Workspace

Function = TypeVar("Function", bound=Callable[..., Any])
_MAX_SECRET = 64 * 1024


def check_vault(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Read the value of `--vault`: a name, as in the project file."""
    from llmconf.core.grammar import NAME_PATTERN

    if value is not None and not re.match(NAME_PATTERN, value):
        raise click.BadParameter("the name of a vault has lower-case letters, digits and inner - _ .")
    return value


vault_option = click.option(
    "--vault", metavar="V", default="default", show_default=True, callback=check_vault, help="Vault to use."
)
allow_option = click.option(
    "--allow-ref", "allow", multiple=True, metavar="PATTERN[@HOST]",
    help="Allow matching references, such as 'env:OPENAI_*', and send them only to HOST. Also in LLMCONF_ALLOW_REF.",
)  # fmt: skip
trust_option = click.option(
    "--trust-key",
    "trust",
    metavar="KID",
    help="Seal with this key even if it does not follow the trusted key.",
)
layer_option = click.option(
    "--env", metavar="ENV", help="Use the secret in the overlay of this environment instead of the base."
)


def secrets_options(function: Function) -> Function:
    """Add the options that all commands on secrets share."""
    for option in (debug_option, directory_option):
        function = option(function)
    return function


@contextmanager
def workspace(directory: str | None, *, change: bool = False) -> Iterator[Workspace]:
    """Open the project and its keys. For a change, lock out other llmconf processes until it is done."""
    from llmconf.check import rules
    from llmconf.project.load import load_project
    from llmconf.secrets.sealing import open_workspace
    from llmconf.workspace.transaction import locked
    from llmconf.workspace.tree import FolderTree

    def hides_secrets(code: str) -> bool:
        return rules.has(code, "hides_secrets")

    root = root_of(directory)
    if not change:
        yield open_workspace(load_project(FolderTree(root)), hides_secrets)
        return
    with locked(root, lambda: click.echo("llmconf: waiting for another llmconf to finish", err=True)):
        yield open_workspace(load_project(FolderTree(root)), hides_secrets)


def tell(work: Workspace, outcome: Outcome, nothing: str) -> int:
    """Print what was done. Findings go to standard error, and the exit code is then 1."""
    for line in outcome.changed or [nothing]:
        click.echo(line)
    for line in outcome.notes:
        click.echo(line)
    if not outcome.findings:
        return 0
    from llmconf.check.run import add_findings
    from llmconf.project.checked import Checked

    checked = Checked(work.project, {None: None})  # type: ignore[dict-item]  # only positions are looked up
    found = add_findings(checked, outcome.findings, None)
    write_reports(checked, found, [("full", None)], "auto", to_stderr=True)
    return 1


def check_layer(work: Workspace, env: str | None) -> str:
    """Return the layer that `--env` means. Raises UsageError for an unknown environment."""
    from llmconf.project.load import require_environment

    if env is not None:
        require_environment(work.project, env)
    return env or ""


def read_secret(prompt: str) -> str:
    """Read a secret from a prompt without echo on a terminal, else from standard input; never from argv.

    One line break at the end is not part of the secret.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed, so the secret cannot be read")
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))
    data = sys.stdin.buffer.read(_MAX_SECRET + 3).removesuffix(b"\n").removesuffix(b"\r")
    if len(data) > _MAX_SECRET:
        raise UsageError("the secret on standard input is larger than 64 KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the secret on standard input is not UTF-8 text") from None
