"""The rows of `list` and the values of `show`, for people and programs. Secrets are masked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from llmconf.core.diagnostics import Path
from llmconf.core.tokens import is_token_like, mask
from llmconf.lock.reader import LockText, open_text
from llmconf.project import relations
from llmconf.project.environment import Layer, Resolved, Resource
from llmconf.project.load import Project
from llmconf.project.model_facts import ModelFacts
from llmconf.schema.kinds import Credential, Endpoint, Model, Provider, Route, Team
from llmconf.schema.parts import Lifecycle
from llmconf.schema.secret_fields import is_secret_name, secret_values
from llmconf.yamltext.document import Document

Row = dict[str, Any]


def resource_rows(env: Resolved, kind: str, today: date) -> list[Row]:
    """Return a row for each resource of a kind (`model`), with the cells of a table for that day."""
    makers: dict[str, Any] = {
        "provider": (env.providers, _provider_row), "endpoint": (env.endpoints, _endpoint_rows(env)),
        "credential": (env.credentials, _credential_row), "model": (env.models, _model_rows(env, today)),
        "route": (env.routes, _route_rows(env)), "team": (env.teams, _team_row),
    }  # fmt: skip
    resources, make = makers[kind]
    rows = []
    for resource in resources.values():
        row = {"identity": resource.identity, "enabled": env.is_live(resource)}
        row |= make(env, resource)
        row["labels"] = dict(resource.spec.labels)
        rows.append(row)
    return rows


def _provider_row(env: Resolved, provider: Resource[Provider]) -> Row:
    return {
        "name": provider.name,
        "type": provider.spec.type,
        "endpoints": len(env.endpoints_of(provider.name)),
        "models": len(env.models_of(provider.name)),
    }


def _endpoint_rows(env: Resolved) -> Any:
    by_endpoint, defaults = relations.credentials_by_endpoint(env), relations.default_endpoints(env)

    def row(_: Resolved, endpoint: Resource[Endpoint]) -> Row:
        credentials = by_endpoint.get(endpoint.identity, ())
        return {
            "provider": endpoint.provider,
            "name": endpoint.name,
            "url": endpoint.spec.url,
            "default": defaults[endpoint.provider or ""] is endpoint,
            "credential": credentials[0].name if len(credentials) == 1 else None,
        }

    return row


def _credential_row(env: Resolved, credential: Resource[Credential]) -> Row:
    return {
        "provider": credential.provider,
        "name": credential.name,
        "hosts": [str(origin) for origin in relations.bound_hosts(env, credential)],
        "expires": credential.spec.expires,
        "secrets": [f"{name}={mask(value)}" for (name,), value in secret_values(credential.kind, credential.data)],
    }


def _model_rows(env: Resolved, today: date) -> Any:
    known, day = ModelFacts(env), today.isoformat()

    def row(_: Resolved, model: Resource[Model]) -> Row:
        facts = known.of(model)
        return {
            "provider": model.provider,
            "id": model.name,
            # The mode of a declared model is "chat" by default. A list without modes does not tell the mode of a model.
            "mode": facts.mode or ("chat" if model.is_declared else None),
            "status": _status(model.spec.lifecycle, day),
            "context": facts.context,
            "max_output": facts.max_output,
            "input": facts.price.input if facts.price else None,
            "output": facts.price.output if facts.price else None,
            "capabilities": sorted(facts.capabilities or ()),
        }

    return row


def _status(lifecycle: Lifecycle | None, day: str) -> str:
    """Return the status of a model on a day, written as in 2027-03-31."""
    if lifecycle is None:
        return "active"
    if lifecycle.status == "removed":
        return "removed"
    if lifecycle.status == "retired" or (lifecycle.retires is not None and lifecycle.retires <= day):
        return "retired"
    if lifecycle.deprecated is not None and lifecycle.deprecated <= day:
        return "deprecated"
    return lifecycle.status or "active"


def _route_rows(env: Resolved) -> Any:
    def row(_: Resolved, route: Resource[Route]) -> Row:
        return {
            "name": route.name,
            "strategy": route.spec.strategy,
            "targets": [target.model for target in route.spec.targets],
            "fallbacks": list(route.spec.fallbacks or ()),
            "requires": sorted(route.spec.requires or ()),
        }

    return row


def _team_row(_: Resolved, team: Resource[Team]) -> Row:
    budget = team.spec.budget
    return {
        "name": team.name,
        "uses": list(team.spec.uses),
        "budget": f"{budget.amount} {budget.currency}/{budget.per}" if budget else None,
    }


def masked(env: Resolved, resource: Resource[Any]) -> dict[str, Any]:
    """Return the resolved values of a resource, with masked secrets and the identity first."""
    # Canonical JSON and targets are imported with bundles. Lists do not need them.
    from llmconf.build import bundle

    return {"identity": resource.identity, **_mask(bundle.effective(env, resource))}


def _mask(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _mask(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_mask(part) for part in value]
    return _masked_text(key, value)


def _masked_text(key: str, value: Any) -> Any:
    hidden = isinstance(value, str) and (is_token_like(value) or is_secret_name(key))
    return mask(value) if hidden else value


def origins(project: Project, resource: Resource[Any]) -> Iterator[tuple[str, Any, list[str]]]:
    """Yield the dotted path of each value of a resource, the masked value, and `layer file:line` of each place.

    The last place wins.
    """
    documents: dict[str, Document | LockText] = {}
    for path, value in _leaves(resource.data, ()):
        places = []
        for layer, real in resource.chain(path):
            if layer.file not in documents:
                documents[layer.file] = open_text(project.text(layer.file) or "", layer.file)
            span = documents[layer.file].locate(layer.document, layer.path + real)
            places.append(f"{_layer_name(layer, path)} {layer.file}:{span.line}")
        yield ".".join(map(str, path)), _masked_text(str(path[-1]), value), places


def _layer_name(layer: Layer, path: Path) -> str:
    """Return the name of a layer. For a lock, add the source of the fact."""
    source = layer.data.get("sources", {}).get(path[0]) if layer.is_locked else None
    return f"{layer.name} ({source})" if source else layer.name


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, index))
    elif path:
        yield path, value
