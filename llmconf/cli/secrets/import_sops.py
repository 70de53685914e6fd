"""`llmconf secrets import-sops`: import secrets from a file of SOPS."""

from __future__ import annotations

from pathlib import Path

import click

from llmconf.cli import _secrets as shared
from llmconf.cli._paths import relative_paths
from llmconf.core.errors import UsageError


def _parse_maps(_: click.Context, __: click.Parameter, entries: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Read the values of `--map`: path in the file, identity, field."""
    found = []
    for entry in entries:
        path, equals, target = entry.rpartition("=")
        identity, colon, field = target.rpartition(":")
        if not (equals and colon and path and identity and field):
            raise click.BadParameter(f"`{entry}` is not PATH=IDENTITY:FIELD")
        found.append((path, identity, field))
    return found


@click.command(name="import-sops")
@click.argument("file")
@click.option(
    "--map",
    "wanted",
    multiple=True,
    callback=_parse_maps,
    metavar="PATH=IDENTITY:FIELD",
    help="Seal one value of FILE into a field. FILE itself does not change. Repeatable.",
)
@click.option("--reveal", is_flag=True, help="Write encrypted values that are not in secret fields as plain text.")
@click.option("--comments", is_flag=True, help="Write encrypted comments as plain text instead of leaving them out.")
@shared.layer_option
@shared.trust_option
@shared.secrets_options
def command(
    file: str, wanted: list[tuple[str, str, str]], reveal: bool, comments: bool, env: str | None, trust: str | None,
    directory: str | None,
) -> int:  # fmt: skip
    """Import the secrets of FILE, which SOPS encrypted for an available age identity.

    If FILE has documents of llmconf, it is rewritten in place: llmconf seals the secret fields and removes the
    `sops` block. Everything else stays byte for byte. With --map, single values of any YAML or JSON file of SOPS
    are sealed into the named fields, as `secrets set` does.

    \b
    Examples:
      llmconf secrets import-sops config/openai.yaml
      llmconf secrets import-sops old/secrets.yaml --map openai.key=credential/openai/main:api_key
    """
    from llmconf.secrets import sops_import

    if wanted and (reveal or comments):
        raise UsageError("--map does not change FILE: --reveal and --comments cannot be used with it")
    if env is not None and not wanted:
        raise UsageError("--env needs --map: without --map, the path of FILE decides the environment")
    with shared.workspace(directory, change=True) as work:
        identities = work.keyring.identities
        if wanted:
            layer = shared.check_layer(work, env)
            _, tree = sops_import.read_sops(Path(file), file, identities)
            outcome = sops_import.import_values(work, tree, file, wanted, layer, trust=trust)
        else:
            (name,) = relative_paths((file,), work.root)
            outcome = sops_import.import_file(work, name, identities, reveal=reveal, comments=comments, trust=trust)
        return shared.tell(work, outcome, "the secrets are the same: nothing changed")
