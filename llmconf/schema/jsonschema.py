"""JSON Schemas (2020-12) of the kinds, of overlays and of the project file, from the pydantic models.

Editors use them to complete and explain keys. Other validators use them to refuse documents of the wrong form. A
schema cannot check references between resources, so rules check them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from llmconf import adapters
from llmconf.core.grammar import PROJECT_FILE
from llmconf.schema.kinds import CREDENTIAL_FIELDS, DOCUMENTS, RESOURCES
from llmconf.schema.project_file import ProjectFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXAMPLES: dict[str, list[Any]] = {
    "Endpoint.url": ["https://api.openai.com/v1"],
    "Endpoint.timeout": ["60s"],
    "Credential.hosts": [["api.openai.com"]],
    "Credential.expires": ["2030-03-31"],
    "Model.id": ["gpt-5"],
    "Model.base": ["gpt-5", "openai/gpt-5"],
    "Price.input": ["1.25"],
    "Price.output": ["10"],
    "Target.model": ["openai/gpt-5"],
    "Team.uses": [["route/chat-default"]],
    "Provider.type": ["openai", "azure_openai", "vllm"],
    "ProjectFile.rules": [{"LCE004": "warning"}],
}
_CONTROLS = {
    "$new": {
        "const": True,
        "description": "Says that the resource is new and not in the base.",
    },
    "$remove": {
        "type": "string",
        "minLength": 1,
        "description": "Removes the resource from this environment. The text is the reason.",
    },
}
_KEEP_IN_OVERLAY = {"name", "id", "kind", "provider", "model", "above"}


def schemas() -> dict[str, dict[str, Any]]:
    """Return all schemas by file name."""
    found = {f"{kind.lower()}.schema.json": document_schema(kind) for kind in DOCUMENTS}
    found["llmconf.schema.json"] = _union("A document of llmconf", document_schema)
    found["overlay.schema.json"] = _union("A document of an overlay", overlay_schema)
    found["project.schema.json"] = project_schema()
    return found


def document_schema(kind: str) -> dict[str, Any]:
    """Return the schema of a base document of one kind."""
    schema = _plain_schema(kind)
    if kind == "Provider":
        # Each type defines its options, so that a wrong one is reported only once.
        schema["properties"]["options"] = {"description": schema["properties"]["options"]["description"]}
        schema["allOf"] = list(_by_type())
    return schema


def overlay_schema(kind: str) -> dict[str, Any]:
    """Return the schema of an overlay document: partial, with `$new` and `$remove`, and with null to unset a value."""
    schema = _plain_schema(kind)
    definitions = schema.get("$defs", {})
    for name, definition in definitions.items():
        _loosen(definition, definitions, controls=name in ("Endpoint", "Credential", "Model", "Target"))
    _loosen(schema, definitions, controls=True)
    schema["title"] = f"Overlay of a {kind}"
    return schema


def _plain_schema(kind: str) -> dict[str, Any]:
    """Return the schema of a document of one kind, without the parts that depend on its type."""
    schema = _model_schema(DOCUMENTS[kind])
    schema["properties"] = {
        "kind": {"const": kind, "description": f"This document is a {kind}."},
        **schema["properties"],
    }
    schema["required"] = ["kind", *schema.get("required", [])]
    schema["title"] = kind
    if kind == "Provider":
        schema["properties"]["type"]["enum"] = list(adapters.types())
    return {"$schema": _DIALECT, **schema}


def project_schema() -> dict[str, Any]:
    """Return the schema of `llmconf.yaml`."""
    schema = _model_schema(ProjectFile)
    by_name = schema["properties"]["environments"]
    description = by_name.pop("description", "")
    schema["properties"]["environments"] = {
        "description": description,
        "anyOf": [by_name, {"type": "array", "items": {"type": "string"}, "uniqueItems": True}],
    }
    kinds = "|".join(RESOURCES)
    schema["properties"]["defaults"]["propertyNames"] = {"pattern": f"^({kinds})(/[a-z0-9._-]+)?$"}
    return {"$schema": _DIALECT, **schema, "title": f"The project file {PROJECT_FILE}"}


def _union(title: str, make: Any) -> dict[str, Any]:
    """Join the schemas of all kinds. Only `kind` chooses among them, so that a mistake is reported once."""
    definitions: dict[str, Any] = {}
    branches = []
    for kind in DOCUMENTS:
        schema = make(kind)
        definitions |= schema.pop("$defs", {})
        schema.pop("$schema")
        definitions[f"{kind}Document"] = schema
        condition = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        branches.append({"if": condition, "then": {"$ref": f"#/$defs/{kind}Document"}})
    return {
        "$schema": _DIALECT,
        "title": title,
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(DOCUMENTS), "description": "The kind of the resource."}},
        "allOf": branches,
        "$defs": definitions,
    }


def _by_type() -> Iterator[dict[str, Any]]:
    """Yield the conditions for providers of one protocol: their options, and the fields of their credentials."""
    for protocol in adapters.protocols():
        names = [name for name in adapters.types() if adapters.preset(name).protocol == protocol]
        module = adapters.adapter(names[0])
        options = _model_schema(module.Options)
        options.pop("title", None)
        allowed = set().union(*(form.fields for form in module.CREDENTIAL_FORMS))
        refused = [field for field in CREDENTIAL_FIELDS if field not in allowed]
        # An error about a name quotes the name. An error about a value would quote it, and it may be a secret.
        item = {"type": "object", "propertyNames": {"not": {"enum": refused}}}
        then: dict[str, Any] = {
            "properties": {"options": options, "credentials": {"type": ["array", "null"], "items": item}}
        }
        if options.get("required"):
            then["required"] = ["options"]
        yield {"if": {"properties": {"type": {"enum": names}}, "required": ["type"]}, "then": then}


def _loosen(schema: dict[str, Any], definitions: dict[str, Any], *, controls: bool) -> None:
    """Make an object schema one of an overlay: only names are required, and null unsets an optional value."""
    properties = schema.get("properties")
    if properties is None:
        return
    required = schema.pop("required", [])
    kept = [name for name in required if name in _KEEP_IN_OVERLAY]
    if kept:
        schema["required"] = kept
    for name, value in properties.items():
        value.pop("default", None)
        if name not in required and name not in _KEEP_IN_OVERLAY:
            _allow_null(value, definitions)
        if name in ("labels", "extra", "headers"):
            inner = [value.get("additionalProperties"), *value.get("patternProperties", {}).values()]
            for item in inner:
                if isinstance(item, dict):
                    _allow_null(item, definitions)
    if controls:
        properties |= _CONTROLS
        is_new = {"properties": {"$new": {"const": True}}, "required": ["$new"]}
        schema["if"] = is_new
        schema["then"] = {"properties": dict.fromkeys(required, True), "required": required}


def _allow_null(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Allow null without a union, because the errors of a union name the whole value and not the wrong part."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "type" in schema and "null" not in schema["type"]:
        schema["type"] = [schema["type"], "null"]
        values = [schema.pop("const")] if "const" in schema else schema.get("enum")
        if values:
            schema["enum"] = [*values, None]


def _tidy(schema: Any, definitions: dict[str, Any]) -> None:
    """Turn each `anyOf` of a schema and null into a schema that allows null, and refuse keys of an unknown form."""
    if isinstance(schema, list):
        for item in schema:
            _tidy(item, definitions)
    elif isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        either = schema.get("anyOf", [])
        if {"type": "null"} in either:
            del schema["anyOf"]
            schema |= next(one for one in either if one != {"type": "null"})
            _allow_null(schema, definitions)
            if schema.get("default", "") is None:
                del schema["default"]
        for value in list(schema.values()):
            _tidy(value, definitions)


def _model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return pydantic's schema of a model with the attribute docstrings as descriptions."""
    schema = model.model_json_schema(mode="validation")
    _tidy(schema, schema.get("$defs", {}))
    models = {inner.__name__: inner for inner in _models_in(model)}
    _describe(schema, model)
    for name, definition in schema.get("$defs", {}).items():
        if name in models:
            _describe(definition, models[name])
    return schema


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    texts = _docstrings(model)
    for name, value in schema.get("properties", {}).items():
        value.pop("title", None)
        if name in texts:
            value["description"] = texts[name]
        for owner in model.__mro__:
            examples = _EXAMPLES.get(f"{owner.__name__}.{name}")
            if examples:
                value["examples"] = examples


def _models_in(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a model and all models that its fields hold."""
    found: set[type[BaseModel]] = set()
    pending: list[Any] = [model]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in found:
                found.add(annotation)
                pending += [field.annotation for field in annotation.model_fields.values()]
        else:
            pending += get_args(annotation)
    return found


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the attribute docstrings of a model and its bases, by field."""
    texts: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, BaseModel) and owner.__module__.startswith("llmconf."):
            texts |= _module_docstrings(owner.__module__).get(owner.__name__, {})
    return texts


@cache
def _module_docstrings(module: str) -> dict[str, dict[str, str]]:
    # pydantic can read these itself, but it would parse the source at every start.
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            pairs = zip(node.body, node.body[1:], strict=False)
            found[node.name] = {
                field.target.id: inspect.cleandoc(text.value.value)
                for field, text in pairs
                if isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
                and isinstance(text.value.value, str)
            }
    return found
