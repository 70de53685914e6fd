"""`llmconf rule`: explain a rule, or list all."""

from __future__ import annotations

import click

from llmconf.check import rules
from llmconf.cli import _complete
from llmconf.core.errors import UsageError
from llmconf.core.suggest import did_you_mean


@click.command(name="rule")
@click.argument("code", required=False, shell_complete=_complete.codes)
def command(code: str | None) -> int:
    """Explain the rule CODE: what it does, why it matters, an example, and the fix. Without CODE, list all.

    \b
    Examples:
      llmconf rule
      llmconf rule LCE002
    """
    if code is None:
        for info in map(rules.info, rules.codes()):
            click.echo(f"{info.code}  {info.severity:<7}  {info.name:<22}  {info.summary}")
        return 0
    by_name = {rules.info(known).name: known for known in rules.codes()} if code.islower() else {}
    code = by_name.get(code, code.upper())
    if code not in rules.codes():
        raise UsageError(
            f"there is no rule `{code}`", did_you_mean(code, rules.codes()) or "`llmconf rule` lists all"
        )
    info = rules.info(code)
    click.echo(f"{info.code} {info.name} ({info.severity}{', fixed' if info.fixed else ''})\n")
    click.echo(f"{info.summary}\n\nWhy: {info.why}\n\nExample:\n")
    click.echo("\n".join(f"  {line}".rstrip() for line in info.example.splitlines()))
    click.echo(f"\nFix: {info.fix}")
    return 0
