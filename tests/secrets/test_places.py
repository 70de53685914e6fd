"""Where secrets may stand: what `exec` opens is what `secrets list` shows, in each field and layer that there is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import pytest
import yaml
from pydantic import AfterValidator
from secret_support import Lab, make_lab

from llmconf.schema.kinds import RESOURCES, HeaderName, HeaderValue
from llmconf.schema.types import Strict, _check_secret

CANARY = "fakeCANARYplaceCANARYfakeGGGG"
SHOW = "import json, os, sys; json.dump(dict(os.environ), sys.stdout)"
HEADERS = ("X-Team", "Authorization", "x-api-key", "X.Tenant")
"""Names of headers: some that look like those of a secret, some that do not, and one with a point."""
PROVIDER = "provider/place"
NAMES = {"Provider": PROVIDER, "Endpoint": "endpoint/place/main", "Credential": "credential/place/main"}
Path_ = tuple[str, ...]


def is_secret(metadata: tuple[Any, ...]) -> bool:
    return any(isinstance(part, AfterValidator) and part.func is _check_secret for part in metadata)


def fields(model: type[Strict], prefix: Path_ = ()) -> Iterator[Path_]:
    """Yield the paths of a model that may hold a secret, as its types say."""
    for name, field in model.model_fields.items():
        path = (*prefix, name)
        for part in (field.annotation, *get_args(field.annotation)):
            if is_secret((*field.metadata, *getattr(part, "__metadata__", ()))):
                yield path
            if isinstance(part, type) and issubclass(part, Strict):
                yield from fields(part, path)
        if get_args(field.annotation) == (HeaderName, HeaderValue):
            yield from ((*path, header) for header in HEADERS)


PLACES = [(kind, path) for kind, model in RESOURCES.items() for path in dict.fromkeys(fields(model))]
LAYERS = ("base", "prod", "defaults", "new")
"""Where the field is set: in `config/`, in an overlay, in the project's defaults, or in what an overlay adds."""


def cases() -> Iterator[Any]:
    for kind, path in PLACES:
        for layer in LAYERS:
            if (layer, kind) != ("defaults", "Credential"):  # a credential has no defaults
                yield pytest.param(kind, path, layer, id=f"{kind}-{'.'.join(path)}-{layer}")


def put(data: dict[str, Any], path: Path_, value: str) -> None:
    for step in path[:-1]:
        data = data.setdefault(step, {})
    data[path[-1]] = value


def project(kind: str, path: Path_, layer: str, value: str) -> dict[str, Any]:
    """Return the files of a project that holds one secret, at one place."""
    settings: dict[str, Any] = {
        "version": 1, "name": "places", "environments": {"dev": {}, "prod": {"vault": "prod"}}, "defaults": {},
        "rules": {"LCK011": "off"},
    }  # fmt: skip
    endpoint: dict[str, Any] = {"name": "main", "url": "https://llm.example.org/v1"}
    credential: dict[str, Any] = {"name": "main", "hosts": ["llm.example.org"]}
    provider: dict[str, Any] = {
        "kind": "Provider", "name": "place", "type": "openai_compatible", "endpoints": [endpoint],
        "credentials": [credential] if kind == "Credential" else [], "models": [{"id": "a"}],
    }  # fmt: skip
    files: dict[str, Any] = {"llmconf.yaml": settings, "config/place.yaml": provider}
    holders = {"Provider": provider, "Endpoint": endpoint, "Credential": credential}
    if layer == "defaults":
        put(settings["defaults"], (kind, *path), value)
    elif layer == "base":
        put(holders[kind], path, value)
    else:
        overlay: dict[str, Any] = {"kind": kind, "name": "place" if kind == "Provider" else "main"}
        overlay |= {} if kind == "Provider" else {"provider": "place"}
        put(holders[kind] if layer == "new" else overlay, path, value)
        if layer == "new":
            files["environments/prod/new.yaml"] = {**files.pop("config/place.yaml"), "$new": True}
        else:
            files["environments/prod/place.yaml"] = overlay
    return files


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A machine and a vault, without anything in `config/`."""
    lab = make_lab(tmp_path)
    for folder in ("config", "environments"):
        for file in (lab.root / folder).rglob("*.yaml"):
            file.unlink()
    lab.write("secrets/place.txt", CANARY)
    return replace(lab, extra={"LLMCONF_ALLOW_REF": "file:secrets/*@llm.example.org"})


def write(lab: Lab, files: dict[str, Any]) -> None:
    for name, data in files.items():
        lab.write(name, yaml.safe_dump(data, sort_keys=False))


def shown(lab: Lab) -> list[dict[str, str]]:
    done = lab.run("secrets", "list", "-o", "json")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def opened(lab: Lab) -> list[str]:
    """Return what `exec` hands to a program under names of its own."""
    done = lab.run("exec", "--env", "prod", "--", sys.executable, "-c", SHOW)
    assert done.returncode == 0, done.stderr
    given: dict[str, str] = json.loads(done.stdout)
    return [value for name, value in given.items() if name.startswith("LLMCONF_PLACE_")]


def test_places_are_of_all_kinds() -> None:
    """The table of places is no empty one, whatever becomes of the types it is read from."""
    assert {kind for kind, _ in PLACES} == {"Provider", "Endpoint", "Credential"}
    assert {("Credential", ("api_key",)), ("Endpoint", ("tls", "client_key"))} < set(PLACES)
    assert NoneType not in {type(path) for _, path in PLACES}


@pytest.mark.parametrize(("kind", "path", "layer"), list(cases()))
def test_what_exec_opens_is_what_the_list_shows(lab: Lab, kind: str, path: Path_, layer: str) -> None:
    write(lab, project(kind, path, layer, "file:secrets/place.txt"))
    rows = [(row["identity"], row["field"], row["layer"], row["value"]) for row in shown(lab)]
    assert opened(lab) == [CANARY]
    where = "prod" if layer == "new" else layer
    assert rows == [(NAMES[kind], ".".join(path), where, "file:secrets/place.txt")]
    env = ("--env", "prod") if where == "prod" else ()
    got = lab.run("secrets", "get", NAMES[kind], ".".join(path), *env)
    assert (got.returncode, got.stdout) == (0, "file:secrets/place.txt\n"), got.stderr


@pytest.mark.parametrize(("kind", "path"), PLACES, ids=lambda value: "-".join(value) if isinstance(value, tuple) else value)
@pytest.mark.parametrize("layer", ["base", "prod"])
def test_a_secret_is_sealed_in_each_place(lab: Lab, kind: str, path: Path_, layer: str) -> None:
    """`secrets set` seals what stands there; then it opens, and is checked and rotated like any other."""
    write(lab, project(kind, path, layer, "file:secrets/place.txt"))
    (lab.root / "secrets/place.txt").unlink()
    env, vault = (("--env", "prod"), "prod") if layer == "prod" else ((), "default")
    done = lab.run("secrets", "set", NAMES[kind], ".".join(path), *env, stdin=CANARY)
    assert done.returncode == 0, done.stderr
    assert opened(lab) == [CANARY]
    (row,) = shown(lab)
    assert (row["identity"], row["field"], row["layer"], row["vault"]) == (NAMES[kind], ".".join(path), layer, vault)
    assert row["value"] == "****GGGG"
    assert lab.run("secrets", "check").stderr == "1 token opened\n"
    assert lab.run("secrets", "rotate", "--vault", vault).returncode == 0
    assert opened(lab) == [CANARY]
    assert shown(lab)[0]["key"] != row["key"]


@pytest.mark.parametrize(("kind", "path"), [place for place in PLACES if place[0] != "Credential"])
def test_a_default_is_not_sealed_for_one_resource(lab: Lab, kind: str, path: Path_) -> None:
    """What all resources of a kind share cannot hold a token, which is bound to one of them."""
    write(lab, project(kind, path, "defaults", "file:secrets/place.txt"))
    before = (lab.root / "llmconf.yaml").read_bytes()
    done = lab.run("secrets", "set", NAMES[kind], ".".join(path), stdin=CANARY)
    assert done.returncode == 1
    assert "`defaults`" in done.stderr
    assert (lab.root / "llmconf.yaml").read_bytes() == before


def test_a_default_that_a_resource_overrides_is_not_shown(lab: Lab) -> None:
    files = project("Endpoint", ("headers", "X-Team"), "defaults", "file:secrets/place.txt")
    files["config/place.yaml"]["endpoints"][0]["headers"] = {"X-Team": "plain"}
    write(lab, files)
    assert shown(lab) == []
    assert opened(lab) == []


@pytest.mark.parametrize(("kind", "path"), [("Endpoint", path) for kind, path in PLACES if kind == "Endpoint"])
def test_what_is_sealed_for_an_endpoint_does_not_move_with_it(lab: Lab, kind: str, path: Path_) -> None:
    """`validate` reports, without a key, what would not open where an overlay sends it."""
    write(lab, project(kind, path, "base", "file:secrets/place.txt"))
    assert lab.run("secrets", "set", NAMES[kind], ".".join(path), stdin=CANARY).returncode == 0
    moved = {"kind": "Endpoint", "provider": "place", "name": "main", "url": "https://other.example.org/v1"}
    write(lab, {"environments/prod/moved.yaml": moved})
    done = lab.run("validate", "--report", "concise", key=False)
    assert (done.returncode, "error LCK015" in done.stdout, path[-1] in done.stdout) == (1, True, True), done.stdout
    refused = lab.run("exec", "--env", "prod", "--", sys.executable, "-c", SHOW)
    assert (refused.returncode, CANARY in refused.stdout) == (1, False)
