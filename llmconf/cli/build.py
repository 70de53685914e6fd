"""`llmconf build`: write bundles and target files."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Literal

import click

from llmconf.cli._options import project_options
from llmconf.cli._reports import checked_or_exit, pick_environment, write_reports
from llmconf.core.errors import RefusedError, UsageError
from llmconf.workspace.atomic import require_inside


@click.command(name="build")
@project_options
@click.option("--all", "every", is_flag=True, help="Build all environments.")
@click.option(
    "--out", metavar="DIR", help="Folder to write to. Each environment gets a folder in it.  [default: dist]"
)
@click.option(
    "--secrets",
    type=click.Choice(["sealed", "env"]),
    default="sealed",
    show_default=True,
    help="Keep sealed tokens, or replace them with references to environment variables.",
)
def command(
    directory: str | None, env: str | None, reports: list[tuple[str, str | None]], fail_on: str,
    today: date | None, color: str, every: bool, out: str | None, secrets: Literal["sealed", "env"],
) -> int:  # fmt: skip
    """Write the bundle of an environment and the files of its targets.

    The command needs no network and no key. The same tree gives the same bytes on any machine.

    \b
    Examples:
      llmconf build --env prod
      llmconf build --all --out build --secrets env
    """
    if every and env is not None:
        raise UsageError("--all and --env cannot be used together")
    from llmconf.api import build
    from llmconf.check.run import add_findings

    # An environment is built if its own checks pass. Another environment may be unfinished.
    checked = checked_or_exit(directory, env, reports, fail_on, today, color)
    names = list(checked.environments) if every else [pick_environment(checked, env)]
    folder = Path(out) if out else checked.project.root / "dist"
    if out is None and folder.is_symlink():
        raise RefusedError(f"{folder} is a link", "remove it, or name a folder with --out")
    places = {name: folder / (name or "default") for name in names}
    for place in places.values():
        _check_place(place)
    for name, place in places.items():
        bundle = build(checked, name, secrets=secrets)
        notes = add_findings(checked, bundle.findings, name)
        if notes:
            write_reports(checked, notes, reports, color, to_stderr=True)
        _write(place, bundle.files)
        click.echo(f"{_shown(place)}: {len(bundle.files)} files, content {bundle.content}")
    return 0


def _shown(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:
        return str(path)


def _check_place(place: Path) -> None:
    """Refuse to replace files that llmconf has not built, and to write through a link."""
    require_inside(place)
    if place.is_symlink() or (place.exists() and not _is_ours(place)):
        raise RefusedError(
            f"{place} is not a build of llmconf", "remove it, or name another folder with --out"
        )


def _is_ours(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        return str(manifest["generator"]).startswith("llmconf ")
    except (OSError, ValueError, KeyError, TypeError):
        return not any(folder.iterdir())


def _write(destination: Path, files: dict[str, bytes]) -> None:
    """Replace a folder as a whole: write a new folder beside it, then rename both."""
    work = None
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        # The folder is new and private. Somebody could put a link at a name that can be guessed.
        work = Path(tempfile.mkdtemp(dir=destination.parent, prefix=f".{destination.name}."))
        fresh, old = work / "new", work / "old"
        for path, data in sorted(files.items()):
            file = fresh / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        _swap(fresh, destination, old)
    except OSError as error:
        raise RefusedError(f"{destination} cannot be written: {error.strerror}") from None
    finally:
        if work:
            shutil.rmtree(work, ignore_errors=True)


def _swap(fresh: Path, destination: Path, old: Path) -> None:
    if destination.exists():
        destination.rename(old)
    try:
        fresh.rename(destination)
    except OSError:
        if old.exists():
            old.rename(destination)
        raise
