"""The real LiteLLM proxy, started on an emitted file, calls the right server with the right key.

All traffic stays on loopback.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import REPOSITORY
from litellm_process import litellm_command, litellm_environment, running_litellm
from vendors import Upstream, serve

from llmconf import api

pytestmark = pytest.mark.consumer

PROJECT = REPOSITORY / "tests" / "build" / "targets" / "litellm_proxy"
TODAY = date(2026, 11, 23)
STRAY_KEY = "stray-key-of-the-environment"
KEYS = {
    "LITELLM_MASTER_KEY": "sk-master-for-tests",
    "LLMCONF_ALPHA_MAIN_API_KEY": "alpha-key",
    "BETA_KEY": "beta-key",
    "BETA_GATE": "gate-token",
    "CLAUDE_KEY": "claude-key",
    "WRONG_KEY": "not-the-key",
    "OPENAI_API_KEY": STRAY_KEY,
    "HOSTED_VLLM_API_KEY": STRAY_KEY,
    "ANTHROPIC_API_KEY": STRAY_KEY,
    "OPENAI_API_BASE": "http://127.0.0.1:9/stray",
}


@dataclass
class Proxy:
    """A running proxy, the file it was started with, and what its own check of that file said."""

    url: str
    config: dict[str, Any]
    validated: str

    def get(self, path: str) -> Any:
        """Return the answer to a GET request."""
        return _request(self.url + path)[1]

    def call(self, model: str, path: str = "/v1/chat/completions") -> tuple[dict[str, str], Any]:
        """Call a model and return headers and body of the answer."""
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
        return _request(self.url + path, {"model": model, "input": "hi"} if "embed" in path else body)

    def prices(self, identity: str) -> dict[str, Any]:
        """Return the emitted facts of one deployment."""
        return next(d["model_info"] for d in self.config["model_list"] if d["model_info"]["id"] == identity)


def _request(url: str, body: dict[str, Any] | None = None) -> tuple[dict[str, str], Any]:
    headers = {"authorization": f"Bearer {KEYS['LITELLM_MASTER_KEY']}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310  # always the proxy on loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return {key.lower(): value for key, value in answer.headers.items()}, json.load(answer)


def _emit(root: Path, port: int) -> str:
    shutil.copytree(PROJECT, root)
    config = root / "config" / "all.yaml"
    config.write_text(config.read_text().replace(":4999", f":{port}"))
    bundle = api.build(api.validate(root, today=TODAY), None, secrets="env")
    assert not bundle.findings
    return bundle.files["litellm/config.yaml"].decode()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """Run the vendors' servers."""
    with serve() as found:
        yield found


@pytest.fixture(scope="module")
def proxy(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Build a project whose vendors are on loopback, and start the proxy on the emitted file."""
    root = tmp_path_factory.mktemp("proxy")
    text = _emit(root / "project", upstream.port)
    file = root / "config.yaml"
    file.write_text(text)
    checked = [str(litellm_command()), "--config", str(file), "--validate_config"]
    check = subprocess.Popen(
        checked, env=litellm_environment(root, KEYS), cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        with running_litellm(file, KEYS) as url:
            yield Proxy(url, yaml.safe_load(text), check.communicate(timeout=60)[0])
    finally:
        check.kill()


def test_offers_the_emitted_names(proxy: Proxy) -> None:
    names = {deployment["model_name"] for deployment in proxy.config["model_list"]}
    aliases = set(proxy.config["router_settings"]["model_group_alias"])
    assert {"chat", "alpha/good", "beta/org/good-2", "open/free"} <= names
    assert {model["id"] for model in proxy.get("/v1/models")["data"]} == names | aliases


def test_reads_every_deployment(proxy: Proxy) -> None:
    # Its own check counts the deployments behind an alias once more.
    names = [deployment["model_name"] for deployment in proxy.config["model_list"]]
    aliased = [names.count(name) for name in proxy.config["router_settings"]["model_group_alias"].values()]
    assert f"config OK ({len(names) + sum(aliased)} models)" in proxy.validated
    listed = {item["model_info"]["id"] for item in proxy.get("/v1/model/info")["data"]}
    assert {deployment["model_info"]["id"] for deployment in proxy.config["model_list"]} <= listed


@pytest.mark.parametrize("name", ["chat", "default", "alpha/good"])
def test_calls_the_first_target(proxy: Proxy, upstream: Upstream, name: str) -> None:
    before = len(upstream.calls)
    headers, body = proxy.call(name)
    assert body["choices"][0]["message"]["content"] == "alpha good"
    assert upstream.since(before) == [("alpha", "good")]
    assert headers["x-litellm-model-id"].endswith("alpha/main/good")


def test_sends_headers_and_resolves_their_secrets(proxy: Proxy, upstream: Upstream) -> None:
    proxy.call("beta/org/good-2")
    assert upstream.headers[-1]["x-gate"] == "gate-token"
    assert upstream.headers[-1]["x-pool"] == "h100"


@pytest.mark.parametrize(
    ("name", "first"), [("after-500", ("alpha", "broken")), ("after-401", ("beta", "refused"))]
)
def test_falls_over_to_the_second_target(
    proxy: Proxy, upstream: Upstream, name: str, first: tuple[str, str]
) -> None:
    before = len(upstream.calls)
    _, body = proxy.call(name)
    assert body["choices"][0]["message"]["content"] == "beta org/good-2"
    assert upstream.since(before) == [first, ("beta", "org/good-2")]


@pytest.mark.parametrize("name", ["doomed", "doomed-alias"])
def test_falls_back_to_another_route(proxy: Proxy, upstream: Upstream, name: str) -> None:
    before = len(upstream.calls)
    _, body = proxy.call(name)
    assert body["choices"][0]["message"]["content"] == "alpha good"
    assert upstream.since(before) == [("alpha", "broken"), ("alpha", "good")]


def test_retries_as_often_as_the_route_says(proxy: Proxy, upstream: Upstream) -> None:
    before = len(upstream.calls)
    with pytest.raises(urllib.error.HTTPError):
        proxy.call("retried")
    assert upstream.since(before) == [("alpha", "broken")] * 2


def test_shares_and_stands_in(proxy: Proxy, upstream: Upstream) -> None:
    before = len(upstream.calls)
    answers = [proxy.call("shared")[1] for _ in range(8)]
    assert {answer["choices"][0]["message"]["content"] for answer in answers} == {"beta org/good-2"}
    assert upstream.since(before).count(("beta", "org/good-2")) == len(answers)


def test_takes_the_cheapest(proxy: Proxy) -> None:
    headers, body = proxy.call("cheapest")
    assert body["choices"][0]["message"]["content"] == "open free"
    assert float(headers.get("x-litellm-response-cost", 0)) == 0


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("chat", "route/chat/alpha/main/good"),
        ("beta/org/good-2", "model/beta/main/org/good-2"),
        ("claude/claude-test", "model/claude/main/claude-test"),
    ],
)
def test_counts_costs_with_the_emitted_prices(proxy: Proxy, name: str, identity: str) -> None:
    headers, _ = proxy.call(name)
    prices = proxy.prices(identity)
    expected = 1000 * prices["input_cost_per_token"] + 100 * prices["output_cost_per_token"]
    assert float(headers["x-litellm-response-cost"]) == pytest.approx(expected, rel=1e-9)


def test_embeds(proxy: Proxy) -> None:
    headers, body = proxy.call("alpha/embed", "/v1/embeddings")
    assert body["data"][0]["embedding"] == [0.5]
    assert float(headers["x-litellm-response-cost"]) == pytest.approx(0.00002, rel=1e-9)


def test_sends_no_key_of_the_environment(proxy: Proxy, upstream: Upstream) -> None:
    proxy.call("open/free")
    assert upstream.headers
    assert STRAY_KEY not in json.dumps(upstream.headers)
