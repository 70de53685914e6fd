"""What `list` and `show` tell of resources: rows and values for people and programs, secrets masked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, get_args

from llmconf import wiring
from llmconf.diagnostics import Path, did_you_mean
from llmconf.document import Document
from llmconf.errors import UsageError
from llmconf.fields import mask
from llmconf.project import Project
from llmconf.resolved import Resolved, Resource
from llmconf.schema._types import Capability
from llmconf.schema.kinds import SECRET_FIELDS, Credential, Endpoint, Model, Provider, Route, Team

Row = dict[str, Any]


def resource_rows(env: Resolved, kind: str) -> list[Row]:
    """Return a row for each resource of a kind (`model`), with what a table shows of it."""
    makers: dict[str, Any] = {
        "provider": (env.providers, _provider_row), "endpoint": (env.endpoints, _endpoint_rows(env)),
        "credential": (env.credentials, _credential_row), "model": (env.models, _model_rows(env)),
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


def filter_rows(
    env: Resolved,
    kind: str,
    rows: Iterable[Row],
    capabilities: Collection[str],
    labels: dict[str, str],
    provider: str | None,
) -> list[Row]:
    """Keep the rows that have all capabilities and labels and belong to the provider.

    A route belongs to the providers of its targets. Raises UsageError for a filter that can find nothing.
    """
    _check_filters(env, kind, capabilities, provider)
    wanted = set(capabilities)
    return [
        row
        for row in rows
        if wanted <= set(row.get("capabilities") or row.get("requires") or ())
        and labels.items() <= row["labels"].items()
        and (provider is None or provider in _providers_of(kind, row))
    ]


def _check_filters(env: Resolved, kind: str, capabilities: Collection[str], provider: str | None) -> None:
    if capabilities and kind not in ("model", "route"):
        raise UsageError(f"--capability does not go with `{kind}`", "only models and routes have capabilities")
    known = get_args(Capability)
    for capability in capabilities:
        if capability not in known:
            hint = did_you_mean(capability, known) or f"one of {', '.join(known)}"
            raise UsageError(f"there is no capability `{capability}`", hint)
    if provider is None:
        return
    if kind == "team":
        raise UsageError("--provider does not go with `team`", "a team belongs to no provider")
    names = [each.name for each in env.providers.values()]
    if provider not in names:
        hint = did_you_mean(provider, names) or "`llmconf list provider -o name` lists them"
        raise UsageError(f"there is no provider `{provider}`", hint)


def _providers_of(kind: str, row: Row) -> set[str]:
    if kind == "route":
        return {target.partition("/")[0] for target in row["targets"]}
    return {row["name"] if kind == "provider" else row["provider"]}


def _provider_row(env: Resolved, provider: Resource[Provider]) -> Row:
    return {
        "name": provider.name,
        "type": provider.spec.type,
        "endpoints": len(env.endpoints_of(provider.name)),
        "models": len(env.models_of(provider.name)),
    }


def _endpoint_rows(env: Resolved) -> Any:
    by_endpoint, defaults = wiring.credentials_by_endpoint(env), wiring.default_endpoints(env)

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
    fields = [name for name in SECRET_FIELDS if getattr(credential.spec, name) is not None]
    return {
        "provider": credential.provider,
        "name": credential.name,
        "hosts": [str(origin) for origin in wiring.bound_hosts(env, credential)],
        "expires": credential.spec.expires,
        "secrets": [f"{name}={mask(getattr(credential.spec, name))}" for name in fields],
    }


def _model_rows(env: Resolved) -> Any:
    by_id = wiring.models_by_id(env)

    def row(_: Resolved, model: Resource[Model]) -> Row:
        facts = wiring.facts_of(env, model, by_id)
        return {
            "provider": model.provider,
            "id": model.name,
            "mode": facts.mode or "chat",
            "context": facts.context,
            "max_output": facts.max_output,
            "input": facts.price.input if facts.price else None,
            "output": facts.price.output if facts.price else None,
            "capabilities": sorted(facts.capabilities or ()),
        }

    return row


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
    """Return the values of a resource as they take effect, its secrets masked and its identity first."""
    # Canonical JSON and targets come with bundles, and lists have no use for them.
    from llmconf import bundle

    return {"identity": resource.identity, **_mask(bundle.effective(env, resource))}


def _mask(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _mask(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_mask(part) for part in value]
    return _masked_text(key, value)


def _masked_text(key: str, value: Any) -> Any:
    sealed = isinstance(value, str) and value.startswith("ENC(")
    return mask(value) if isinstance(value, str) and (sealed or key in SECRET_FIELDS) else value


def origins(project: Project, resource: Resource[Any]) -> Iterator[tuple[str, Any, list[str]]]:
    """Yield each value of a resource: its dotted path, the value masked, and `layer file:line` of each place.

    The last place is the one that holds.
    """
    documents: dict[str, Document] = {}
    for path, value in _leaves(resource.data, ()):
        places = []
        for layer, real in resource.chain(path):
            if layer.file not in documents:
                documents[layer.file] = Document(project.text(layer.file) or "", layer.file)
            span = documents[layer.file].locate(layer.document, layer.path + real)
            places.append(f"{layer.name} {layer.file}:{span.line}")
        yield ".".join(map(str, path)), _masked_text(str(path[-1]), value), places


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, index))
    elif path:
        yield path, value
