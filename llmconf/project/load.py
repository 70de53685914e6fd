"""A project: all files of one repository, discovered, parsed and checked against the schemas."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llmconf.core.diagnostics import Finding, Place, Span
from llmconf.core.errors import UsageError
from llmconf.core.grammar import PROJECT_FILE
from llmconf.core.suggest import did_you_mean
from llmconf.project.discover import Discovery, SourceFile, discover, lock_provider
from llmconf.project.environment import Layer, Lock
from llmconf.project.fragments import Fragment, read_document, without_nulls
from llmconf.project.free_maps import free_secrets, unsafe_numbers
from llmconf.project.parallel import Parsing
from llmconf.project.parse import ParsedFile, read_text
from llmconf.schema import errors
from llmconf.schema.kinds import CREDENTIAL_FIELDS, NESTED, RESOURCES
from llmconf.schema.project_file import ProjectFile
from llmconf.schema.secret_fields import secret_values
from llmconf.workspace.tree import Tree, folder_of
from llmconf.yamltext import load as yaml_load

_NOT_BY_DEFAULT = {"name", "id", "provider", "url", "default", "hosts", "type", *CREDENTIAL_FIELDS}


@dataclass(slots=True)
class Project:
    """The content of a repository, before environments are resolved.

    `base` and `overlays` (by environment) hold the fragments of valid and of broken resources. `locks` are the locks
    by the names of their providers. `findings` are those of the stages so far. `unread` are those of them that hide
    other declarations of the project. `settings` is None if the project file itself is not valid.
    """

    tree: Tree
    files: list[SourceFile]
    settings: ProjectFile | None = None
    base: list[Fragment] = field(default_factory=list)
    overlays: dict[str, list[Fragment]] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unread: list[Finding] = field(default_factory=list)
    suppressing: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The folder of the project, for writing. Raises RefusedError if the project is a revision in git."""
        return folder_of(self.tree)

    def text(self, name: str) -> str | None:
        """Return the text of a file of the project, or None if it cannot be read or lies outside."""
        text = read_text(self.tree, name)
        return text if isinstance(text, str) else None


def load_project(tree: Tree, discovery: Discovery | None = None, parsing: Parsing | None = None) -> Project:
    """Discover, parse and check all files of a tree with `llmconf.yaml` at its root.

    To save time, a caller can pass the files that it has already discovered and started to parse.
    """
    discovery = discovery or discover(tree)
    project = Project(tree, discovery.files, findings=list(discovery.findings), unread=list(discovery.findings))
    for parsed in parsing or Parsing(tree, discovery.files):
        project.findings.extend(parsed.findings)
        if parsed.has_suppressions:
            project.suppressing.append(parsed.name)
        if parsed.name == PROJECT_FILE:
            _read_settings(project, parsed)
        elif lock_provider(parsed.name) is not None:
            _read_lock(project, parsed)
        else:
            _read_documents(project, parsed)
    if project.settings is not None:
        _check_environments(project, project.settings)
    return project


def reread(project: Project, name: str, text: str) -> tuple[Project, list[Finding]]:
    """Return the project as it would be with another text in one file, and the problems of the text.

    Nothing is read or written. Plain secrets are not reported, because such a text is expected to have them.
    """
    documents, findings = yaml_load.load(text, name)
    environment = next((file.environment for file in project.files if file.name == name), None)
    changed = Project(project.tree, project.files, project.settings, locks=project.locks)
    changed.base = [fragment for fragment in project.base if fragment.layer.file != name]
    for key, fragments in project.overlays.items():
        changed.overlays[key] = [fragment for fragment in fragments if fragment.layer.file != name]
    for index, data in enumerate(documents):
        fragments, problems = read_document(data, name, index, environment)
        findings += [problem for problem in problems if not problem.code.startswith("LCK")]
        (changed.overlays.setdefault(environment, []) if environment else changed.base).extend(fragments)
    return changed, findings


def _read_documents(project: Project, parsed: ParsedFile) -> None:
    found: list[Fragment] = []
    # If a key is duplicated, nobody knows which value is meant. Findings that follow from it are not reported.
    ambiguous = any(finding.code == "LCY003" for finding in parsed.findings)
    if not parsed.documents:
        project.unread.extend(parsed.findings)
    for index, data in enumerate(parsed.documents):
        fragments, findings = read_document(
            data, parsed.name, index, parsed.environment, has_nulls=parsed.has_nulls
        )
        project.findings.extend(findings)
        if data is not None:
            project.unread.extend(item for item in findings if not fragments or _is_about_name(item))
        for fragment in fragments if ambiguous else ():
            fragment.broken = True
        if parsed.environment is None:
            project.base.extend(fragments)
        else:
            project.overlays.setdefault(parsed.environment, []).extend(fragments)
        found += fragments
    if parsed.has_anchors and found:
        project.findings.extend(_anchored_secrets(project, parsed.name, found))


def _read_lock(project: Project, parsed: ParsedFile) -> None:
    from llmconf.project.locks import read_lock

    lock, findings = read_lock(parsed.documents, parsed.name) if parsed.documents else (None, [])
    anew = "or delete the file and run `llmconf sync`"
    for index, finding in enumerate(project.findings):
        if finding in parsed.findings and finding.code.startswith("LCY"):
            project.findings[index] = replace(finding, hint=f"{finding.hint or 'fix it'}, {anew}")
    findings = [replace(finding, hint=f"{finding.hint or 'fix it'}, {anew}") for finding in findings]
    project.findings.extend(findings)
    if lock is not None and not any(finding.code.startswith("LCY") for finding in parsed.findings):
        project.locks[lock.provider] = lock
    else:
        project.unread.extend([*parsed.findings, *findings])


def _is_about_name(finding: Finding) -> bool:
    """Tell whether a finding is about the name that a document gives its resource."""
    place = finding.place
    return isinstance(place, Place) and place.path in (("name",), ("id",), ("provider",))


def _anchored_secrets(project: Project, name: str, fragments: list[Fragment]) -> list[Finding]:
    """Report anchors and aliases on secret fields: a token is bound to one place and cannot be shared."""
    text = project.text(name)
    if text is None:
        return []
    from llmconf.yamltext.document import Document

    document = Document(text, name)
    found = []
    for fragment in fragments:
        layer = fragment.layer
        for inner, _ in secret_values(fragment.kind, layer.data):
            path = layer.path + inner
            node = document.node(layer.document, path)
            if node is not None and (node.anchor is not None or not document.is_own(layer.document, path)):
                message = f"`{inner[-1]}` is a secret and cannot be shared by an anchor, an alias or a merge key"
                hint = "write the token or reference in this field itself"
                found.append(Finding("LCY013", Place(name, layer.document, path), message, hint))
    return found


def _read_settings(project: Project, parsed: ParsedFile) -> None:
    place = Place(PROJECT_FILE, 0)
    if not parsed.documents:
        return
    data = parsed.documents[0]
    if not isinstance(data, dict):
        project.findings.append(
            Finding("LCS001", place, "the project file is not a mapping", "begin it with `version: 1`")
        )
        return
    if len(parsed.documents) > 1:
        project.findings.append(
            Finding("LCS001", Place(PROJECT_FILE, 1), "the project file must hold only one document")
        )
    try:
        project.settings = ProjectFile.model_validate(_without_unset(data))
    except ValidationError as error:
        project.findings.extend(errors.findings(error, ProjectFile, data, place))
        project.findings.extend(errors.missing(path, place, data) for path in errors.missing_paths(error))
        return
    for key, defaults in project.settings.defaults.items():
        found = _check_defaults(key, defaults)
        project.findings.extend(found)
        # A default that is reported here is dropped, so that no resource reports it again.
        wrong = {step for item in found if isinstance(item.place, Place) for step in item.place.path[2:3]}
        for name in [name for name in defaults if name in wrong]:
            del defaults[name]


def _without_unset(data: dict[str, Any]) -> dict[str, Any]:
    """Return the project file's data without nulls. An environment or target may be null: it has no settings."""
    named = {key: data[key] for key in ("environments", "targets") if data.get(key) is not None}
    return without_nulls({key: value for key, value in data.items() if key not in ("environments", "targets")}) | named


def _check_defaults(key: str, defaults: dict[str, Any]) -> list[Finding]:
    from llmconf import adapters

    place = Place(PROJECT_FILE, 0, ("defaults", key))
    kind, _, provider_type = key.partition("/")
    on_key = Place(place.file, 0, place.path, on_key=True)
    if kind not in RESOURCES:
        return [Finding("LCP001", on_key, f"unknown kind `{kind[:60]}`", did_you_mean(kind, RESOURCES))]
    typed = kind == "Provider" or kind in NESTED.values()
    if "/" in key and (not typed or provider_type not in adapters.types()):
        hint = did_you_mean(provider_type, adapters.types()) if typed else f"a {kind} has no provider type"
        return [Finding("LCP001", on_key, f"unknown provider type `{provider_type[:60]}`", hint)]
    found = [
        Finding(
            "LCP001",
            Place(PROJECT_FILE, 0, (*place.path, name), on_key=True),
            f"`{name}` cannot have a default",
        )
        for name in defaults
        if name in _NOT_BY_DEFAULT
    ]
    model = RESOURCES[kind]
    try:
        model.model_validate({k: v for k, v in defaults.items() if k not in _NOT_BY_DEFAULT})
    except ValidationError as error:
        found += errors.findings(error, model, defaults, place)
    layer = Layer("defaults", PROJECT_FILE, 0, place.path, defaults)
    return [*found, *free_secrets(layer), *unsafe_numbers(layer)]


def _check_environments(project: Project, settings: ProjectFile) -> None:
    """Report overlays of environments that the project file does not name."""
    known = settings.environment_names()
    first: dict[str, str] = {}
    for file in project.files:
        if file.environment is not None and file.environment not in known:
            first.setdefault(file.environment, file.name)
    for environment, name in first.items():
        hint = did_you_mean(environment, known) or f"add it to `environments` in {PROJECT_FILE}"
        message = f"there is no environment `{environment[:60]}`"
        project.findings.append(Finding("LCO004", Span(name, 1, 1, 1, 1), message, hint))


def require_environment(project: Project, name: str) -> None:
    """Raise UsageError if the project has no such environment."""
    known = project.settings.environment_names() if project.settings else ()
    if project.settings is not None and name not in known:
        hint = did_you_mean(name, known) or f"environments: {', '.join(known) or 'none'}"
        raise UsageError(f"there is no environment `{name}`", hint)
