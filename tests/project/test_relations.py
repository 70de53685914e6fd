"""Which endpoint and credential a model ends up with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from llmconf import api
from llmconf.project import relations
from llmconf.project.environment import Resolved

DOCUMENTS = """\
kind: Provider
name: openai
type: openai
endpoints:
  - {name: global, url: https://api.openai.com/v1, default: true}
  - {name: eu, url: https://eu.api.openai.com/v1, credential: eu}
  - {name: off, url: https://us.api.openai.com/v1, enabled: false}
credentials:
  - {name: main, hosts: [api.openai.com], api_key: "env:MAIN_KEY"}
  - {name: eu, hosts: [eu.api.openai.com], api_key: "env:EU_KEY"}
  - {name: search, api_key: "env:SEARCH_KEY"}
models:
  - {id: gpt-5, mode: chat, context: 1000, capabilities: [chat], price: {input: "1"}}
  - {id: mine, base: gpt-5, context: 500, endpoints: [eu, off]}
  - {id: again, base: mine, max_output: 10}
  - {id: one, base: two}
  - {id: two, base: one}
---
kind: Team
name: search
uses: [provider/openai]
credentials: [openai/search]
"""


@pytest.fixture
def env(tmp_path: Path) -> Resolved:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "main.yaml").write_text(DOCUMENTS, encoding="utf-8")
    (tmp_path / "llmconf.yaml").write_text("version: 1\nname: wiring\n", encoding="utf-8")
    return api.validate(tmp_path, today=date(2026, 6, 1)).environments[None]


def test_endpoints_of_models(env: Resolved) -> None:
    found = {
        model.name: [endpoint.name for endpoint in relations.endpoints_of_model(env, model)]
        for model in env.models.values()
    }
    assert found["gpt-5"] == ["global"]
    assert found["mine"] == ["eu"]


def test_no_default_means_no_endpoint(env: Resolved) -> None:
    env.children["endpoint/openai"] = []
    assert relations.endpoints_of_model(env, env.models["model/openai/gpt-5"]) == []


def test_the_defaults_of_all_providers_are_those_of_each(env: Resolved) -> None:
    defaults = relations.default_endpoints(env)
    assert defaults == {"openai": relations.default_endpoint(env, "openai")}
    for model in env.models.values():
        assert relations.endpoints_of_model(env, model, defaults) == relations.endpoints_of_model(env, model)


def test_credentials_of_endpoints(env: Resolved) -> None:
    all_at_once = relations.credentials_by_endpoint(env)
    names = {identity: [each.name for each in found] for identity, found in all_at_once.items()}
    assert names == {"endpoint/openai/global": ["main"], "endpoint/openai/eu": ["eu"]}


def test_is_bound(env: Resolved) -> None:
    main, team = env.credentials["credential/openai/main"], env.credentials["credential/openai/search"]
    eu = env.endpoints["endpoint/openai/eu"]
    assert not relations.is_bound(env, main, eu)
    assert relations.is_bound(env, team, eu), "the type's hosts"
