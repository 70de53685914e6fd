"""The command line: one file per command, each imported only when it is called."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

import click

from llmconf.cli._group import Commands
from llmconf.errors import LlmconfError
from llmconf.version import __version__

EXIT_INTERNAL = 70


@click.command(
    cls=Commands,
    package=__name__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="llmconf %(version)s")
@click.option("-C", "--directory", metavar="DIR", help="Work in DIR instead of the current folder.")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.pass_context
def group(ctx: click.Context, directory: str | None, debug: bool) -> None:
    """A compiler for LLM configuration kept in git.

    \b
    Examples:
      llmconf validate
      llmconf list model --capability function_calling --env prod
      llmconf build --env prod
    """
    ctx.obj = {"directory": directory, "debug": debug}


def run() -> NoReturn:
    """Run the command line and exit: the one place where errors become exit codes."""
    # A run is short and builds many long-lived objects: collecting garbage would cost more than it frees.
    gc.disable()
    # Looking for pydantic plugins reads the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    debug = "--debug" in sys.argv
    try:
        status = group.main(prog_name="llmconf", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Abort:
        click.echo("aborted", err=True)
        sys.exit(130)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except LlmconfError as error:
        click.echo(f"llmconf: {error.message}", err=True)
        if error.hint:
            click.echo(f"  help: {error.hint}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader went away, as `| head` does; what Python flushes at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:  # the command boundary: a defect must not end in a traceback
        if debug:
            import traceback

            traceback.print_exc()
        else:
            click.echo(f"llmconf: internal error ({type(error).__name__}); --debug shows more", err=True)
        sys.exit(EXIT_INTERNAL)
