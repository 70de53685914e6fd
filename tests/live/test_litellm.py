"""A real LiteLLM proxy with mock models as a provider: probed, verified, synced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litellm_process import running_litellm
from live import ALLOW, Live, provider

pytestmark = pytest.mark.consumer

MASTER = "sk-fake-master-0000-of-a-test-0000"
CONFIG = """\
model_list:
  - model_name: fake-chat
    litellm_params: {model: openai/gpt-4o-mini, api_key: fake, mock_response: "hello from a mock"}
    model_info: {input_cost_per_token: 0.00000015, output_cost_per_token: 0.0000006, max_input_tokens: 128000}
  - model_name: fake-embedding
    litellm_params: {model: openai/text-embedding-3-small, api_key: fake, mock_response: "x"}
    model_info: {mode: embedding}
general_settings: {master_key: os.environ/FAKE_MASTER}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("litellm") / "config.yaml"
    file.write_text(CONFIG)
    with running_litellm(file, {"FAKE_MASTER": MASTER}) as running:
        yield running


@pytest.fixture
def live(url: str, tmp_path: Path) -> Live:
    project = Live(tmp_path, MASTER)
    route = "kind: Route\nname: chat\nrequires: [chat]\ntargets: [{model: gateway/fake-chat}]\n"
    project.write(provider(f"{url}/v1", "gateway", "litellm"), route)
    return project


def test_it_is_healthy_and_its_key_is_valid(live: Live) -> None:
    assert [(each["verdict"], each["status"]) for each in live.ask("probe")] == [("healthy", 200)]
    assert [each["validity"] for each in live.ask("verify")] == ["valid"]


def test_a_wrong_key_is_told_apart(live: Live) -> None:
    live.key = "sk-fake-another-0000-that-nobody-has"
    assert [each["verdict"] for each in live.ask("probe")] == ["unauthorized"]
    assert [each["validity"] for each in live.ask("verify")] == ["invalid"]


def test_its_models_are_locked(live: Live) -> None:
    done = live.run("sync", *ALLOW)
    assert done.returncode == 0, done.stdout + done.stderr
    text = live.lock("gateway")
    assert "up to date" in live.run("sync", *ALLOW).stdout
    assert live.lock("gateway") == text
    assert [line for line in text.splitlines() if line.startswith("- id:")] == ["- id: fake-chat", "- id: fake-embedding"]
    block = text[text.index("- id: fake-chat") : text.index("- id: fake-embedding")]
    assert 'input: "0.15"' in block
    assert "context: 128000" in block
    assert live.run("validate", "--frozen").returncode == 0
    assert live.run("sync", "--check", *ALLOW).returncode == 0


def test_a_model_answers(live: Live) -> None:
    models = live.root / "config/models.yaml"
    models.write_text("kind: Model\nprovider: gateway\nid: fake-chat\n")
    found = live.ask("probe", "--completion")
    assert [(each["verdict"], each["model"]) for each in found] == [("healthy", "fake-chat")]
