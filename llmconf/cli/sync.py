"""`llmconf sync`: lock what the providers list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from llmconf.cli import _complete
from llmconf.cli import _network as shared
from llmconf.cli._options import with_kinds

if TYPE_CHECKING:
    from llmconf.live.authorize import Authorizer
    from llmconf.live.lock_update import SyncRequest, Update
    from llmconf.lock.enrich import Disagreement
    from llmconf.project.checked import Checked
    from llmconf.project.environment import Resource
    from llmconf.schema.kinds import Provider

_FEW = 20
_SIGNS = {"added": "+", "removed": "-", "vanished": "!", "changed": "~", "disagree": "?"}
_WORDS = {"added": "added", "removed": "removed", "vanished": "gone:", "changed": "changed", "disagree": "unclear:"}
"""The start of a line about a model. In Markdown, a plus or minus would start a list."""


@click.command(name="sync")
@click.option("--only", "only", multiple=True, metavar="IDENTITY",
              shell_complete=_complete.identities("provider"), help="Lock this provider only.")  # fmt: skip
@click.option("--model", "models", multiple=True, metavar="ID", help="Update this model only.")
@click.option("--check", is_flag=True, help="Write nothing. Exit 1 if a lock is out of date.")
@click.option("--dry-run", is_flag=True, help="Write nothing. Show what would change.")
@click.option("--allow-removals", is_flag=True, help="Accept a list even if many models are no longer in it.")
@click.option("--prune", is_flag=True, help="Delete the locks of providers that are no longer in the project.")
@click.option("-o", "output", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@shared.network_options
def command(
    only: tuple[str, ...], models: tuple[str, ...], check: bool, dry_run: bool, allow_removals: bool, prune: bool,
    output: str, asked: shared.NetworkOptions,
) -> int:  # fmt: skip
    """Lock the models that the providers of an environment list, in lock/<provider>.lock.yaml.

    The command asks the default endpoint of each provider, with its credential. Facts that the provider does not
    state come from genai-prices and from imported catalogs. The lock names the source of each fact. The output
    shows where these sources disagree. A model that is no longer listed stays in the lock, marked as removed,
    while something uses it. A list that is empty or cannot be read changes nothing.

    Exit 1 if a lock is out of date (--check) or too many models are missing. Exit 4 if a provider did not answer.

    \b
    Examples:
      llmconf sync --env prod
      llmconf sync --env prod --check
      llmconf sync --env prod --only provider/openai --model gpt-5
      llmconf sync --env prod --dry-run -o markdown
    """
    from llmconf.live import sync as stage
    from llmconf.live.lock_update import SyncRequest

    if check and dry_run:
        raise click.UsageError("--check and --dry-run both write nothing: choose one")
    if prune and (only or models):
        raise click.UsageError("--prune applies to all providers: it cannot be used with --only or --model")
    checked, name = asked.check()
    resolved = checked.environments[name]
    try:
        providers = stage.providers_to_sync(resolved, with_kinds(only))
    except KeyError as error:
        raise shared.unknown(error.args[0], list(resolved.providers), "sync") from None
    wish = SyncRequest(frozenset(models), allow_removals)
    orphans = stage.orphans(checked) if prune else []
    updates = _listed(asked, asked.accesses(checked, name), providers, checked, wish) + orphans
    updates = [update for update in updates if update.concerned]
    if not check and not dry_run:
        stage.write(checked.project.root, updates)
    click.echo(_rendered(updates, output, written=not check and not dry_run), nl=False)
    return _status(updates, check=check)


def _listed(
    asked: shared.NetworkOptions,
    ways: Authorizer,
    providers: list[Resource[Provider]],
    checked: Checked,
    wish: SyncRequest,
) -> list[Update]:
    from llmconf.live.sync import sync
    from llmconf.lock import enrich

    catalogs = enrich.load(checked.project.root)
    with shared.progress("Syncing", len(providers)) as done:
        return sync(
            ways, providers, checked=checked, catalogs=catalogs, wish=wish,
            network=asked.network, done=done, defect=shared.defect,
        )  # fmt: skip


def _status(updates: list[Update], *, check: bool) -> int:
    if any(update.refusal or (check and update.drifted) for update in updates):
        return 1
    return 4 if any(update.failure for update in updates) else 0


def _rendered(updates: list[Update], output: str, *, written: bool) -> str:
    from llmconf.report.text import dump_json

    if output == "json":
        return dump_json([_object(update) for update in updates])
    if output == "markdown":
        return "".join(_markdown(update, written) for update in updates) or "Nothing to sync.\n"
    return "".join(_text(update, written) for update in updates) or "nothing to sync\n"


def _text(update: Update, written: bool) -> str:
    from llmconf.report.text import visible

    lines = [f"provider/{update.provider}: {_summary(update, written)}"]
    lines += [f"  {line}" for line in _details(update, _SIGNS)]
    return "".join(visible(line) + "\n" for line in lines)


def _markdown(update: Update, written: bool) -> str:
    from llmconf.report.text import inert

    lines = [f"**provider/{update.provider}**: {inert(_summary(update, written))}", ""]
    lines += [f"- {inert(line)}" for line in _details(update, _WORDS)]
    return "\n".join(lines).rstrip() + "\n\n"


def _summary(update: Update, written: bool) -> str:
    if update.failure:
        return f"not determined: {update.failure}"
    if update.refusal:
        return f"refused: {update.refusal}"
    if not update.drifted:
        return "up to date" if update.new is not None else "nothing to lock"
    counts = {
        "added": len(update.added),
        "changed": len(update.changed),
        "no longer listed, but used": len(update.vanished),
        "removed": len(update.removed),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    said = said or ("no such provider" if update.new is None else "the same models, but the text of the file differs")
    done = "deleted" if update.new is None else "written"
    return f"{said}; {update.file} {done if written else f'is not {done}'}"


def _details(update: Update, words: Mapping[str, str]) -> list[str]:
    """Return a line for each change. Only the first lines of a long group are returned."""
    lines = _cut([f"{words['added']} {name}" for name in update.added])
    lines += _cut([f"{words['removed']} {name}" for name in update.removed])
    lines += [f"{words['vanished']} {name} is no longer listed" for name in update.vanished]
    changes = [
        f"{words['changed']} {name} {fact}: {_shown(before)} -> {_shown(after)}"
        for name, differ in update.changed.items()
        for fact, before, after in differ
    ]
    lines += _cut(changes)
    # Disagreements would only be noise if nothing changes. The JSON output always has them.
    if update.drifted or update.refusal:
        lines += _disagreements(update, words["disagree"])
    return lines + update.notes


def _disagreements(update: Update, word: str) -> list[str]:
    return _cut([f"{word} {each.model} {each.fact}: sources disagree: {_said(each)}" for each in update.disagreements])


def _cut(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _FEW else [*lines[:_FEW], f"  and {len(lines) - _FEW} more"]


def _said(disagreement: Disagreement) -> str:
    return ", ".join(f"{source} {value}" for source, value in disagreement.values)


def _shown(value: Any) -> str:
    """Write a fact on one line."""
    if value is None:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return str(value)


def _object(update: Update) -> dict[str, Any]:
    return {
        "provider": update.provider,
        "file": update.file,
        "drifted": update.drifted,
        "failure": update.failure,
        "refusal": update.refusal,
        "added": update.added,
        "removed": update.removed,
        "vanished": update.vanished,
        "changed": [
            {"model": name, "fact": fact, "before": before, "after": after}
            for name, differ in update.changed.items()
            for fact, before, after in differ
        ],
        "disagreements": [
            {"model": each.model, "fact": each.fact, "values": [list(pair) for pair in each.values]}
            for each in update.disagreements
        ],
        "notes": update.notes,
    }
