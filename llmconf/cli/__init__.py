"""The command line: one file per command, each imported only when it is called."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from llmconf.cli._group import EXIT_PIPE, Commands
from llmconf.cli._options import Invocation, debug_option, directory_option
from llmconf.core.errors import LlmconfError, RefusedError
from llmconf.core.version import __version__

__all__ = ["run"]

EXIT_INTERNAL = 70
_EXIT_INTERRUPTED = 130
_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""Errors of writing to a stream. Errors of files have a file name, and messages of their own."""


@click.command(
    cls=Commands,
    package=__name__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="llmconf %(version)s")
@directory_option
@debug_option
@click.pass_context
def group(ctx: click.Context, directory: str | None) -> None:
    """A compiler for LLM configuration kept in git.

    \b
    Examples:
      llmconf validate
      llmconf list model --capability function_calling --env prod
      llmconf build --env prod
    """
    ctx.ensure_object(Invocation).directory = directory


def run() -> NoReturn:
    """Run the command line and exit."""
    # A run is short and builds many long-lived objects: collecting garbage would cost more than it frees.
    gc.disable()
    # Looking for pydantic plugins reads the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A stream that was closed before the start is None. Nobody reads it.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115 - likewise
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    status = _run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        status = EXIT_PIPE
    except OSError as error:
        status = _unwritable(error)
    # All output is written. Freeing a million objects one by one would only take time.
    os._exit(status)


def _run() -> int:
    """Run a command and return its exit code: the one place where errors become exit codes."""
    asked = Invocation()
    try:
        status = group.main(prog_name="llmconf", standalone_mode=False, obj=asked)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("aborted", err=True)
        return _EXIT_INTERRUPTED
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except LlmconfError as error:
        from llmconf.cli._rendering import explain

        explain(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader closed the pipe, as `| head` does.
        return EXIT_PIPE
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except Exception as error:  # the outermost place: a defect must not end in a traceback
        return _failed(error, debug=asked.debug)


def _failed(error: Exception, *, debug: bool) -> int:
    """Report an output that cannot be written, or a failure of llmconf itself. Return the exit code."""
    if isinstance(error, OSError) and error.errno in _NOT_WRITTEN and error.filename is None:
        return _unwritable(error)
    if debug:
        import traceback

        traceback.print_exception(error)
    else:
        click.echo(f"llmconf: internal error ({type(error).__name__}); --debug shows more", err=True)
    return EXIT_INTERNAL


def _unwritable(error: OSError) -> int:
    """Report that standard output cannot be written, if standard error still works. Return the exit code."""
    # Python would try to write the rest of the buffer again when the process ends.
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
    with contextlib.suppress(OSError):
        click.echo(f"llmconf: the output cannot be written: {error.strerror}", err=True)
        sys.stderr.flush()
    return RefusedError.exit_code
