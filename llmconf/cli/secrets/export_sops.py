"""`llmconf secrets export-sops`: write the opened credentials as a file of SOPS."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._options import project_options
from llmconf.cli._paths import write_file
from llmconf.cli._reports import checked_or_exit, pick_environment


@click.command(name="export-sops")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    required=True,
    metavar="KEY",
    help="Age or SSH public key that can open the file. Repeatable.",
)
@click.option("--out", metavar="FILE", help="File to write, instead of standard output.")
@shared.allow_option
@project_options
def command(
    recipients: tuple[str, ...], out: str | None, allow: tuple[str, ...], directory: str | None, env: str | None,
    reports: list[tuple[str, str | None]], fail_on: str, today: date | None, color: str,
) -> int:  # fmt: skip
    """Write the secrets of an environment as a SOPS YAML file, encrypted for other recipients.

    The file has the secrets by identity and field. References are left out, unless --allow-ref allows them.

    \b
    Examples:
      llmconf secrets export-sops --env prod --recipient age1... --out prod.sops.yaml
    """
    from llmconf.secrets.sops_export import export

    checked = checked_or_exit(directory, env, reports, fail_on, today, color)
    name = pick_environment(checked, env)
    data, notes = export(checked, name, recipients, allow)
    for note in notes:
        click.echo(f"llmconf: {note}", err=True)
    if out is None:
        sys.stdout.write(data.decode("utf-8"))
        return 0
    write_file(Path(out), data, "the secrets")
    click.echo(f"written to {out} for {len(recipients)} recipient{'s' if len(recipients) > 1 else ''}", err=True)
    return 0
