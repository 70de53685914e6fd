"""What the commands that use the network share: options, a progress bar, and the findings that they ignore."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._options import invocation, project_options
from llmconf.cli._reports import about_models, checked_or_exit, pick_environment
from llmconf.core.errors import UsageError

if TYPE_CHECKING:
    from llmconf.core.diagnostics import Diagnostic
    from llmconf.live.authorize import Authorizer
    from llmconf.live.http import HttpClient
    from llmconf.project.checked import Checked

Function = TypeVar("Function", bound=Callable[..., Any])

_AT_ONCE, _PER_HOST = 50, 8


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """The values of the options that all commands on the network share."""

    directory: str | None
    env: str | None
    reports: list[tuple[str, str | None]]
    fail_on: str
    today: date | None
    color: str
    allow: tuple[str, ...]
    timeout: float
    retries: int
    at_once: int
    per_host: int

    def check(self) -> tuple[Checked, str | None]:
        """Read and check the project, and return it with the name of the environment to look at.

        All environments are checked, since they share a lock. Only errors of this environment stop the command.
        Errors that a newer list of models or another lock may fix do not stop it.
        """
        others = "environments/"
        own = f"environments/{self.env}/"

        def forgiven(diagnostic: Diagnostic) -> bool:
            elsewhere = self.env is not None and (
                (diagnostic.environments and self.env not in diagnostic.environments)
                or (diagnostic.span.file.startswith(others) and not diagnostic.span.file.startswith(own))
            )
            return bool(elsewhere) or about_models(diagnostic) or diagnostic.span.file.startswith("lock/")

        checked = checked_or_exit(
            self.directory, None, self.reports, self.fail_on, self.today, self.color, forgiven=forgiven
        )
        if self.env is not None:
            from llmconf.project.load import require_environment

            require_environment(checked.project, self.env)
        return checked, pick_environment(checked, self.env)

    def accesses(self, checked: Checked, name: str | None) -> Authorizer:
        """Return the object that prepares authorized calls to the endpoints of one environment."""
        from llmconf.live.authorize import Authorizer, CallLimits

        return Authorizer(checked, name, self.allow, CallLimits(self.timeout, self.retries))

    def network(self) -> HttpClient:
        """Return an HTTP client with the limits from the options."""
        from llmconf.live.http import HttpClient

        return HttpClient(at_once=self.at_once, per_host=self.per_host)


def network_options(function: Function) -> Function:
    """Add the options of commands that call endpoints; the command gets them as one argument `asked`."""

    @wraps(function)
    def command(**given: Any) -> Any:
        own = {name: given.pop(name) for name in _NAMES}
        return function(asked=NetworkOptions(**own), **given)

    for option in (
        click.option("--per-host", type=click.IntRange(1, 1000), default=_PER_HOST, show_default=True, metavar="N",
                     help="Most requests at the same time to one host."),
        click.option("--at-once", type=click.IntRange(1, 1000), default=_AT_ONCE, show_default=True, metavar="N",
                     help="Most requests at the same time in total."),
        click.option("--retries", type=click.IntRange(0, 10), default=2, show_default=True, metavar="N",
                     help="How often to repeat a request after a temporary failure."),
        click.option("--timeout", type=click.FloatRange(0.1, 600), default=10.0, show_default=True, metavar="SECONDS",
                     help="Time limit of one request."),
        shared.allow_option,
    ):  # fmt: skip
        command = option(command)
    return project_options(command)  # type: ignore[return-value]  # called by click alone, by name


_NAMES = tuple(each.name for each in fields(NetworkOptions))


def defect(error: Exception) -> None:
    """Show the traceback of a defect at one endpoint, if --debug is given."""
    if invocation().debug:
        import traceback

        traceback.print_exception(error)


@contextmanager
def progress(label: str, count: int) -> Iterator[Callable[[object], None]]:
    """Show a progress bar on a terminal; yield a function to call after each finished item."""
    if not sys.stderr.isatty() or count == 0:
        yield lambda _: None
        return
    with click.progressbar(length=count, label=label, file=sys.stderr) as bar:
        yield lambda _: bar.update(1)


def unknown(identity: str, known: Sequence[str], command: str) -> UsageError:
    """Return the error for an identity that a command does not accept, with a hint that fits this project."""
    from llmconf.core.suggest import did_you_mean

    kind = identity.partition("/")[0]
    elsewhere = {"endpoint": "probe", "credential": "verify", "provider": "probe", "model": "list"}.get(kind)
    kinds = {name.partition("/")[0] for name in known}
    provider, _, model = identity.partition("/")[2].partition("/")
    if command == "sync" and kind == "model" and model:
        return UsageError("`sync` does not accept a model identity", f"--only provider/{provider} --model {model}")
    if elsewhere and kind not in kinds:
        return UsageError(f"`{command}` does not accept the kind {kind}", f"use `llmconf {elsewhere}` for it")
    hint = did_you_mean(identity, known)
    env = click.get_current_context().params.get("env")
    chosen = f" --env {env}" if env else ""
    listing = f"`llmconf list {min(kinds or {kind})}{chosen} -o name` lists them"
    return UsageError(f"there is no `{identity}`", hint or listing)
