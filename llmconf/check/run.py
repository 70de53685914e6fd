"""The check stage: runs the rules over each environment and locates what all stages found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial

from llmconf.check import rules
from llmconf.check.dedupe import once_per_secret, without_guesses
from llmconf.check.locate import Findings, locate
from llmconf.check.rules._base import Context
from llmconf.check.settings import check_settings, unknown_targets
from llmconf.check.stale_locks import CODE as STALE_LOCK
from llmconf.check.stale_locks import stale_locks
from llmconf.core.diagnostics import Diagnostic, Finding, Place, Span, sort_diagnostics
from llmconf.core.grammar import PROJECT_FILE
from llmconf.project.base_layer import read_base
from llmconf.project.checked import Checked, groups
from llmconf.project.environment import Resolved
from llmconf.project.load import Project
from llmconf.project.resolve import resolve
from llmconf.schema.project_file import ProjectFile
from llmconf.secrets.fields import find_sites, key_problems
from llmconf.secrets.vault import files


def check(project: Project, today: date, only: str | None = None, *, frozen: bool = False) -> Checked:
    """Resolve and check all environments of a project, or only one.

    Rules about expiry and retirement compare with `today`. `frozen` makes a stale lock an error that nothing in the
    project can silence.
    """
    checked = Checked(project)
    found: Findings = {finding: set() for finding in project.findings}
    settings = project.settings
    if settings is not None and frozen:
        settings = settings.model_copy(update={"rules": {**settings.rules, STALE_LOCK: "error"}})
    if settings is not None:
        names: list[str | None] = [only] if only else list(settings.environment_names()) or [None]
        for finding in check_settings(settings):
            found.setdefault(finding, set())
        for finding in _key_findings(project):
            found.setdefault(finding, set())
        for fragment in (fragment for group in groups(project) for fragment in group):
            layer = fragment.layer
            if "extra" in layer.data:
                for finding in unknown_targets(layer.data, Place(layer.file, layer.document, layer.path)):
                    found.setdefault(finding, set())
        _check_environments(checked, settings, names, today, found)
        others = partial(_other_environments, checked, settings)
        for finding in stale_locks(project, checked.environments.values(), others):
            found.setdefault(finding, set())
    every = set(checked.environments)
    located = locate(project, found, every, settings)
    if project.suppressing:
        from llmconf.check import suppressions

        kept, extra = suppressions.apply(
            located, project.suppressing, project.text, rules.codes(), report_unused=only is None
        )
        if frozen:
            kept += [d for d in located if d.code == STALE_LOCK and d not in kept]
        located = kept + locate(project, {finding: set() for finding in extra}, every, settings)
    checked.diagnostics = sort_diagnostics(once_per_secret(without_guesses(located, project.unread)))
    return checked


def _check_environments(
    checked: Checked, settings: ProjectFile, names: Sequence[str | None], today: date, found: Findings
) -> None:
    base = read_base(checked.project.base, settings, checked.project.locks)
    for finding in base.findings:
        found.setdefault(finding, set())
    same: dict[str | None, list[Finding]] = {}
    for name in names:
        overlays = checked.project.overlays.get(name or "", [])
        env, problems = resolve(base, overlays, name, settings)
        checked.environments[name] = env
        if not overlays and same:
            problems = same["base"]
        else:
            problems += run_rules(Context(env, settings, today))
            if not overlays:
                same["base"] = problems
        for finding in problems:
            found.setdefault(finding, set()).add(name)


def _other_environments(checked: Checked, settings: ProjectFile) -> list[Resolved]:
    """Resolve the environments that are not checked, without running any rule."""
    project = checked.project
    base = read_base(project.base, settings, project.locks)
    names = [name for name in settings.environment_names() if name not in checked.environments]
    return [resolve(base, project.overlays.get(name, []), name, settings)[0] for name in names]


def run_rules(context: Context) -> list[Finding]:
    """Run all rules that are not off over one environment. A rule that crashes becomes a finding."""
    found: list[Finding] = []
    for code in rules.names():
        if context.project.rules.get(code) == "off":
            continue
        rule = rules.load(code)
        try:
            found += [
                Finding(code, problem.place, problem.message, problem.hint, problem.related)
                for problem in rule.check(context)
            ]
        except Exception as error:  # a defect in one rule must not hide the findings of the others
            message = f"the rule {code} failed with {type(error).__name__}; this is a defect of llmconf"
            found.append(Finding("LCX005", Span(PROJECT_FILE, 1, 1, 1, 1), message))
    return found


def _key_findings(project: Project) -> Iterator[Finding]:
    """Yield the problems of tokens and key files that can be seen without any key."""
    for site in find_sites(project):
        problem = key_problems(project.tree, site)
        if problem is not None:
            yield problem
    yield from files.problems(project.tree)


def add_findings(checked: Checked, findings: Iterable[Finding], environment: str | None) -> list[Diagnostic]:
    """Return the diagnostics for findings that a later stage made in one environment."""
    found: Findings = {finding: {environment} for finding in findings}
    return sort_diagnostics(
        locate(checked.project, found, set(checked.environments), checked.project.settings)
    )


