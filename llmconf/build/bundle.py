"""The build stage: one resolved environment becomes a bundle and the files of its targets.

All functions here turn data into bytes; `api.build` writes the bytes. The same tree gives the same bytes on any
machine: keys are sorted, and nothing depends on time, locale or path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import rfc8785

from llmconf.build import targets
from llmconf.core.diagnostics import Finding, Path, pointer
from llmconf.core.tokens import parse_token
from llmconf.core.version import __version__
from llmconf.project import relations, secret_values
from llmconf.project.environment import Resolved, Resource
from llmconf.project.model_facts import ModelFacts
from llmconf.schema.kinds import Credential, Endpoint, Model, Provider
from llmconf.schema.project_file import ProjectFile

FORMAT = 1
"""Version of bundle, manifest and provenance. A reader refuses a newer version."""

Secrets = Literal["sealed", "env"]
Locate = Callable[[Resource[Any], Path], list[str]]
"""Returns the places, as `file:line`, that set a value, lowest layer first."""

_INHERITED = ("timeout", "retries", "proxy", "region", "limits")


@dataclass(slots=True)
class Bundle:
    """The files of one environment by path, and what its targets could not express."""

    environment: str | None
    content: str
    files: dict[str, bytes]
    findings: list[Finding] = field(default_factory=list)


class _Writer:
    """Collects the bundle and, for every value in it, where it came from."""

    def __init__(self, env: Resolved, secrets: Secrets, locate: Locate) -> None:
        self.env = env
        self.secrets = secrets
        self.provenance: dict[str, list[str]] = {}
        self.facts = ModelFacts(env)
        self.credentials = relations.credentials_by_endpoint(env)
        self.defaults = relations.default_endpoints(env)
        self._locate = locate
        self._variables: dict[str, list[secret_values.SecretValue]] = {}
        for held in secret_values.secrets_in(env) if secrets == "env" else ():
            self._variables.setdefault(held.resource.identity, []).append(held)

    def data(self, resource: Resource[Any]) -> dict[str, Any]:
        """Return the values of a resource. If requested, variables replace its secrets."""
        data = resource.data
        for held in self._variables.get(resource.identity, ()):
            data = _replaced(data, held.path, {"env": held.variable.name})
        return data

    def put(self, holder: dict[str, Any], at: Path, value: Any, resource: Resource[Any], path: Path) -> None:
        """Put a value into `holder` under the last step of `at`, and note the origin of each part of it."""
        holder[str(at[-1])] = value
        self._note(at, value, resource, path)

    def _note(self, at: Path, value: Any, resource: Resource[Any], path: Path) -> None:
        if isinstance(value, dict) and value:
            for key, part in value.items():
                self._note((*at, key), part, resource, (*path, key))
        elif isinstance(value, list) and value:
            for index, part in enumerate(value):
                self._note((*at, index), part, resource, (*path, index))
        else:
            # The name of a variable replaces a secret. It has no place of its own, so the secret's place counts.
            places = self._locate(resource, path) or self._locate(resource, path[:-1])
            if places:
                self.provenance[pointer(at)] = places


def _replaced(data: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    first, *rest = path
    return {**data, first: _replaced(data[first], tuple(rest), value) if rest else value}


def build(
    env: Resolved, settings: ProjectFile, *, secrets: Secrets, revision: str | None, locate: Locate,
    keys: Callable[[str], dict[str, bytes]],
) -> Bundle:  # fmt: skip
    """Build all files of one environment, which has no errors.

    `revision` names the source; `keys(kid)` returns the key files that tokens sealed under a key need, by
    their path. The content id covers bundle and targets, not the revision and the provenance.
    """
    writer = _Writer(env, secrets, locate)
    body = _body(settings, writer)
    files = {"bundle.json": canonical(body)}
    findings: list[Finding] = []
    for name, options in settings.targets.items():
        target = targets.load(name)
        emitted = target.emit(env, target.Options.model_validate(options or {}))
        files |= {f"{name}/{path}": text.encode() for path, text in emitted.files.items()}
        for note in emitted.notes:
            code = "LCB001" if note.severity == "warning" else "LCB002"
            findings.append(Finding(code, note.place, f"{name}: {note.message}"))
    if secrets == "sealed":
        for kid in sorted(_key_ids(env)):
            files |= keys(kid)
    content = _digest(canonical({path: _digest(data) for path, data in files.items()}))
    provenance = {"format": FORMAT, "values": writer.provenance}
    files["provenance.json"] = _readable(provenance)
    manifest = {
        "format": FORMAT,
        "generator": f"llmconf {__version__}",
        "project": settings.name,
        "environment": env.environment,
        "revision": revision,
        "secrets": secrets,
        "content": content,
        "files": {path: _digest(data) for path, data in sorted(files.items())},
    }
    files["manifest.json"] = _readable(manifest)
    return Bundle(env.environment, content, files, findings)


def canonical(data: Any) -> bytes:
    """Return data as canonical JSON (RFC 8785)."""
    return rfc8785.dumps(data)


def _readable(data: Any) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _body(settings: ProjectFile, writer: _Writer) -> dict[str, Any]:
    env = writer.env
    body: dict[str, Any] = {
        "format": FORMAT,
        "project": settings.name,
        "environment": env.environment,
        "providers": {},
        "routes": {},
        "teams": {},
    }
    for provider in env.providers.values():
        if provider.spec.enabled:
            _put_provider(body["providers"], provider, writer)
    for kind, resources in (("routes", env.routes), ("teams", env.teams)):
        for resource in resources.values():
            if resource.spec.enabled:
                _put(body[kind], (kind, resource.name), resource, resource.data, writer)
    if writer.secrets == "env":
        body["variables"] = _variables(env)
    return body


def _put(
    holder: dict[str, Any], at: Path, resource: Resource[Any], data: dict[str, Any], writer: _Writer
) -> None:
    """Put one resource under its name, without the fields that its place in the bundle already determines."""
    inner: dict[str, Any] = {}
    holder[str(at[-1])] = inner
    for key in sorted(data):
        if key not in ("name", "id", "enabled"):
            writer.put(inner, (*at, key), data[key], resource, (key,))


def _put_provider(holder: dict[str, Any], provider: Resource[Provider], writer: _Writer) -> None:
    at: Path = ("providers", provider.name)
    env = writer.env
    # The inherited fields are in each endpoint, where they are used.
    data = {key: value for key, value in provider.data.items() if key not in (*_INHERITED, "headers")}
    _put(holder, at, provider, data, writer)
    inner = holder[provider.name]
    inner |= {"endpoints": {}, "credentials": {}, "models": {}}
    for endpoint in env.endpoints_of(provider.name):
        if endpoint.spec.enabled:
            _put_endpoint(inner["endpoints"], (*at, "endpoints", endpoint.name), provider, endpoint, writer)
    for credential in env.credentials_of(provider.name):
        if credential.spec.enabled:
            _put_credential(inner["credentials"], (*at, "credentials", credential.name), credential, writer)
    for model in env.models_of(provider.name):
        if model.spec.enabled:
            _put_model(inner["models"], (*at, "models", model.name), model, writer)


def _put_endpoint(
    holder: dict[str, Any],
    at: Path,
    provider: Resource[Provider],
    endpoint: Resource[Endpoint],
    writer: _Writer,
) -> None:
    """Put an endpoint with the fields that it inherits from its provider and with the name of its credential."""
    data, low = writer.data(endpoint), writer.data(provider)
    _put(holder, at, endpoint, {k: v for k, v in data.items() if k != "headers"}, writer)
    inner = holder[endpoint.name]
    for key in _INHERITED:
        if key in low and key not in data:
            writer.put(inner, (*at, key), low[key], provider, (key,))
    own, inherited = data.get("headers", {}), low.get("headers", {})
    for name in sorted({**inherited, **own}):
        owner: Resource[Any] = endpoint if name in own else provider
        value = own[name] if name in own else inherited[name]
        writer.put(inner.setdefault("headers", {}), (*at, "headers", name), value, owner, ("headers", name))
    inner["default"] = writer.defaults.get(provider.name) is endpoint
    credentials = writer.credentials.get(endpoint.identity, [])
    if len(credentials) == 1:
        named = endpoint.spec.credential is not None
        source: Resource[Any] = endpoint if named else credentials[0]
        writer.put(
            inner, (*at, "credential"), credentials[0].name, source, ("credential" if named else "name",)
        )


def _put_credential(
    holder: dict[str, Any], at: Path, credential: Resource[Credential], writer: _Writer
) -> None:
    _put(holder, at, credential, writer.data(credential), writer)
    if "hosts" not in credential.data:
        holder[credential.name]["hosts"] = sorted(map(str, relations.bound_hosts(writer.env, credential)))


def _put_model(holder: dict[str, Any], at: Path, model: Resource[Model], writer: _Writer) -> None:
    """Put a model with the facts that it inherits from its base, and with the endpoints that serve it."""
    _put(holder, at, model, model.data, writer)
    inner = holder[model.name]
    for key, source in writer.facts.sources(model).items():
        if source is not model:
            writer.put(inner, (*at, key), source.data[key], source, (key,))
    if "endpoints" not in inner:
        served = relations.endpoints_of_model(writer.env, model, writer.defaults)
        inner["endpoints"] = [endpoint.name for endpoint in served]


def effective(env: Resolved, resource: Resource[Any]) -> dict[str, Any]:
    """Return the values of a resource as in a bundle: with inherited fields, and with its secrets still sealed."""
    writer = _Writer(env, "sealed", lambda _resource, _path: [])
    holder: dict[str, Any] = {}
    at: Path = (resource.name,)
    provider = env.providers.get(f"provider/{resource.provider}")
    if resource.kind == "Endpoint" and provider:
        _put_endpoint(holder, at, provider, resource, writer)
    elif resource.kind == "Credential":
        _put_credential(holder, at, resource, writer)
    elif resource.kind == "Model":
        _put_model(holder, at, resource, writer)
    return {**resource.data, **holder.get(resource.name, {})}


def _live_secrets(env: Resolved) -> Iterator[secret_values.SecretValue]:
    return (held for held in secret_values.secrets_in(env) if env.is_live(held.resource))


def _variables(env: Resolved) -> list[dict[str, str]]:
    """List the environment variables that the bundle refers to, and the place of each secret."""
    found = {}
    for held in _live_secrets(env):
        variable = held.variable
        found[variable.name, held.resource.identity, ".".join(held.path)] = variable.source
    return [
        {"name": name, "resource": identity, "field": field_name, "source": source}
        for (name, identity, field_name), source in sorted(found.items())
    ]


def _key_ids(env: Resolved) -> set[str]:
    """Return the ids of the data keys that the secrets in the bundle are sealed under."""
    return {token.kid for held in _live_secrets(env) if (token := parse_token(held.value))}
