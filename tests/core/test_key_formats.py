"""Keys in plain text: found wherever they stand, and never shown."""

from __future__ import annotations

import time

import pytest

from llmconf.core.key_formats import DUMMY, PLACEHOLDER, SENSITIVE_KEY, redact, scan, secret_lines, sensitive_values

KEYS = {
    "openai project": ("OpenAI", "sk-proj-" + "Fake_key-" * 8),
    "openai service": ("OpenAI", "sk-svcacct-" + "Fake" * 15),
    "openai admin": ("OpenAI", "sk-admin-" + "Fake" * 15),
    "openai old": ("OpenAI", "sk-" + "Fake" * 5 + "T3BlbkFJ" + "Fake" * 5),
    "anthropic": ("Anthropic", "sk-ant-api03-" + "Fake-key" * 11),
    "openrouter": ("OpenRouter", "sk-or-v1-" + "fa4e" * 16),
    "google": ("Google", "AIza" + "Fake-" * 7),
    "aws": ("AWS", "AKIA" + "FAKE" * 4),
    "aws session": ("AWS", "ASIA" + "FAKE" * 4),
    "bedrock": ("Amazon Bedrock", "ABSK" + "Fake" * 30 + "="),
    "entra": ("Microsoft Entra", "abc8Q~" + "Fake.fake" * 3 + "fake~"),
    "groq": ("Groq", "gsk_" + "Fake" * 13),
    "xai": ("xAI", "xai-" + "Fake" * 20),
    "hugging face": ("Hugging Face", "hf_" + "Fa" * 17),
    "hugging face organization": ("Hugging Face", "api_org_" + "Fa" * 17),
    "replicate": ("Replicate", "r8_" + "F" * 37),
    "perplexity": ("Perplexity", "pplx-" + "Fake" * 12),
    "nvidia": ("NVIDIA", "nvapi-" + "Fake" * 16),
    "databricks": ("Databricks", "dapi" + "fa4e" * 8),
    "databricks counted": ("Databricks", "dapi" + "fa4e" * 8 + "-2"),
    "cerebras": ("Cerebras", "csk-" + "fake" * 12),
    "langsmith": ("LangSmith", "lsv2_pt_" + "fa4e" * 8 + "_" + "fa4e4" * 2),
    "age": ("age", "AGE-SECRET-KEY-1" + "FAKE4" * 11 + "FAK"),
    "deepseek": ("DeepSeek or another vendor", "sk-" + "fa4e" * 8),
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    "around",
    ["{}", "api_key: {}", "# was {} before", "'{}'", '"{}"', "[{}, x]", "a: {{b: {}}}", "x: {}\n", "url: https://h/?k={}&b"],
)  # fmt: skip
def test_a_key_is_found_wherever_it_stands(name: str, around: str) -> None:
    vendor, key = KEYS[name]
    text = around.format(key)
    hits = scan(text)
    assert [(hit.vendor, text[hit.start : hit.end]) for hit in hits] == [(vendor, key)]
    assert redact(text) == around.format("****")


@pytest.mark.parametrize("name", KEYS)
def test_what_is_too_short_or_runs_on_is_no_key(name: str) -> None:
    key = KEYS[name][1]
    assert scan(key[: len(key) // 2]) == []
    assert scan("x" + key) == []
    if key[-1].isalnum():
        assert scan(key + "x" * 300) == []


def test_a_sealed_token_is_none_whatever_is_in_it() -> None:
    key = KEYS["aws"][1]
    assert scan(f"a: ENC(v1;d={key})") == []
    assert [hit.start for hit in scan(f"a: ENC(v1;d=x) {key} ENC(v1;d={key})")] == [15]
    assert len(scan(f"a: ENC( {key})")) == 1
    assert len(scan(f"{key} ENC(v1;d=x)")) == 1


def test_several_keys_come_in_the_order_of_the_text() -> None:
    text = "\n".join(key for _, key in reversed(KEYS.values()))
    assert [hit.vendor for hit in scan(text)] == [vendor for vendor, _ in reversed(KEYS.values())]
    assert redact(text) == "\n".join("****" for _ in KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "a: 'AKIAFAKEFAKEFAKEFAKE'\n" * 200_000, "ENC(" * 1_000_000 + " AKIAFAKEFAKEFAKEFAKE", "sk-" * 2_000_000,
        "AKIAFAKEFAKEFAKEFAKE " + "ENC(x) " * 500_000, "sk-proj-" * 500_000, "Q~" * 1_000_000, "dapi" * 1_000_000,
    ],
    ids=["keys", "open tokens", "beginnings", "tokens", "openai", "entra", "databricks"],
)  # fmt: skip
def test_takes_time_in_proportion_to_the_text(text: str) -> None:
    started = time.process_time()
    scan(text)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("pattern", [PLACEHOLDER, DUMMY, SENSITIVE_KEY], ids=["placeholder", "dummy", "name"])
@pytest.mark.parametrize("part", ["<", "your", "_", "sk-", "x", "secret_", "api_key-", "***", "none"])
def test_patterns_take_time_in_proportion_to_the_value(pattern: object, part: str) -> None:
    started = time.process_time()
    pattern.search(part * 300_000)  # type: ignore[attr-defined]
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "value",
    ["<your key>", "your-api-key", "YOUR_KEY", "put_it_here", "changeme", "change-me", "sk-xxxx", "sk-...", "xxx",
     "TODO", "replace_me", "my-example-key", "<>"],
)  # fmt: skip
def test_placeholders(value: str) -> None:
    assert PLACEHOLDER.search(value)


@pytest.mark.parametrize("value", ["none", "EMPTY", "not-needed", "no-key-required", "sk-1234", "ollama", "dummy", "-"])
def test_dummies(value: str) -> None:
    assert DUMMY.search(value)


@pytest.mark.parametrize("name", ["api_key", "API-KEY", "apikey", "x-api-key", "Authorization", "client_secret",
                                  "aws_secret_access_key", "password", "db_password", "token", "auth_token"])  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert SENSITIVE_KEY.search(name)


@pytest.mark.parametrize("name", ["max_tokens", "key", "tokens", "secretary", "authorization_url", "passwords", "owner"])
def test_names_of_other_things(name: str) -> None:
    assert not SENSITIVE_KEY.search(name)


def test_values_in_free_maps() -> None:
    data = {"a": [{"api_key": "x"}, {"b": {"password": "y"}}], "token": 3, "secret": {"c": "z", "token": "w"}, "d": "v"}
    assert list(sensitive_values(data, ("extra",))) == [
        (("extra", "a", 0, "api_key"), "x"),
        (("extra", "a", 1, "b", "password"), "y"),
        (("extra", "secret", "token"), "w"),
    ]


class TestSecretLines:
    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("a: b\napi_key: hunter2\nc: d\n", {2}),
            ("- {name: main, api_key: hunter2}\n", {1}),
            ("- {'name': 'x', 'api_key':'hunter2'}\n", {1}),
            ('{"api_key":"hunter2","a":1}\n', {1}),
            ("api_key: env:NAME\napi_key: op://a/b/c\n", set()),
            ("api_key: |\n  hunter2\n\n  hunter3\nb: c\n", {1, 2, 4}),
            ("api_key:\n  hunter2\nb: c\n", {2}),
            ("- api_key: hunter2\n  hosts: [a]\n- b\n", {1}),
            ("- api_key:\n    hunter2\n  hosts: [a]\n", {2}),
            ("api_key: 'hun\n  ter2'\nb: c\n", {1, 2}),
            ("headers:\n  Authorization: Bearer hunter2\n", {2}),
            ("url: https://me:hunter2@h/\n", {1}),
            ("# AKIAFAKEFAKEFAKEFAKE\n", {1}),
            ("-----BEGIN PRIVATE KEY-----\n", {1}),
            ("a: 4f3c2b1a4f3c2b1a4f3c2b1a4f3c2b1a\n", {1}),
            ("max_tokens: 3\nname: main\nurl: https://api.example.com/v1\n", set()),
            ("api_key: ENC(v1;k=fakefakefa;r=1;f=fakefake;d=" + "NotARealToken" * 8 + ")\n", set()),
        ],
    )  # fmt: skip
    def test_numbers(self, text: str, numbers: set[int]) -> None:
        assert secret_lines(text.splitlines()) == numbers

    @pytest.mark.parametrize("numbers", [{1}, {2}, {3}, {5}, {4, 8}, {6, 7}, {9}, {10}, set(range(1, 11)), set()])
    def test_of_some_lines_the_same_is_said(self, numbers: set[int]) -> None:
        text = (
            "api_key: |\n  one\n\n  two\nb: c\n- token:\n    three\n  d: e\n"
            "f: 4f3c2b1a4f3c2b1a4f3c2b1a4f3c2b1a\n- {password: four}\n"
        )
        everywhere = secret_lines(text.splitlines())
        assert everywhere == {1, 2, 4, 7, 9, 10}
        assert secret_lines(text.splitlines(), numbers) & numbers == everywhere & numbers

    @pytest.mark.parametrize("part", ["a", "a ", "a:", "://", "ENC(", "api_key: ", "x" * 24 + "1"])
    def test_long_lines_take_time_in_proportion(self, part: str) -> None:
        started = time.process_time()
        secret_lines([part * 200_000])
        assert time.process_time() - started < 10
