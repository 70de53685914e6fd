"""`llmconf secrets import-sops`: take secrets over from a file of SOPS."""

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
    help="Seal one value of FILE into a field; FILE itself stays as it is. May be given more than once.",
)
@click.option("--reveal", is_flag=True, help="Write encrypted values that are no secret fields in plain text.")
@click.option("--comments", is_flag=True, help="Write encrypted comments in plain text instead of leaving them out.")
@shared.layer_option
@shared.trust_option
@shared.secrets_options
def command(
    file: str, wanted: list[tuple[str, str, str]], reveal: bool, comments: bool, env: str | None, trust: str | None,
    directory: str | None,
) -> int:  # fmt: skip
    """Take the secrets of FILE over, which SOPS encrypted for an age identity at hand.

    Where FILE holds documents of llmconf, it is rewritten in place: its secret fields are sealed by llmconf,
    the `sops` block is gone, and everything else stays byte for byte. With --map, single values of any YAML
    or JSON file of SOPS are sealed into fields that are named, as `secrets set` does.

    \b
    Examples:
      llmconf secrets import-sops config/openai.yaml
      llmconf secrets import-sops old/secrets.yaml --map openai.key=credential/openai/main:api_key
    """
    from llmconf.secrets import sops_import

    if wanted and (reveal or comments):
        raise UsageError("--map leaves FILE as it is: --reveal and --comments do not go with it")
    if env is not None and not wanted:
        raise UsageError("--env goes with --map: FILE itself says what it belongs to")
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
