"""`llmconf secrets check`: check all tokens, keys and recipients."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._options import color_option, report_option
from llmconf.cli._reports import write_reports


@click.command(name="check")
@report_option
@color_option
@shared.secrets_options
def command(directory: str | None, reports: list[tuple[str, str | None]], color: str) -> int:
    """Check tokens, keys and recipients. If an identity is available, open all tokens and check every MAC.

    Without an identity, the command checks syntax, key ids and recipients, and whether each token is still in
    the field that it was sealed for.

    \b
    Examples:
      llmconf secrets check
      llmconf secrets check --report github
    """
    from llmconf.check.run import add_findings
    from llmconf.project.checked import Checked
    from llmconf.secrets.audit import inspect

    with shared.workspace(directory) as work:
        seen = inspect(work)
        checked = Checked(work.project)
        found = add_findings(checked, [*work.project.findings, *seen.findings], None)
        if found:
            write_reports(checked, found, reports, color)
        closed = f", {seen.closed} without an available identity" if seen.closed else ""
        click.echo(f"{seen.opened} token{'s' * (seen.opened != 1)} opened{closed}", err=True)
        return 1 if any(diagnostic.severity == "error" for diagnostic in found) else 0
