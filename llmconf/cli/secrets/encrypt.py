"""`llmconf secrets encrypt`: seal secrets in plain text."""

from __future__ import annotations

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._paths import is_under, relative_paths


@click.command(name="encrypt")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@shared.trust_option
@shared.secrets_options
def command(paths: tuple[str, ...], trust: str | None, directory: str | None) -> int:
    """Seal every secret in plain text, in all files or in PATHS, and fill in `hosts`.

    Only the secret itself changes. A secret that is already sealed keeps its token byte for byte.

    \b
    Examples:
      llmconf secrets encrypt
      llmconf secrets encrypt config/openai.yaml
    """
    from llmconf.secrets import seal

    with shared.workspace(directory, change=True) as work:
        shown = relative_paths(paths, work.root)
        outcome = seal.encrypt(work, lambda file: not shown or is_under(file, shown), trust=trust)
        return shared.tell(work, outcome, "nothing to seal")
