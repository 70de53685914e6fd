"""Bundles: the same bytes everywhere, no secret in them, and nothing written where it must not be."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from commands import EXAMPLES, REPOSITORY, TODAY, commit_all, copy_example, edit, git, run, tree

from llmconf.core.tokens import TOKEN_PATTERN
from llmconf.workspace.repository import key_files

ACME = EXAMPLES / "acme"
TOKEN = re.compile(TOKEN_PATTERN[1:-1])
SEALED = REPOSITORY / "tests" / "check" / "rules" / "LCK018" / "good"


def build(root: Path, *args: str | Path, env: dict[str, str] | None = None, umask: int = -1) -> str:
    """Build and return what was said on standard output."""
    done = run("build", "-C", root, "--today", TODAY, *args, env=env, umask=umask)
    assert done.returncode == 0, done.stderr
    return done.stdout


def load(folder: Path, name: str = "bundle.json") -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def small(root: Path, **files: str) -> Path:
    """Write a project with one provider, one route and no environments."""
    return write(
        root,
        {
            "llmconf.yaml": "version: 1\nname: small\n",
            "config/all.yaml": (
                "kind: Provider\nname: openai\ntype: openai\n"
                "endpoints: [{name: main, url: https://api.openai.com/v1}]\n"
                "credentials: [{name: main, api_key: env:OPENAI_API_KEY}]\n"
                "models: [{id: gpt-5}]\n"
                "---\nkind: Route\nname: chat\ntargets: [{model: openai/gpt-5}]\n"
                "---\nkind: Team\nname: all\nuses: [route/chat]\n"
            ),
            **files,
        },
    )


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sealed")
    build(ACME, "--env", "prod", "--out", out)
    return out / "prod"


@pytest.fixture(scope="module")
def by_variable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("variables")
    build(ACME, "--env", "prod", "--out", out, "--secrets", "env")
    return out / "prod"


def test_the_same_commit_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    source = copy_example("acme", tmp_path / "source")
    commit_all(source)
    trees = []
    for place, umask, settings in (
        ("one", 0o022, {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1"}),
        (
            "two/a folder, deeper: ümlaut",
            0o077,
            {"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2"},
        ),
    ):
        clone = tmp_path / place
        git("clone", "--quiet", source, clone, cwd=tmp_path)
        build(clone, "--all", env=settings, umask=umask)
        trees.append(tree(clone / "dist"))
    assert trees[0] == trees[1]
    assert {name.partition("/")[0] for name in trees[0]} == {"dev", "staging", "prod"}


def test_the_order_of_files_on_disk_does_not_matter(tmp_path: Path, sealed: Path) -> None:
    root = tmp_path / "acme"
    for file in sorted(ACME.rglob("*.yaml"), reverse=True):
        if "dist" not in file.parts:
            (root / file.relative_to(ACME)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, root / file.relative_to(ACME))
    build(root, "--env", "prod")
    assert (root / "dist/prod/bundle.json").read_bytes() == (sealed / "bundle.json").read_bytes()


def test_the_bundle_is_canonical_json(sealed: Path) -> None:
    data = (sealed / "bundle.json").read_bytes()
    assert rfc8785.dumps(json.loads(data)) == data


def test_the_digests_of_the_manifest_hold(sealed: Path) -> None:
    manifest, files = load(sealed, "manifest.json"), tree(sealed)
    digests = {name: f"sha256:{hashlib.sha256(data).hexdigest()}" for name, data in files.items()}
    del digests["manifest.json"]
    assert manifest["files"] == digests
    del digests["provenance.json"]
    assert manifest["content"] == f"sha256:{hashlib.sha256(rfc8785.dumps(digests)).hexdigest()}"


def test_the_content_id_is_of_the_content_alone(tmp_path: Path) -> None:
    root = small(tmp_path)
    build(root)
    first = load(root / "dist/default", "manifest.json")
    assert first["revision"] is None
    commit_all(root)
    file = root / "config" / "all.yaml"
    file.write_text("# A comment moves all lines.\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    git("commit", "--quiet", "--all", "--message=Comment", cwd=root)
    build(root)
    second = load(root / "dist/default", "manifest.json")
    assert second["revision"] == git("rev-parse", "HEAD", cwd=root).strip()
    assert second["content"] == first["content"]
    assert second["files"]["provenance.json"] != first["files"]["provenance.json"]
    edit(file, "models: [{id: gpt-5}]", "models: [{id: gpt-5, context: 1000}]")
    build(root)
    third = load(root / "dist/default", "manifest.json")
    assert third["content"] != first["content"]
    assert third["revision"] == second["revision"] + "-dirty"


def _value(data: Any, pointer: str) -> Any:
    for escaped in pointer.split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


def _leaves(data: Any, at: str = "") -> set[str]:
    """Return the pointers of all values that hold no other."""
    if data and isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        steps = ((str(key).replace("~", "~0").replace("/", "~1"), value) for key, value in items)
        return set().union(*(_leaves(value, f"{at}/{step}") for step, value in steps))
    return {at}


@pytest.mark.parametrize("which", ["sealed", "by_variable"])
def test_every_value_names_the_lines_that_set_it(which: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(which)
    bundle, values = load(folder), load(folder, "provenance.json")["values"]
    wrong = []
    for pointer, places in values.items():
        file, _, number = places[-1].rpartition(":")
        line = (ACME / file).read_text(encoding="utf-8").splitlines()[int(number) - 1]
        value = _value(bundle, pointer)
        key = next(step for step in reversed(pointer.split("/")) if not step.isdigit() and step != "env")
        shown = value if isinstance(value, str) else json.dumps(value)
        if key.replace("~1", "/") not in line and shown not in line:
            wrong.append((pointer, places, line))
    assert wrong == []
    made_up = ("/format", "/project", "/environment", "/default", "/variables/")
    inherited = re.compile(r"/(models/[^/]+/endpoints|credentials/[^/]+/hosts)/[0-9]+$")
    missing = {
        pointer
        for pointer in _leaves(bundle) - values.keys()
        if not pointer.startswith(made_up[:3] + made_up[4:])
        and not pointer.endswith("/default")
        and not inherited.search(pointer)
    }
    assert missing == set()


def test_a_value_names_all_the_layers_it_went_through(sealed: Path) -> None:
    places = load(sealed, "provenance.json")["values"]["/routes/chat-default/timeout"]
    assert [place.partition(":")[0] for place in places] == [
        "config/routes/chat.yaml", "environments/prod/platform.yaml",
    ]  # fmt: skip
    text = (ACME / "environments/prod/platform.yaml").read_text(encoding="utf-8").splitlines()
    assert text[int(places[-1].rpartition(":")[2]) - 1] == "timeout: 60s"


def test_sealed_tokens_travel_as_they_are(sealed: Path) -> None:
    source = (ACME / "environments/prod/credentials.yaml").read_text(encoding="utf-8")
    token = load(sealed)["providers"]["openai"]["credentials"]["main"]["api_key"]
    assert TOKEN.fullmatch(token)
    assert token in source


def test_with_variables_there_is_no_token_in_any_file(by_variable: Path) -> None:
    for name, data in tree(by_variable).items():
        assert b"ENC(" not in data, name
    bundle = load(by_variable)
    assert bundle["providers"]["openai"]["credentials"]["main"]["api_key"] == {"env": "LLMCONF_OPENAI_MAIN_API_KEY"}
    listed = {entry["name"]: entry for entry in bundle["variables"]}
    assert listed["LLMCONF_OPENAI_MAIN_API_KEY"] == {
        "name": "LLMCONF_OPENAI_MAIN_API_KEY", "resource": "credential/openai/main", "field": "api_key",
        "source": "token",
    }  # fmt: skip
    named = re.findall(r'\{"env":"([^"]+)"\}', (by_variable / "bundle.json").read_text(encoding="utf-8"))
    assert set(named) == set(listed)


def test_wrapped_keys_travel_with_the_tokens_that_need_them(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SEALED, tmp_path / "sealed"))
    build(root)
    kept = {name: data for name, data in tree(root).items() if re.match(r"keys/.*([.](age|mac)|key[.]yaml)$", name)}
    sent = {name: data for name, data in tree(root / "dist/default").items() if name.startswith("keys/")}
    assert kept
    assert kept.items() <= sent.items()
    assert set(sent) <= set(load(root / "dist/default", "manifest.json")["files"])
    build(root, "--secrets", "env")
    assert not (root / "dist/default/keys").exists()


def test_only_the_files_of_a_key_travel(tmp_path: Path) -> None:
    (tmp_path / "outside.age").write_text("of another place\n", encoding="utf-8")
    names = ("aaaaaaaaaa/a.age", "aaaaaaaaaa/a.mac", "aaaaaaaaaa/notes.txt", "bbbbbbbbbb/a.age")
    root = write(tmp_path / "project", {f"keys/default/{name}": "x\n" for name in names})
    (root / "keys/default/aaaaaaaaaa/link.age").symlink_to(tmp_path / "outside.age")
    found = key_files(root, "aaaaaaaaaa")
    assert sorted(found) == ["keys/default/aaaaaaaaaa/a.age", "keys/default/aaaaaaaaaa/a.mac"]


def test_what_is_disabled_or_removed_is_left_out(tmp_path: Path, sealed: Path) -> None:
    assert "deepseek" not in load(sealed)["providers"]
    root = small(tmp_path)
    write(root, {"config/more.yaml": (
        "kind: Provider\nname: old\ntype: openai\nenabled: false\n"
        "endpoints: [{name: main, url: https://api.openai.com/v1}]\n"
        "---\nkind: Model\nprovider: openai\nid: off\nenabled: false\n"
        "---\nkind: Route\nname: off\nenabled: false\ntargets: [{model: openai/gpt-5}]\n"
        "---\nkind: Team\nname: off\nenabled: false\nuses: [route/chat]\n"
    )})  # fmt: skip
    build(root)
    bundle = load(root / "dist/default")
    assert list(bundle["providers"]) == ["openai"]
    assert list(bundle["providers"]["openai"]["models"]) == ["gpt-5"]
    assert (list(bundle["routes"]), list(bundle["teams"])) == (["chat"], ["all"])


def test_the_facts_of_a_model_follow_its_base(sealed: Path) -> None:
    providers = load(sealed)["providers"]
    base, deployment = (
        providers["openai"]["models"]["gpt-5.6-terra"],
        providers["azure-weu"]["models"]["chat-prod"],
    )
    assert deployment["capabilities"] == base["capabilities"]
    assert deployment["context"] == base["context"]
    assert deployment["price"]["input"] == "2.2"
    assert base["price"]["input"] == "2"


def test_a_project_without_environments(tmp_path: Path) -> None:
    root = small(tmp_path)
    assert build(root).startswith(os.path.relpath(root / "dist" / "default"))
    assert load(root / "dist/default")["environment"] is None
    done = run("build", "-C", root, "--env", "prod")
    assert done.returncode == 2


def test_where_environments_exist_one_has_to_be_named() -> None:
    done = run("build", "-C", ACME, "--today", TODAY)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--env" in done.stderr
    assert run("build", "-C", ACME, "--all", "--env", "prod").returncode == 2


def test_a_project_with_errors_is_not_built(tmp_path: Path) -> None:
    root = small(tmp_path)
    build(root)
    before = tree(root / "dist")
    edit(root / "config/all.yaml", "openai/gpt-5}", "openai/gpt-6}")
    done = run("build", "-C", root)
    assert (done.returncode, done.stdout) == (1, "")
    assert "LCR002" in done.stderr
    assert tree(root / "dist") == before
    shutil.rmtree(root / "dist")
    assert run("build", "-C", root, "--all").returncode == 1
    assert not (root / "dist").exists()


def test_an_old_build_is_replaced_as_a_whole(tmp_path: Path) -> None:
    root = small(tmp_path)
    build(root)
    fresh = tree(root / "dist")
    write(root, {"dist/default/litellm/leftover.yaml": "old\n", "dist/other/note.txt": "mine\n"})
    build(root)
    assert tree(root / "dist") == {**fresh, "other/note.txt": b"mine\n"}
    assert sorted(entry.name for entry in (root / "dist").iterdir()) == ["default", "other"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_build_heeds_the_umask(tmp_path: Path, umask: int) -> None:
    root = small(tmp_path)
    build(root, umask=umask)
    folder = root / "dist" / "default"
    assert folder.stat().st_mode & 0o777 == 0o777 & ~umask
    assert (folder / "bundle.json").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize(
    "files", [{"index.html": "<html>"}, {"manifest.json": '{"name": "a web application"}', "index.html": ""},
              {"manifest.json": "[]"}, {"manifest.json": "{"}],
)  # fmt: skip
def test_a_folder_that_is_no_build_is_not_touched(tmp_path: Path, files: dict[str, str]) -> None:
    root = small(tmp_path)
    write(root / "public" / "default", files)
    before = tree(root / "public")
    done = run("build", "-C", root, "--out", root / "public")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not a build of llmconf" in done.stderr
    assert tree(root / "public") == before


def test_no_environment_is_written_where_another_cannot_be(tmp_path: Path) -> None:
    root = small(tmp_path)
    write(root, {"llmconf.yaml": "{version: 1, name: small, environments: [dev, prod]}\n"})
    write(root, {"dist/prod/mine.txt": "mine\n"})
    assert run("build", "-C", root, "--all").returncode == 1
    assert tree(root / "dist") == {"prod/mine.txt": b"mine\n"}


@pytest.mark.parametrize("link", ["dist", "dist/default"])
def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path, link: str) -> None:
    root, victim = small(tmp_path / "project"), tmp_path / "victim"
    victim.mkdir()
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(victim)
    done = run("build", "-C", root)
    assert done.returncode == 1
    assert "link" in done.stderr or "not a build" in done.stderr
    assert (root / link).is_symlink()
    assert list(victim.iterdir()) == []


def test_a_link_inside_an_old_build_is_not_followed(tmp_path: Path) -> None:
    root, victim = small(tmp_path / "project"), write(tmp_path / "victim", {"bundle.json": "precious\n"})
    build(root)
    shutil.rmtree(root / "dist/default/litellm", ignore_errors=True)
    (root / "dist/default/litellm").symlink_to(victim)
    (root / "dist/default/bundle.json").unlink()
    (root / "dist/default/bundle.json").symlink_to(victim / "bundle.json")
    build(root)
    assert tree(victim) == {"bundle.json": b"precious\n"}
    assert not (root / "dist/default/bundle.json").is_symlink()


def test_a_link_at_a_guessed_name_is_not_followed(tmp_path: Path) -> None:
    root, victim = small(tmp_path / "project"), tmp_path / "victim"
    victim.mkdir()
    (root / "dist").mkdir()
    script = (
        "import os, sys; from pathlib import Path; from llmconf.__main__ import main\n"
        "for end in ('new', 'old'):\n"
        "    Path(f'dist/.default.{os.getpid()}.{end}').symlink_to(sys.argv.pop())\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "build", victim, victim],
        cwd=root, check=False, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(victim.iterdir()) == []


@pytest.mark.parametrize("out", ["file/below", "file"])
def test_a_place_that_cannot_be_written_is_a_refusal(tmp_path: Path, out: str) -> None:
    root = small(tmp_path)
    (root / "file").write_text("a file\n", encoding="utf-8")
    done = run("build", "-C", root, "--out", root / out)
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written" in done.stderr
    assert (root / "file").read_text(encoding="utf-8") == "a file\n"


def test_programs_that_the_repository_names_do_not_run(tmp_path: Path) -> None:
    root = small(tmp_path)
    commit_all(root)
    spy = tmp_path / "spy.sh"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    spy.chmod(0o755)
    git("config", "core.fsmonitor", str(spy), cwd=root)
    git("config", "core.hooksPath", str(tmp_path), cwd=root)
    git("status", cwd=root)
    assert (tmp_path / "ran").exists(), "git itself would run it"
    (tmp_path / "ran").unlink()
    build(root)
    assert not (tmp_path / "ran").exists()
    assert load(root / "dist/default", "manifest.json")["revision"].count("-") == 0


def test_the_revision_is_that_of_the_project_although_a_hook_runs(tmp_path: Path) -> None:
    root, other = small(tmp_path / "project"), tmp_path / "other"
    commit_all(root)
    other.mkdir()
    git("init", "--quiet", cwd=other)
    git("commit", "--quiet", "--allow-empty", "--message=Another", cwd=other)
    build(root, env={"GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(other / ".git/index")})
    revision = load(root / "dist/default", "manifest.json")["revision"]
    assert revision == git("rev-parse", "HEAD", cwd=root).strip()


def test_what_is_no_source_does_not_make_a_revision_dirty(tmp_path: Path) -> None:
    root = small(tmp_path)
    commit_all(root)
    write(root, {"notes.txt": "not a source\n", "dist/x.txt": ""})
    build(root)
    assert "dirty" not in load(root / "dist/default", "manifest.json")["revision"]
    write(root, {"config/new.yaml": "kind: Team\nname: new\nuses: [route/chat]\n"})
    build(root)
    assert load(root / "dist/default", "manifest.json")["revision"].endswith("-dirty")


EMPTY = """\
kind: Provider
name: openai
type: openai
timeout: 30s
headers:
labels:
endpoints:
  - name: main
    url: https://api.openai.com/v1
    timeout:
    headers:
    labels:
models:
  - {id: gpt-5, context: 1000, capabilities: [chat], price: {input: "1", output: null}}
  - id: mine
    base: gpt-5
    context:
    capabilities:
    price:
"""


def test_a_key_left_empty_is_as_good_as_absent(tmp_path: Path) -> None:
    root = small(tmp_path, **{"config/all.yaml": EMPTY})
    write(root, {"config/key.yaml": "kind: Credential\nprovider: openai\nname: main\napi_key: env:KEY\nexpires:\n"})
    build(root, "--secrets", "env")
    assert b"null" not in (root / "dist/default/bundle.json").read_bytes().replace(b'"environment":null', b"")
    provider = load(root / "dist/default")["providers"]["openai"]
    assert provider["endpoints"]["main"]["timeout"] == "30s"
    assert provider["models"]["mine"]["context"] == 1000
    assert provider["models"]["mine"]["capabilities"] == ["chat"]
    assert provider["models"]["mine"]["price"] == {"input": "1"}


def test_a_key_left_empty_over_defaults_unsets_them(tmp_path: Path) -> None:
    root = small(tmp_path, **{"config/all.yaml": EMPTY})
    write(root, {"llmconf.yaml": "version: 1\nname: small\ndefaults: {Model: {context: 5}, Endpoint: {retries: 2}}\n"})
    write(root, {"config/key.yaml": "kind: Credential\nprovider: openai\nname: main\napi_key: env:KEY\n"})
    build(root)
    provider = load(root / "dist/default")["providers"]["openai"]
    assert provider["endpoints"]["main"]["retries"] == 2
    assert provider["models"]["mine"]["context"] == 1000


def test_nothing_is_unset_twice(tmp_path: Path) -> None:
    root = small(tmp_path, **{"config/all.yaml": EMPTY})
    write(
        root,
        {
            "config/key.yaml": "kind: Credential\nprovider: openai\nname: main\napi_key: env:KEY\n",
            "llmconf.yaml": "version: 1\nname: small\nenvironments: [prod]\n",
            "environments/prod/all.yaml": "kind: Model\nprovider: openai\nid: mine\ncontext:\n",
        },
    )
    done = run("validate", "-C", root, "--today", TODAY, "--report", "concise")
    assert "LCO003" in done.stdout


KID = "7424ayepxk"
SEAL = f"ENC(v1;k={KID};r=1;f=fakefake;h=fake;d={'NotARealToken' * 8})"
CERTIFICATE = f"""\
kind: Provider
name: farm
type: vllm
headers: {{X-Farm: env:FARM_HEADER}}
endpoints:
  - name: main
    url: https://farm.example.com/v1
    headers: {{X-Key: file:keys/header}}
    tls: {{client_cert: certs/client.pem, client_key: "{SEAL}"}}
credentials: [{{name: main, api_key: env:FARM_KEY, hosts: [farm.example.com]}}]
models: [{{id: gpt-oss, capabilities: [chat]}}]
"""


def test_every_secret_of_an_endpoint_is_a_variable(tmp_path: Path) -> None:
    root = small(tmp_path)
    write(root, {"config/farm.yaml": CERTIFICATE})
    build(root, "--secrets", "env")
    bundle = load(root / "dist/default")
    main = bundle["providers"]["farm"]["endpoints"]["main"]
    assert main["tls"] == {
        "client_cert": "certs/client.pem", "client_key": {"env": "LLMCONF_FARM_MAIN_TLS_CLIENT_KEY"},
    }  # fmt: skip
    assert b"ENC(" not in (root / "dist/default/bundle.json").read_bytes()
    assert [(entry["name"], entry["resource"], entry["field"], entry["source"]) for entry in bundle["variables"]] == [
        ("FARM_HEADER", "provider/farm", "headers.X-Farm", "env"),
        ("FARM_KEY", "credential/farm/main", "api_key", "env"),
        ("LLMCONF_FARM_MAIN_HEADER_X_KEY", "endpoint/farm/main", "headers.X-Key", "file"),
        ("LLMCONF_FARM_MAIN_TLS_CLIENT_KEY", "endpoint/farm/main", "tls.client_key", "token"),
        ("OPENAI_API_KEY", "credential/openai/main", "api_key", "env"),
    ]
    values = load(root / "dist/default", "provenance.json")["values"]
    assert values["/providers/farm/endpoints/main/tls/client_key/env"] == ["config/farm.yaml:9"]


@pytest.mark.parametrize("place", ["headers: {X-Key: '%s'}", "tls: {client_key: '%s'}"])
def test_keys_travel_for_every_secret_of_an_endpoint(tmp_path: Path, place: str) -> None:
    root = small(tmp_path)
    text = (
        "kind: Provider\nname: farm\ntype: vllm\nendpoints:\n"
        f"  - name: main\n    url: https://farm.example.com/v1\n    {place % SEAL}\n"
        "models: [{id: gpt-oss, capabilities: [chat]}]\n"
    )
    write(root, {"config/farm.yaml": text})
    shutil.copytree(SEALED / "keys", root / "keys")
    build(root)
    names = {f"keys/default/{KID}/{name}" for name in ("key.yaml", "alice.age", "alice.mac")}
    assert names <= tree(root / "dist/default").keys()
