"""What the target `litellm` writes, without LiteLLM: recorded files and options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from ruamel.yaml import YAML

from llmconf.build import targets
from llmconf.build.targets import litellm
from llmconf.build.targets._base import Emitted
from llmconf.build.targets._litellm_merge import _is_reserved
from llmconf.core.tokens import is_sealed
from llmconf.project.base_layer import read_base
from llmconf.project.environment import Resolved
from llmconf.project.load import load_project
from llmconf.project.resolve import resolve
from llmconf.workspace.tree import FolderTree

CASES = Path(__file__).parent / "targets" / "litellm"
NAMES = sorted(case.name for case in CASES.iterdir())

MINIMAL = """\
kind: Provider
name: farm
type: vllm
endpoints: [{name: main, url: "https://llm.example.com/v1"}]
models: [{id: one}, {id: two}]
"""


def environment(root: Path) -> tuple[Resolved, dict[str, Any]]:
    """Resolve the last environment of a project and return it with the target's options."""
    project = load_project(FolderTree(root))
    assert project.settings is not None
    assert not project.findings
    name = (project.settings.environment_names() or (None,))[-1]
    base = read_base(project.base, project.settings)
    env, findings = resolve(base, project.overlays.get(name or "", []), name, project.settings)
    assert not findings
    return env, project.settings.targets["litellm"] or {}


def emit(root: Path) -> Emitted:
    """Emit the last environment of a project."""
    env, options = environment(root)
    return litellm.emit(env, litellm.Options.model_validate(options))


def written(root: Path, config: str, options: str = "{}") -> dict[str, Any]:
    """Emit a project of one file and return what LiteLLM reads."""
    (root / "config").mkdir()
    (root / "llmconf.yaml").write_text(f"version: 1\nname: test\ntargets:\n  litellm: {options}\n")
    (root / "config" / "all.yaml").write_text(config)
    data: dict[str, Any] = yaml.safe_load(emit(root).files["config.yaml"])
    return data


def names(data: dict[str, Any]) -> list[str]:
    """Return the names that a file offers."""
    return [deployment["model_name"] for deployment in data["model_list"]]


def test_is_found_by_its_file_name() -> None:
    assert "litellm" in targets.names()
    assert targets.load("litellm").Options is litellm.Options


@pytest.mark.parametrize("name", NAMES)
def test_recorded_files(name: str) -> None:
    """File and notes are as recorded. LLMCONF_UPDATE_SNAPSHOTS=1 records them anew."""
    emitted = emit(CASES / name)
    notes = [
        f"{note.severity} {note.place.file} {'/'.join(map(str, note.place.path))}: {note.message}\n"
        for note in emitted.notes
    ]
    recorded = {"expected.yaml": emitted.files["config.yaml"], "expected.txt": "".join(notes)}
    for file, text in recorded.items():
        path = CASES / name / "expected" / file
        if os.environ.get("LLMCONF_UPDATE_SNAPSHOTS"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", NAMES)
def test_both_versions_of_yaml_read_the_same(name: str) -> None:
    text = emit(CASES / name).files["config.yaml"]
    assert yaml.safe_load(text) == YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("name", NAMES)
def test_ids_tell_deployments_apart(name: str) -> None:
    data = yaml.safe_load(emit(CASES / name).files["config.yaml"])
    identities = [deployment["model_info"]["id"] for deployment in data["model_list"]]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("name", NAMES)
def test_writes_no_secret(name: str) -> None:
    text = emit(CASES / name).files["config.yaml"]
    env, _ = environment(CASES / name)
    for credential in env.credentials.values():
        for value in credential.data.values():
            assert not (isinstance(value, str) and is_sealed(value) and value in text)
    assert "ENC(" not in text


def test_offers_all_models_where_there_are_no_teams(tmp_path: Path) -> None:
    assert names(written(tmp_path, MINIMAL)) == ["farm/one", "farm/two"]


def test_offers_models_that_teams_name(tmp_path: Path) -> None:
    config = MINIMAL + "---\nkind: Team\nname: t\nuses: [model/farm/two]\n"
    assert names(written(tmp_path, config)) == ["farm/two"]


def test_offers_all_models_on_request(tmp_path: Path) -> None:
    config = MINIMAL + "---\nkind: Team\nname: t\nuses: [model/farm/two]\n"
    assert names(written(tmp_path, config, "{models: all}")) == ["farm/one", "farm/two"]


def test_an_alias_hides_a_model_of_the_same_name(tmp_path: Path) -> None:
    config = MINIMAL + "---\nkind: Route\nname: r\naliases: [farm/one]\ntargets: [{model: farm/two}]\n"
    assert names(written(tmp_path, config)) == ["r", "farm/two"]


def test_an_ambiguous_credential_is_not_guessed(tmp_path: Path) -> None:
    extra = (
        "credentials:\n"
        "  - {name: a, hosts: [llm.example.com], api_key: 'env:A'}\n"
        "  - {name: b, hosts: [llm.example.com], api_key: 'env:B'}\n"
    )
    data = written(tmp_path, MINIMAL + extra)
    assert {d["litellm_params"]["api_key"] for d in data["model_list"]} == {"none"}


def test_endpoints_without_any_weight_share_equally(tmp_path: Path) -> None:
    config = (
        "kind: Provider\nname: farm\ntype: vllm\nendpoints:\n"
        "  - {name: a, url: 'https://a.example.com/v1', default: true, weight: 0}\n"
        "  - {name: b, url: 'https://b.example.com/v1', weight: 0}\n"
        "models: [{id: one, endpoints: [a, b]}]\n"
    )
    data = written(tmp_path, config)
    assert [d["litellm_params"]["weight"] for d in data["model_list"]] == [1, 1]


def test_a_project_without_models_gives_an_empty_list(tmp_path: Path) -> None:
    assert written(tmp_path, MINIMAL, "{models: none}")["model_list"] == []


def test_output_is_the_same_each_time() -> None:
    assert emit(CASES / "vendors") == emit(CASES / "vendors")


@pytest.mark.parametrize(
    "key",
    [
        "api_key",
        "api_base",
        "base_url",
        "model",
        "custom_llm_provider",
        "aws_bedrock_runtime_endpoint",
        "aws_sts_endpoint",
        "s3_endpoint_url",
        "azure_ad_token",
        "vertex_credentials",
        "configurable_clientside_auth_params",
        "fallbacks",
        "use_litellm_proxy",
        "litellm_credential_name",
        "extra_headers",
        "headers",
        "aws_region_name",
        "mock_response",
        "aws_web_identity_token",
        "proxy",
        "client_secret",
        "anthropic_identity_token_file",
        "context_window_fallbacks",
    ],
)
def test_what_moves_a_key_is_reserved(key: str) -> None:
    assert _is_reserved(key)


@pytest.mark.parametrize(
    "key",
    [
        "temperature",
        "max_tokens",
        "top_p",
        "stream_timeout",
        "drop_params",
        "aws_role_name",
        "ssl_verify",
        "rpm",
        "input_cost_per_token",
        "input_cost_per_audio_token",
        "cache_read_input_token_cost",
        "reasoning_effort",
        "seed",
    ],
)
def test_other_parameters_are_free(key: str) -> None:
    assert not _is_reserved(key)


SECRET = "sk-not-to-be-shown-0123456789"


@pytest.mark.parametrize(
    "options",
    [
        {"general_settings": {"master_key": SECRET}},
        {"general_settings": {"database_url": f"postgres://u:{SECRET}@db/x"}},
        {"general_settings": {"nested": [{"password": SECRET}]}},
        {"router_settings": {"redis_password": SECRET}},
        {"litellm_settings": {"cache_params": {"redis_password": SECRET}}},
    ],
)
def test_plain_secrets_in_options_are_refused_unseen(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        litellm.Options.model_validate(options)
    assert SECRET not in str(caught.value)
    assert SECRET not in caught.value.json(include_input=False)


def test_a_plain_master_key_is_refused_at_its_place() -> None:
    with pytest.raises(ValidationError) as caught:
        litellm.Options.model_validate({"general_settings": {"master_key": SECRET}})
    error = caught.value.errors()[0]
    assert (error["loc"], error["type"]) == (("general_settings", "master_key"), "secret_plaintext")


def test_references_in_options_become_variables(tmp_path: Path) -> None:
    options = (
        "{general_settings: {database_url: 'env:DB', master_key: os.environ/KEY}, "
        "litellm_settings: {cache_params: {redis_password: 'env:REDIS', hosts: ['env:HOST', plain]}}}"
    )
    data = written(tmp_path, MINIMAL, options)
    assert data["general_settings"] == {"master_key": "os.environ/KEY", "database_url": "os.environ/DB"}
    cache = {"redis_password": "os.environ/REDIS", "hosts": ["os.environ/HOST", "plain"]}
    assert data["litellm_settings"] == {"cache_params": cache}


def test_without_a_master_key_there_are_no_general_settings(tmp_path: Path) -> None:
    assert "general_settings" not in written(tmp_path, MINIMAL, "{general_settings: {master_key: null}}")


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValidationError):
        litellm.Options.model_validate({"modles": "all"})
