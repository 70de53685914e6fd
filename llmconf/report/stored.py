"""A report as plain data, so that it can be written again without reading the project.

The data has what a report shows and nothing else: its diagnostics, the documentation of their codes, and the lines
of its code frames. A line that may hold a secret is replaced by as many blanks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

from llmconf.core.diagnostics import Diagnostic, Related, Span
from llmconf.report.report import Report, RuleText


@dataclass(frozen=True, slots=True)
class _Lines(Sequence[str]):
    """The lines of a file of which only some are known; the others are empty."""

    known: dict[int, str]
    total: int

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self.total))]
        if not 0 <= index < self.total:
            raise IndexError(index)
        return self.known.get(index + 1, "")


def to_data(report: Report, shown: dict[str, set[int]]) -> dict[str, Any]:
    """Return a report as data that JSON can hold. `shown` names the lines of each file that a frame may show."""
    files = {}
    for name, numbers in shown.items():
        lines, hidden = report.lines(name), report.secret_lines(name)
        known = {
            str(number): " " * len(lines[number - 1]) if number in hidden else lines[number - 1]
            for number in sorted(numbers)
            if 0 < number <= len(lines)
        }
        files[name] = {"count": len(lines), "lines": known, "hidden": sorted(hidden & numbers)}
    return {
        "diagnostics": [asdict(diagnostic) for diagnostic in report.diagnostics],
        "rules": [asdict(rule) for rule in report.rules.values()],
        "files": files,
        "resources": report.resources,
        "environments": list(report.environments),
        "version": report.version,
    }


def from_data(
    data: dict[str, Any], prefix: str, wanted: Callable[[Diagnostic], bool], *, color: bool = False
) -> Report:
    """Return a report of the stored diagnostics that are wanted.

    Raises KeyError, TypeError or ValueError for data that `to_data` did not write.
    """
    files: dict[str, Any] = data["files"]

    def lines(name: str) -> Sequence[str]:
        found = files.get(name)
        known = {int(number): text for number, text in found["lines"].items()} if found else {}
        return _Lines(known, found["count"] if found else 0)

    def secret_lines(name: str) -> frozenset[int]:
        return frozenset(files[name]["hidden"]) if name in files else frozenset()

    diagnostics = tuple(filter(wanted, map(_diagnostic, data["diagnostics"])))
    codes = {diagnostic.code for diagnostic in diagnostics}
    rules = {rule["code"]: RuleText(**rule) for rule in data["rules"] if rule["code"] in codes}
    return Report(
        diagnostics, rules, lines, secret_lines, prefix=prefix, resources=int(data["resources"]),
        environments=tuple(map(str, data["environments"])), color=color, version=str(data["version"]),
    )  # fmt: skip


def _diagnostic(data: dict[str, Any]) -> Diagnostic:
    related = tuple(Related(each["message"], Span(**each["span"])) for each in data["related"])
    lists = {"path": tuple(data["path"]), "environments": tuple(data["environments"])}
    return Diagnostic(**{**data, "span": Span(**data["span"]), "related": related, **lists})
