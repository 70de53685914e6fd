"""`llmconf completion`: print the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands, options and names in SHELL.

    \b
    Examples:
      llmconf completion bash > ~/.local/share/bash-completion/completions/llmconf
      llmconf completion fish > ~/.config/fish/completions/llmconf.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "llmconf", "_LLMCONF_COMPLETE").source())
    return 0
