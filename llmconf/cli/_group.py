"""A group of commands that are the files of a package."""

from __future__ import annotations

from typing import Any

import click

from llmconf.core.plugins import load_module, module_names

EXIT_PIPE = 141
"""Exit code if the reader closed the pipe. Shells use the same number."""


class Commands(click.Group):
    """Finds its commands among the modules of `package`.

    `import_sops.py` is the command `import-sops`. `import_.py` is the command `import`, which Python reserves.
    """

    def __init__(self, *args: Any, package: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package = package

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # click would exit with 1, which means "the answer is no" in llmconf.
            raise click.exceptions.Exit(EXIT_PIPE) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [_command_name(module) for module in module_names(self.package)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        modules = {_command_name(module): module for module in module_names(self.package)}
        if cmd_name not in modules:
            return None
        command: click.Command = load_module(self.package, modules[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from llmconf.core.suggest import did_you_mean

            hint = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"{error.message} {hint or ''}".strip(), ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, known.get_short_help_str(limit=90)) for name, known in commands if known]
            )


def _command_name(module: str) -> str:
    return module.removesuffix("_").replace("_", "-")
