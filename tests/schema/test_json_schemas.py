"""The JSON Schemas as other programs see them: python jsonschema, check-jsonschema and ajv."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from commands import EXAMPLES, REPOSITORY, run
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from llmconf.api import validate

SCHEMAS = REPOSITORY / "schemas"
NODE_MODULES = Path(os.environ.get("LLMCONF_NODE_MODULES", REPOSITORY / ".tools" / "node_modules"))
NAMES = sorted(path.name for path in SCHEMAS.glob("*.json"))
UNIONS = ("llmconf", "overlay", "project")

PROVIDER: dict[str, Any] = {
    "kind": "Provider",
    "name": "openai",
    "type": "openai",
    "options": {"organization": "org-123"},
    "endpoints": [{"name": "main", "url": "https://api.openai.com/v1", "timeout": "60s"}],
    "credentials": [{"name": "main", "hosts": ["api.openai.com"], "api_key": "env:OPENAI_API_KEY"}],
    "models": [{"id": "gpt-5", "capabilities": ["chat"], "price": {"input": "1.25"}}],
}
ROUTE: dict[str, Any] = {"kind": "Route", "name": "chat", "targets": [{"model": "openai/gpt-5"}]}
TEAM: dict[str, Any] = {
    "kind": "Team",
    "name": "search",
    "uses": ["route/chat"],
    "budget": {"amount": "500", "per": "month"},
}
OVERLAY: dict[str, Any] = {
    "kind": "Provider",
    "name": "openai",
    "limits": None,
    "labels": {"owner": None},
    "headers": {"X-Team": None},
    "extra": {"litellm": None},
    "endpoints": [
        {"name": "main", "timeout": None},
        {"name": "eu", "$new": True, "url": "https://eu.api.openai.com/v1"},
    ],
    "models": [{"id": "gpt-5", "$remove": "not bought"}],
}
PROJECT: dict[str, Any] = {
    "version": 1,
    "name": "acme",
    "environments": {"dev": None, "prod": {"vault": "prod"}},
    "defaults": {"Endpoint/vllm": {"timeout": "60s"}},
    "rules": {"LCE004": "warning"},
}
GONE = object()
GOOD = {
    "llmconf": {"provider": PROVIDER, "route": ROUTE, "team": TEAM},
    "overlay": {"overlay": OVERLAY},
    "project": {"project": PROJECT, "short": {**PROJECT, "environments": ["dev", "prod"]}},
}
BROKEN: dict[str, tuple[str, dict[str, Any], str, Any, str]] = {
    # name: schema, document, where it is changed, to what, and where the error is to be reported
    "unknown key": ("llmconf", PROVIDER, "enpoints", [], ""),
    "unknown inner key": ("llmconf", PROVIDER, "endpoints.0.tiemout", "60s", "endpoints[0]"),
    "unknown type": ("llmconf", PROVIDER, "type", "opnai", "type"),
    "unknown kind": ("llmconf", PROVIDER, "kind", "Provder", "kind"),
    "no kind": ("llmconf", PROVIDER, "kind", GONE, ""),
    "missing url": ("llmconf", PROVIDER, "endpoints.0.url", GONE, "endpoints[0]"),
    "missing targets": ("llmconf", ROUTE, "targets", GONE, ""),
    "number as price": ("llmconf", PROVIDER, "models.0.price.input", 1.25, "models[0].price.input"),
    "plaintext secret": ("llmconf", PROVIDER, "credentials.0.api_key", "fake-key", "credentials[0].api_key"),
    "broken token": ("llmconf", PROVIDER, "credentials.0.api_key", "ENC(v1;a)", "credentials[0].api_key"),
    "option of another type": ("llmconf", PROVIDER, "options.api_version", "2024-10-21", "options"),
    "options as text": ("llmconf", PROVIDER, "options", "none", "options"),
    "credential field of another type": (
        "llmconf", PROVIDER, "credentials.0.access_key_id", "env:KEY", "credentials[0]",
    ),
    "bad duration": ("llmconf", PROVIDER, "endpoints.0.timeout", "60 seconds", "endpoints[0].timeout"),
    "duration as number": ("llmconf", PROVIDER, "endpoints.0.timeout", 60, "endpoints[0].timeout"),
    "bad name": ("llmconf", PROVIDER, "name", "Open AI", "name"),
    "url without a scheme": ("llmconf", PROVIDER, "endpoints.0.url", "api.openai.com", "endpoints[0].url"),
    "wildcard host": ("llmconf", PROVIDER, "credentials.0.hosts", ["*.com"], "credentials[0].hosts[0]"),
    "$new in the base": ("llmconf", PROVIDER, "$new", True, ""),
    "$new in an item of the base": ("llmconf", PROVIDER, "endpoints.0.$new", True, "endpoints[0]"),
    "unknown capability": (
        "llmconf", PROVIDER, "models.0.capabilities", ["caht"], "models[0].capabilities[0]",
    ),
    "strategy": ("llmconf", ROUTE, "strategy", "random", "strategy"),
    "target without provider": ("llmconf", ROUTE, "targets.0.model", "gpt-5", "targets[0].model"),
    "use without kind": ("llmconf", TEAM, "uses", ["chat"], "uses[0]"),
    "amount as number": ("llmconf", TEAM, "budget.amount", 500, "budget.amount"),
    "period": ("llmconf", TEAM, "budget.per", "hour", "budget.per"),
    "$new that is false": ("overlay", OVERLAY, "endpoints.1.$new", False, "endpoints[1].$new"),
    "$new without what is required": ("overlay", OVERLAY, "endpoints.1.url", GONE, "endpoints[1]"),
    "$remove without a reason": ("overlay", OVERLAY, "models.0.$remove", "", "models[0].$remove"),
    "required field unset": ("overlay", OVERLAY, "endpoints.1.url", None, "endpoints[1].url"),
    "overlay of nothing": ("overlay", OVERLAY, "name", GONE, ""),
    "unknown key in an overlay": ("overlay", OVERLAY, "endpoints.0.ulr", "https://a.example", "endpoints[0]"),
    "item twice": ("llmconf", TEAM, "uses", ["route/chat", "route/chat"], "uses"),
    "negative budget": ("llmconf", TEAM, "budget.amount", "-5", "budget.amount"),
    "label in the base unset": ("llmconf", {**ROUTE, "labels": {"a": "b"}}, "labels.a", None, "labels.a"),
    "version": ("project", PROJECT, "version", 2, "version"),
    "unknown key in the project": ("project", PROJECT, "enviroments", [], ""),
    "severity": ("project", PROJECT, "rules.LCE004", "fatal", "rules.LCE004"),
    "rule code": ("project", PROJECT, "rules.E4", "off", "rules"),
    "defaults of an unknown kind": ("project", PROJECT, "defaults.Endpiont", {}, "defaults"),
}  # fmt: skip


def _place(path: str) -> str:
    """Write a path as the table has it; versions differ in how they quote `$new`."""
    return re.sub(r"\['?([$]\w+)'?\]", r".\1", path)


def _changed(document: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    *steps, last = where.split(".")
    holder: Any = changed
    for step in steps:
        holder = holder[int(step) if step.isdigit() else step]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    return changed


@cache
def _schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


def _documents() -> Iterator[tuple[str, str, Any]]:
    """Yield the schema, a name and the data of each document of the examples."""
    for file in sorted(EXAMPLES.rglob("*.yaml")):
        path = file.relative_to(EXAMPLES)
        if {"dist", "lock"} & set(path.parts):
            continue
        is_project, is_overlay = file.name == "llmconf.yaml", "environments" in path.parts
        schema = "project" if is_project else "overlay" if is_overlay else "llmconf"
        loaded = YAML(typ="safe", pure=True).load_all(file.read_text(encoding="utf-8"))
        for number, data in enumerate(loaded):
            yield schema, f"{'-'.join(path.with_suffix('').parts)}-{number}", data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all documents, one a file: SCHEMA/good/*.yaml and SCHEMA/broken/*.yaml."""
    root = tmp_path_factory.mktemp("documents")
    examples = [(schema, "good", name, data) for schema, name, data in _documents()]
    own = [(schema, "good", name, data) for schema, some in GOOD.items() for name, data in some.items()]
    broken = [
        (schema, "broken", name.replace(" ", "_"), _changed(document, where, value))
        for name, (schema, document, where, value, _) in BROKEN.items()
    ]
    for schema, kind, name, data in examples + own + broken:
        file = root / schema / kind / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as stream:
            yaml = YAML(typ="safe", pure=True)
            yaml.dump(data, stream)
    return root


def test_there_is_a_schema_for_each_kind_and_place() -> None:
    kinds = ("provider", "endpoint", "credential", "model", "route", "team")
    assert sorted(f"{name}.schema.json" for name in (*kinds, *UNIONS)) == NAMES


def test_the_committed_schemas_are_what_the_command_writes(tmp_path: Path) -> None:
    done = run("schema", "--write", "--out", tmp_path / "fresh")
    assert done.returncode == 0, done.stderr
    written = {file.name: file.read_bytes() for file in (tmp_path / "fresh").iterdir()}
    committed = {name: (SCHEMAS / name).read_bytes() for name in NAMES}
    assert written == committed, "llmconf schema --write"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema(name: str) -> None:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    Draft202012Validator.check_schema(schema)


def _undescribed(schema: Any, at: str = "") -> Iterator[str]:
    """Yield the properties without a description; those of a condition are no fields."""
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _undescribed(item, f"{at}/{index}")
    elif isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            if value is not True and "description" not in value and set(value) - {"items", "type"}:
                yield f"{at}/properties/{name}"
        for key, value in schema.items():
            if key not in ("if", "examples", "enum", "const", "default"):
                yield from _undescribed(value, f"{at}/{key}")


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_a_description(name: str) -> None:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    assert list(_undescribed(schema)) == []
    del schema["properties"]["kind" if "kind" in schema["properties"] else "name"]["description"]
    assert len(list(_undescribed(schema))) == 1


def test_an_editor_gets_choices_defaults_and_examples() -> None:
    provider = _schema("provider")
    endpoint = provider["$defs"]["Endpoint"]["properties"]
    assert {"openai", "vllm", "bedrock"} <= set(provider["properties"]["type"]["enum"])
    assert endpoint["url"]["examples"]
    assert endpoint["default"]["default"] is False
    assert _schema("route")["properties"]["strategy"]["default"] == "priority"
    assert "default" not in _schema("overlay")["$defs"]["RouteDocument"]["properties"]["strategy"]


@pytest.mark.parametrize("schema", UNIONS)
def test_jsonschema_accepts_what_is_right(schema: str) -> None:
    validator = Draft202012Validator(_schema(schema))
    documents = [(name, data) for kind, name, data in _documents() if kind == schema]
    for name, data in [*documents, *GOOD[schema].items()]:
        assert [f"{name}: {error.json_path}" for error in validator.iter_errors(data)] == []
    assert len(documents) > 1


@pytest.mark.parametrize("name", BROKEN)
def test_jsonschema_refuses_what_is_broken_once_and_there(name: str) -> None:
    schema, document, where, value, place = BROKEN[name]
    errors = Draft202012Validator(_schema(schema)).iter_errors(_changed(document, where, value))
    expected = f"$.{place}" if place else "$"
    assert [_place(error.json_path) for error in errors] == [expected]


def test_kinds_have_schemas_of_their_own() -> None:
    for kind, document in (("provider", PROVIDER), ("route", ROUTE), ("team", TEAM)):
        validator = Draft202012Validator(_schema(kind))
        assert validator.is_valid(document)
        assert not validator.is_valid({**document, "kind": "Model"})


def _check_jsonschema(schema: str, files: list[Path]) -> dict[str, list[str]]:
    """Run check-jsonschema; return the paths of its errors by the name of the file."""
    program = Path(sys.executable).with_name("check-jsonschema")
    command: list[str | Path] = [
        program,
        "-o",
        "json",
        "--schemafile",
        SCHEMAS / f"{schema}.schema.json",
        *files,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    errors = answer.get("errors", [])
    assert answer["status"] == ("fail" if errors else "ok")
    assert not answer.get("parse_errors")
    found: dict[str, list[str]] = {}
    for error in errors:
        found.setdefault(Path(error["filename"]).stem, []).append(_place(error["path"]))
    return found


@pytest.mark.parametrize("schema", UNIONS)
def test_check_jsonschema_agrees(schema: str, folder: Path) -> None:
    assert _check_jsonschema(schema, sorted((folder / schema / "good").iterdir())) == {}
    found = _check_jsonschema(schema, sorted((folder / schema / "broken").iterdir()))
    assert found == {
        name.replace(" ", "_"): [f"$.{place}" if place else "$"]
        for name, (kind, _, _, _, place) in BROKEN.items()
        if kind == schema
    }


def _ajv(schema: str, files: Path) -> tuple[set[str], set[str], str]:
    """Run ajv in its strict mode; return which files it accepts and which it refuses, and all it said."""
    program = NODE_MODULES / ".bin" / "ajv"
    assert program.exists(), f"ajv-cli is not in {NODE_MODULES}: tests/run installs it"
    done = subprocess.run(
        [program, "validate", "--spec=draft2020", "--strict=true", "--all-errors", "--errors=no",
         "-s", SCHEMAS / f"{schema}.schema.json", "-d", f"{files}/*.yaml"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    said = (done.stdout + done.stderr).splitlines()
    verdicts = [line.rpartition(" ") for line in said if line.endswith((" valid", " invalid"))]
    accepted = {Path(file).stem for file, _, verdict in verdicts if verdict == "valid"}
    refused = {Path(file).stem for file, _, verdict in verdicts if verdict == "invalid"}
    return accepted, refused, "\n".join(said)


@pytest.mark.parametrize("schema", UNIONS)
@pytest.mark.parametrize("kind", ["good", "broken"])
def test_ajv_agrees(schema: str, kind: str, folder: Path) -> None:
    files = {file.stem for file in (folder / schema / kind).iterdir()}
    accepted, refused, said = _ajv(schema, folder / schema / kind)
    assert (accepted if kind == "good" else refused) == files, said
    assert (refused if kind == "good" else accepted) == set(), said


@pytest.mark.parametrize("name", [name for name, row in BROKEN.items() if row[1] is PROVIDER])
def test_llmconf_refuses_what_its_schemas_refuse(name: str, tmp_path: Path) -> None:
    _, document, where, value, _ = BROKEN[name]
    (tmp_path / "config").mkdir()
    (tmp_path / "llmconf.yaml").write_text("{version: 1, name: one}\n", encoding="utf-8")
    (tmp_path / "config" / "one.yaml").write_text(
        json.dumps(_changed(document, where, value)), encoding="utf-8"
    )
    codes = {diagnostic.code for diagnostic in validate(tmp_path, today=date(2026, 11, 23)).diagnostics}
    form = {"LCE007", "LCK001", "LCK004", "LCK011", "LCK013"}
    assert any(code in form or code.startswith("LCS") for code in codes), codes


def test_llmconf_accepts_what_its_schemas_accept(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "llmconf.yaml").write_text("{version: 1, name: one}\n", encoding="utf-8")
    for name, document in GOOD["llmconf"].items():
        (tmp_path / "config" / f"{name}.yaml").write_text(json.dumps(document), encoding="utf-8")
    assert validate(tmp_path, today=date(2026, 11, 23)).diagnostics == []
