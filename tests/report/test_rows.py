"""What `list` keeps and what `show` tells: filters that fit, and values as they take effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import EXAMPLES, TODAY, run

ACME = EXAMPLES / "acme"
TOKEN = f"ENC(v1;k=fakefakefa;r=1;f=fakefake;h=fake;d={'NotARealToken' * 8})"
DOCUMENTS = f"""\
kind: Provider
name: openai
type: openai
timeout: 30s
headers: {{X-Unit: search, X-Key: "{TOKEN}"}}
endpoints:
  - {{name: main, url: https://api.openai.com/v1, headers: {{X-Unit: chat}}}}
credentials:
  - {{name: main, api_key: env:OPENAI_API_KEY}}
models:
  - {{id: gpt-5, context: 1000, capabilities: [chat], price: {{input: "1"}}}}
  - {{id: mine, base: gpt-5}}
---
kind: Route
name: chat
targets: [{{model: openai/mine}}]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "all.yaml").write_text(DOCUMENTS, encoding="utf-8")
    (tmp_path / "llmconf.yaml").write_text("version: 1\nname: small\n", encoding="utf-8")
    return tmp_path


def show(root: Path, identity: str) -> Any:
    done = run("show", identity, "-C", root, "--today", TODAY, "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_model_is_shown_with_the_facts_of_its_base(root: Path) -> None:
    assert show(root, "model/openai/mine") == {
        "identity": "model/openai/mine", "id": "mine", "base": "gpt-5", "capabilities": ["chat"], "context": 1000,
        "price": {"input": "1"}, "endpoints": ["main"],
    }  # fmt: skip


def test_an_endpoint_is_shown_with_what_it_inherits(root: Path) -> None:
    assert show(root, "endpoint/openai/main") == {
        "identity": "endpoint/openai/main", "name": "main", "url": "https://api.openai.com/v1", "timeout": "30s",
        "headers": {"X-Key": "****fake", "X-Unit": "chat"}, "default": True, "credential": "main",
    }  # fmt: skip


def test_the_others_are_shown_as_they_are(root: Path) -> None:
    credential = show(root, "credential/openai/main")
    assert "api.openai.com" in credential.pop("hosts"), "those of the type"
    assert credential == {"identity": "credential/openai/main", "name": "main", "api_key": "env:OPENAI_API_KEY"}
    assert show(root, "provider/openai")["headers"] == {"X-Unit": "search", "X-Key": "****fake"}
    assert show(root, "route/chat")["targets"] == [{"model": "openai/mine"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model", "--capability", "chatt"), "did you mean `chat`?"),
        (("route", "--capability", "visoin"), "did you mean `vision`?"),
        (("model", "--provider", "opnai"), "did you mean `openai`?"),
        (("route", "--provider", "opnai"), "did you mean `openai`?"),
        (("team", "--capability", "chat"), "--capability"),
        (("endpoint", "--capability", "chat"), "--capability"),
        (("team", "--provider", "openai"), "--provider"),
    ],
)
@pytest.mark.parametrize("output", ["table", "name"])
def test_a_filter_that_can_find_nothing_is_wrong_usage(words: tuple[str, ...], said: str, output: str) -> None:
    done = run("list", *words, "-C", ACME, "--env", "prod", "--today", TODAY, "-o", output)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_routes_belong_to_the_providers_of_their_targets() -> None:
    words = ("list", "route", "-C", ACME, "--env", "prod", "--today", TODAY, "-o", "json")
    rows = json.loads(run(*words).stdout)
    kept = json.loads(run(*words, "--provider", "openai").stdout)
    assert kept == [row for row in rows if any(target.startswith("openai/") for target in row["targets"])]
    assert 0 < len(kept) < len(rows)
