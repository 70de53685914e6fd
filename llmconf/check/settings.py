"""Checks a project's settings of rules and targets: in its project file, and in `extra` of its documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from llmconf.build import targets
from llmconf.check import rules
from llmconf.core.diagnostics import Finding, Place
from llmconf.core.grammar import PROJECT_FILE
from llmconf.core.suggest import did_you_mean
from llmconf.schema import errors
from llmconf.schema.project_file import ProjectFile


def check_settings(settings: ProjectFile) -> list[Finding]:
    """Check the settings of rules and targets in the project file."""
    found = []
    for code in settings.rules:
        place = Place(PROJECT_FILE, 0, ("rules", code), on_key=True)
        if code not in rules.codes():
            found.append(
                Finding("LCP002", place, f"unknown rule `{code}`", did_you_mean(code, rules.codes()))
            )
        elif rules.info(code).fixed:
            found.append(Finding("LCP004", place, f"the severity of `{code}` cannot be changed"))
    for key, defaults in settings.defaults.items():
        found += unknown_targets(defaults, Place(PROJECT_FILE, 0, ("defaults", key)))
    for name, options in settings.targets.items():
        place = Place(PROJECT_FILE, 0, ("targets", name))
        if name not in targets.names():
            found.append(_unknown_target(name, place))
            continue
        model = targets.load(name).Options
        try:
            model.model_validate(options or {})
        except ValidationError as error:
            found += errors.findings(error, model, options, place)
            found += [errors.missing(path, place, options) for path in errors.missing_paths(error)]
    return found


def unknown_targets(data: dict[str, Any], place: Place) -> Iterator[Finding]:
    """Yield the targets that do not exist among those for which `data` has settings in `extra`."""
    extra = data.get("extra")
    for name in extra if isinstance(extra, dict) else ():
        if name not in targets.names():
            yield _unknown_target(name, Place(place.file, place.document, (*place.path, "extra", name)))


def _unknown_target(name: str, place: Place) -> Finding:
    hint = did_you_mean(name, targets.names()) or f"targets: {', '.join(targets.names())}"
    at = Place(place.file, place.document, place.path, on_key=True)
    return Finding("LCP003", at, f"unknown target `{name[:60]}`", hint)
