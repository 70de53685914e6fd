"""`llmconf exec`: run a command with the opened credentials in its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._options import project_options
from llmconf.cli._reports import checked_or_exit, pick_environment
from llmconf.core.errors import RefusedError

_NOT_FOUND, _NOT_STARTED = 127, 126
"""Exit codes. Shells use the same numbers."""


@click.command(
    name="exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD [ARGS]...")
@shared.allow_option
@project_options
def command(
    argv: tuple[str, ...], allow: tuple[str, ...], directory: str | None, env: str | None,
    reports: list[tuple[str, str | None]], fail_on: str, today: date | None, color: str,
) -> int:  # fmt: skip
    """Run a command with the opened credentials of an environment in its environment variables.

    The command replaces the llmconf process: it gets the signals, and llmconf exits with its exit status.
    The command does not get the identity that opened the secrets.

    \b
    Examples:
      llmconf exec --env prod -- litellm --config dist/prod/litellm/config.yaml
      llmconf exec --env dev --allow-ref 'env:OPENAI_*' -- ./app
    """
    from llmconf.secrets.runtime import open_environment

    checked = checked_or_exit(directory, env, reports, fail_on, today, color)
    name = pick_environment(checked, env)
    opened, notes = open_environment(checked, name, allow)
    for note in notes:
        click.echo(f"llmconf: {note}", err=True)
    environment = {key: value for key, value in os.environ.items() if key not in _IDENTITIES} | opened
    sys.stdout.flush()
    try:
        if os.name == "posix":
            os.execvpe(argv[0], list(argv), environment)  # noqa: S606 - running a command is the purpose
        return subprocess.run(argv, env=environment, check=False).returncode  # noqa: S603 - likewise
    except OSError as error:
        click.echo(f"llmconf: {argv[0]} cannot be started: {error.strerror}", err=True)
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_STARTED
    except ValueError:
        raise RefusedError("a secret holds a NUL character and cannot be an environment variable") from None


_IDENTITIES = ("LLMCONF_AGE_KEY", "LLMCONF_AGE_KEY_FILE", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE")
"""Variables that open the vault. The command gets its own secrets, but not the key to all secrets."""
