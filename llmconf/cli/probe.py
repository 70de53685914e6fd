"""`llmconf probe`: ask every endpoint whether it answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmconf.cli import _complete
from llmconf.cli import _network as shared
from llmconf.cli._options import with_kinds
from llmconf.cli._paths import write_file
from llmconf.core.plugins import load_module, module_names

if TYPE_CHECKING:
    from llmconf.cli._health import Round
    from llmconf.live.authorize import Authorizer
    from llmconf.live.probe import Health
    from llmconf.project.environment import Resource
    from llmconf.schema.kinds import Endpoint, Model

_FORMATS = "llmconf.cli._health"
"""The package of the formats. Each format is a module."""
_INTERVAL = 30.0
_CLEAR = "\x1b[H\x1b[2J"


@click.command(name="probe")
@click.argument(
    "identities", nargs=-1, metavar="[IDENTITY]...", shell_complete=_complete.identities("endpoint", "provider")
)
@click.option("-o", "output", type=click.Choice(module_names(_FORMATS)), default="table", show_default=True)
@click.option("--out", metavar="FILE", help="Also write the results as JSON to FILE.")
@click.option("--completion", is_flag=True, help="Call one model at each endpoint, once. This costs money.")
@click.option("--watch", is_flag=True, help="Repeat the probe until it is interrupted.")
@click.option("--interval", type=click.FloatRange(1, 86400), metavar="SECONDS",
              help="Pause between two rounds of --watch. The default is 30.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1), metavar="N", help="Stop --watch after N rounds.")
@shared.network_options
def command(
    identities: tuple[str, ...], output: str, out: str | None, completion: bool, watch: bool, interval: float | None,
    rounds: int | None, asked: shared.NetworkOptions,
) -> int:  # fmt: skip
    """Probe the enabled endpoints of an environment: does each answer and accept its credential?

    IDENTITY selects endpoints or providers; `openai` means `provider/openai`. A probe sends only free requests,
    unless --completion is given. Exit 1 if an endpoint is not healthy. Exit 4 if an endpoint could not be probed
    because its credential cannot be opened. With --watch, the last round sets the exit code.

    \b
    Examples:
      llmconf probe --env prod
      llmconf probe endpoint/openai/global provider/mistral --env prod -o json
      llmconf probe --env prod --allow-ref 'env:OPENAI_*@api.openai.com'
      llmconf probe --env prod -o prometheus > /var/lib/node_exporter/llmconf.prom
    """
    from llmconf.cli._health import Round
    from llmconf.live.probe import endpoints_to_probe, models_to_call

    _check_watching(watch, interval, rounds, output)
    if completion and watch and rounds is None:
        raise click.UsageError("--completion with --watch needs --rounds: each round costs money")
    checked, name = asked.check()
    resolved = checked.environments[name]
    try:
        endpoints = endpoints_to_probe(resolved, with_kinds(identities))
    except KeyError as error:
        known = [*resolved.endpoints, *resolved.providers]
        raise shared.unknown(error.args[0], known, "probe") from None
    settings = checked.project.settings
    written = partial(Round, settings.name if settings else "", name)
    if not endpoints:
        # The results are written even if there are none, so that no results of an older run are left.
        click.echo("llmconf: no enabled endpoint to probe", err=True)
        _write(written([]), output, out, again=watch)
        return 0
    models = models_to_call(resolved, endpoints, asked.today or date.today()) if completion else None
    if models is not None:
        _announce(models, rounds or 1)
    ways = asked.accesses(checked, name)
    done = 0
    while True:
        found = _round(ways, endpoints, models, asked)
        done += 1
        _write(written(found), output, out, again=watch)
        if not watch or done == rounds:
            return _status(found)
        time.sleep(interval or _INTERVAL)


def _check_watching(watch: bool, interval: float | None, rounds: int | None, output: str) -> None:
    for name, value in (("--interval", interval), ("--rounds", rounds)):
        if value is not None and not watch:
            raise click.UsageError(f"{name} needs --watch")
    if watch and output not in ("table", "json"):
        raise click.UsageError(f"-o {output} writes one document and does not work with --watch: use table or json")


def _announce(models: dict[str, Resource[Model]], rounds: int) -> None:
    """Report the calls that cost money, before the first request."""
    calls = len(models) * rounds
    click.echo(f"llmconf: {calls} call{'s' * (calls != 1)} of models that the vendors bill:", err=True)
    for identity, model in models.items():
        click.echo(f"  {identity.removeprefix('endpoint/')}: {model.name}", err=True)


def _round(
    ways: Authorizer,
    endpoints: Sequence[Resource[Endpoint]],
    models: dict[str, Resource[Model]] | None,
    asked: shared.NetworkOptions,
) -> list[Health]:
    from llmconf.live.probe import probe

    with shared.progress("Probing", len(endpoints)) as done:
        return probe(ways, endpoints, network=asked.network, defect=shared.defect, models=models, done=done)


def _write(probed: Round, output: str, out: str | None, *, again: bool) -> None:
    from llmconf.cli._health import json

    text: str = json.render_line(probed) if again and output == "json" else load_module(_FORMATS, output).render(probed)
    if again and output == "table":
        text = f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{text}"
        text = _CLEAR + text if sys.stdout.isatty() else text + "\n"
    click.echo(text, nl=False)
    sys.stdout.flush()
    if out is not None:
        write_file(Path(out), json.render(probed).encode(), "the results")


def _status(found: list[Health]) -> int:
    verdicts = {health.verdict for health in found}
    if verdicts - {"healthy", "undetermined"}:
        return 1
    return 4 if "undetermined" in verdicts else 0
