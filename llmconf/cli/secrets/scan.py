"""`llmconf secrets scan`: refuse credentials in plain text."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmconf.cli._options import color_option, debug_option, directory_option, report_option
from llmconf.cli._paths import start_of
from llmconf.cli._reports import emit_report, use_color
from llmconf.core.errors import RefusedError, UsageError
from llmconf.workspace.git import git, top_of
from llmconf.workspace.objects import GitObjects

if TYPE_CHECKING:
    from llmconf.core.diagnostics import Diagnostic
    from llmconf.report.report import Report

_MOST = 8 * 1024 * 1024
"""Most bytes of one file that are scanned."""
_BINARY_LOOK = 8000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HINT = "seal it with `llmconf secrets encrypt`, or refer to it with `env:NAME`; renew a key that was pushed"


@dataclass(frozen=True, slots=True)
class _Content:
    """A file to scan: its name in reports, and the part of its content that is read."""

    name: str
    data: bytes
    size: int


@click.command(name="scan")
@click.argument("files", nargs=-1, metavar="[FILES]...")
@click.option("--staged", is_flag=True, help="Scan the content that is staged in git, not the files on disk.")
@report_option
@color_option
@debug_option
@directory_option
def command(
    files: tuple[str, ...], staged: bool, reports: list[tuple[str, str | None]], color: str, directory: str | None
) -> int:
    """Refuse credentials in plain text, in any YAML, JSON, .env, Markdown or other text file.

    Without FILES, the command scans all files that git tracks or does not ignore. With --staged, it scans the
    staged files that differ from the last commit. It needs no project and no key. It never shows a line with a
    credential.

    \b
    Examples:
      llmconf secrets scan
      llmconf secrets scan --staged
      llmconf secrets scan .env README.md
    """
    base = start_of(directory)
    if not base.is_dir():
        raise UsageError(f"no such folder: {base}")
    names = [os.path.relpath(Path(file).absolute(), base.absolute()) for file in files]
    contents = _staged(base, names) if staged else _on_disk(base, names)
    found: list[Diagnostic] = []
    count = 0
    for content in contents:
        count += 1
        found += _look_at(content)
    report = _report(base, found, in_hook=staged)
    for name, path in reports:
        if path is not None or name != "full":
            emit_report(name, path, report)
        elif found:
            click.echo(_full(report, color), nl=False)
    files_seen, hits = "1 file" if count == 1 else f"{count} files", len(found) or "no"
    click.echo(f"{files_seen} scanned: {hits} plain credential{'' if hits == 1 else 's'}", err=True)
    return 1 if found else 0


def _look_at(content: _Content) -> Iterator[Diagnostic]:
    from llmconf.core.diagnostics import Diagnostic
    from llmconf.core.key_formats import redact
    from llmconf.leaks.find import find_leaks
    from llmconf.yamltext.text import Lines

    wide = content.data[:2] in _UTF16
    if b"\0" in content.data[:_BINARY_LOOK] and not wide:
        return
    if content.size > _MOST:
        click.echo(f"{content.name}: only the first {_MOST:,} of {content.size:,} bytes are scanned", err=True)
    text = content.data.decode("utf-16" if wide else "utf-8", "replace").removeprefix("\ufeff")
    leaks = find_leaks(text, content.name)
    lines = Lines(text) if leaks else None
    for leak in leaks if lines else ():
        span = lines.span(redact(content.name), leak.start, leak.end) if lines else None
        if span:
            yield Diagnostic("LCK001", "plaintext-secret", "error", redact(leak.what), span, hint=_HINT)


def _report(base: Path, found: Iterable[Diagnostic], *, in_hook: bool) -> Report:
    """Return the report for the formats. It has no lines of files, so that no format can show a secret."""
    from llmconf.check import rules
    from llmconf.core.diagnostics import sort_diagnostics
    from llmconf.core.version import __version__
    from llmconf.report.report import Report, RuleText

    info = rules.info("LCK001")
    text = f"{info.summary}\n\nWhy: {info.why}\n\nFix: {info.fix}"
    texts = {"LCK001": RuleText("LCK001", info.name, info.severity, info.summary, text)}
    top = top_of(base, in_hook=in_hook)
    prefix = os.path.relpath(base.resolve(), top.resolve()).replace(os.sep, "/") + "/" if top else ""
    return Report(
        sort_diagnostics(found), texts, lambda _: (), lambda _: frozenset(),
        prefix="" if prefix == "./" else prefix, version=__version__,
    )  # fmt: skip


def _full(report: Report, color: str) -> str:
    """Write findings for people, without the summary of a project's resources."""
    import sys
    from dataclasses import replace

    from llmconf.core.plugins import load_module

    colored = replace(report, color=use_color(color, sys.stdout))
    text: str = load_module("llmconf.report.formats", "full").render(colored)
    return text.rstrip("\n").rpartition("\n")[0] + "\n"


def _on_disk(base: Path, names: list[str]) -> Iterator[_Content]:
    folders = [name for name in names if (base / name).is_dir()] if names else ["."]
    wanted = [name for name in names if name not in folders]
    if folders:
        if top_of(base) is None:
            raise UsageError("outside of a git repository, name the files to scan")
        listed = git(base, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders)
        wanted += [name for name in _names(listed) if (base / name).exists()]
    for name in dict.fromkeys(wanted):
        path = base / name
        try:
            info = path.lstat()
            if name not in names and not stat.S_ISREG(info.st_mode):
                continue
            with path.open("rb") as file:
                data = file.read(_MOST)
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror}") from None
        yield _Content(name.replace(os.sep, "/"), data, max(len(data), info.st_size))


def _staged(base: Path, names: list[str]) -> Iterator[_Content]:
    """Yield files from the index: the named files, or the files that differ from the last commit."""
    if top_of(base, in_hook=True) is None:
        raise UsageError(f"{base} is not in a git repository, so nothing is staged")
    if not names:
        names = _changed(base)
        if not names:
            return
    known = _index(base, names)
    for name in names:
        if not (name in known or (base / name).exists() or any(entry.startswith(name + "/") for entry in known)):
            raise UsageError(f"{name} is not staged and does not exist")
    yield from _blobs(base, known)


def _changed(base: Path) -> list[str]:
    options = ("--name-only", "--relative", "--no-renames", "--diff-filter=d", "--no-ext-diff", "-z")
    return _names(git(base, "diff", "--cached", *options, in_hook=True))


def _index(base: Path, names: list[str]) -> dict[str, str]:
    """Return the name and the object of each regular file in the index, including conflicts."""
    found = {}
    few = names if len(names) <= 200 else ()  # noqa: PLR2004 - each of them is compared with each file
    chosen = set(names)
    for row in git(base, "ls-files", "--stage", "-z", "--", *few, in_hook=True).split(b"\0"):
        head, _, name = row.partition(b"\t")
        mode, _, rest = head.decode("ascii").partition(" ")
        shown = os.fsdecode(name)
        if mode.startswith("100") and (few or shown in chosen):
            found[shown] = rest.partition(" ")[0]
    return found


def _blobs(base: Path, objects: dict[str, str]) -> Iterator[_Content]:
    """Read objects from git one by one, each up to the limit."""
    with GitObjects(base, in_hook=True) as store:
        for name, wanted in objects.items():
            found = store.read(wanted, _MOST)
            if found is None or found.type != "blob":
                raise RefusedError(f"git has no content for {name}")
            yield _Content(name.replace(os.sep, "/"), found.data, found.size)


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]
