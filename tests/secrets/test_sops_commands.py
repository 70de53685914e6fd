"""`secrets import-sops` and `export-sops`, with files that SOPS wrote and SOPS reading what is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands import run
from secret_support import ANTHROPIC_KEY, OPENAI_KEY, PROD_KEY, Lab, leaks, new_identity, search
from sops_program import program

pytestmark = pytest.mark.consumer
MAIN, SPARE, HEADER = (
    "fakeCANARYmistralCANARYmainfakeGGGG",
    "12345fakeCANARYspareCANARYfakeHHHH",
    "fakeCANARYheaderIIII",
)
NAME = "config/mistral.yaml"
PLAIN = f"""\
# Mistral
kind: Provider
name: mistral
type: mistral
endpoints:
  - name: eu
    url: https://api.mistral.ai/v1
    headers: {{X-Api-Key: {HEADER}}}
    credential: main
credentials:
  # Ask the platform team
  - name: main
    api_key: {MAIN}
  - name: spare
    labels: {{team: core}}
    api_key: {SPARE}
models:
  - id: mistral-fake
    capabilities: [chat]
    # Tokens
    context: 32000
---
kind: Route
name: from-sops
targets:
  - model: mistral/mistral-fake
"""
RULE = ("--encrypted-regex", "^(api_key|headers)$")


def sealed_by_sops(lab: Lab, *rule: str, text: str = PLAIN) -> bytes:
    """Write a file of the project and have SOPS encrypt it in place; return what SOPS made of it."""
    file = lab.write(NAME, text)
    program("encrypt", "-i", "--age", _public(lab), *rule, file)
    return file.read_bytes()


def _public(lab: Lab) -> str:
    import pyrage

    return str(pyrage.x25519.Identity.from_str(lab.identity).to_public())


def _skeleton(data: bytes) -> bytes:
    """Return a text without what an import may change: sealed values, added hosts, and the block of SOPS."""
    text = re.sub(rb'"?ENC[\[(][^\])]*[\])]"?', b"SEALED", data)
    text = re.sub(rb"(?m)^ +hosts: \[api.mistral.ai\]\r?\n", b"", text)
    return re.sub(rb"(?ms)^sops:\r?\n.*?(?=^---|\Z)", b"", text)


@pytest.mark.parametrize("crlf", [False, True])
def test_a_file_is_sealed_in_place_and_nothing_else_changes(lab: Lab, crlf: bool) -> None:
    before = sealed_by_sops(lab, *RULE)
    if crlf:
        before = b"\xef\xbb\xbf" + before.replace(b"\n", b"\r\n").replace(
            b"type: mistral", b"type: mistral   # as is  "
        )
        (lab.root / NAME).write_bytes(before)
    done = lab.run("secrets", "import-sops", NAME)
    assert (done.returncode, done.stderr) == (0, "")
    after = (lab.root / NAME).read_bytes()
    assert _skeleton(after) == _skeleton(before)
    assert after.count(b"ENC(v1;") == 3
    assert b"AES256_GCM" not in after
    assert lab.run("validate", key=False).returncode == 0
    assert lab.run("secrets", "check").stderr == "7 tokens opened\n"
    for field, secret in (("credential/mistral/main", MAIN), ("credential/mistral/spare", SPARE)):
        assert lab.run("secrets", "get", field, "api_key", "--reveal").stdout == secret + "\n"


def test_no_plain_text_is_left_anywhere(lab: Lab) -> None:
    sealed_by_sops(lab, *RULE)
    done = lab.run("secrets", "import-sops", NAME, "--debug")
    assert not leaks(done.stdout + done.stderr, (MAIN, SPARE, HEADER))
    assert search([lab.root, lab.home], (MAIN, SPARE, HEADER)) == []


def test_what_llmconf_does_not_seal_is_written_plain_only_when_asked(lab: Lab) -> None:
    before = sealed_by_sops(lab)
    refused = lab.run("secrets", "import-sops", NAME)
    assert refused.returncode == 1
    assert "`kind`, `name`, `type`, `endpoints.0.name`" in refused.stderr
    assert "--reveal" in refused.stderr
    assert (lab.root / NAME).read_bytes() == before
    done = lab.run("secrets", "import-sops", NAME, "--reveal")
    assert done.returncode == 0, done.stderr
    assert "3 encrypted comments left out" in done.stdout
    assert "#" not in (lab.root / NAME).read_text()
    assert lab.run("validate", key=False).returncode == 0


def test_comments_come_back_when_asked(lab: Lab) -> None:
    sealed_by_sops(lab)
    assert lab.run("secrets", "import-sops", NAME, "--reveal", "--comments").returncode == 0
    text = (lab.root / NAME).read_text()
    assert [line.strip() for line in text.splitlines() if "#" in line] == [
        "# Mistral", "# Ask the platform team", "# Tokens",
    ]  # fmt: skip
    assert text.index("# Ask the platform team") < text.index("name: main")
    assert lab.run("validate", key=False).returncode == 0


def test_a_flow_file_loses_its_block_too(lab: Lab) -> None:
    data = {
        "kind": "Provider", "name": "mistral", "type": "mistral",
        "endpoints": [{"name": "eu", "url": "https://api.mistral.ai/v1"}],
        "credentials": [{"name": "main", "hosts": ["api.mistral.ai"], "api_key": MAIN}],
    }  # fmt: skip
    source = lab.home / "plain.json"
    source.write_text(json.dumps(data))
    sealed = program("encrypt", "--age", _public(lab), *RULE, source)
    lab.write(NAME, sealed.decode().replace("\t", " "))
    done = lab.run("secrets", "import-sops", NAME)
    assert done.returncode == 0, done.stderr
    assert "sops" not in (lab.root / NAME).read_text()
    assert lab.run("secrets", "get", "credential/mistral/main", "api_key", "--reveal").stdout == MAIN + "\n"


@pytest.mark.parametrize(
    ("change", "message", "status"),
    [
        (("name: mistral", "name: evil"), "its MAC is wrong", 1),
        (("api.mistral.ai", "evil.example"), "its MAC is wrong", 1),
        (("age1", "age2"), "", 0),
        (("type:str]", "type:time]"), "", 0),
        (("ENC[", "ENC["), "no identity at hand opens it", 4),
    ],
)
def test_a_file_that_was_changed_is_left_as_it_is(lab: Lab, change: tuple[str, str], message: str, status: int) -> None:
    before = sealed_by_sops(lab, *RULE).decode().replace(*change).encode()
    (lab.root / NAME).write_bytes(before)
    done = lab.run("secrets", "import-sops", NAME, key=status != 4)
    assert done.returncode == status
    assert message in done.stderr
    assert ((lab.root / NAME).read_bytes() == before) is bool(status)
    assert not leaks(done.stdout + done.stderr, (MAIN, SPARE, HEADER))


@pytest.mark.parametrize("value", ["YOUR_KEY_HERE", "EMPTY", "ENC(v1;broken)"])
def test_what_is_no_secret_is_not_sealed(lab: Lab, value: str) -> None:
    before = sealed_by_sops(lab, *RULE, text=PLAIN.replace(MAIN, value))
    done = lab.run("secrets", "import-sops", NAME)
    assert done.returncode == 1
    assert (lab.root / NAME).read_bytes() == before


def test_single_values_are_sealed_into_fields(lab: Lab) -> None:
    source = lab.home / "old.yaml"
    source.write_text(f"# old\nproviders:\n  - {{key: {MAIN}, size: 3}}\n  - {{key: {SPARE}}}\nplain_unencrypted: x\n")
    program("encrypt", "-i", "--age", _public(lab), source)
    before = source.read_bytes()
    args = ("secrets", "import-sops", source, "--map", "providers.0.key=credential/openai/main:api_key")
    done = lab.run(*args, "--map", "providers.1.key=credential/anthropic/main:api_key")
    assert done.returncode == 0, done.stderr
    assert lab.run("secrets", "get", "credential/openai/main", "api_key", "--reveal").stdout == MAIN + "\n"
    assert lab.run("secrets", "get", "credential/anthropic/main", "api_key", "--reveal").stdout == SPARE + "\n"
    assert source.read_bytes() == before
    again = lab.run(*args)
    assert "nothing changed" in again.stdout
    overlay = lab.run(*args, "--env", "prod")
    assert overlay.returncode == 0
    secret = lab.run("secrets", "get", "credential/openai/main", "api_key", "--env", "prod", "--reveal")
    assert secret.stdout == MAIN + "\n"
    assert lab.run("validate", key=False).returncode == 0


@pytest.mark.parametrize("style", ["block", "flow"])
def test_several_new_fields_of_one_credential(lab: Lab, style: str) -> None:
    """All are written into one text at once, with the hosts that it may be sent to."""
    source = lab.home / "old.yaml"
    source.write_text(f"id: {MAIN}\nkey: {SPARE}\n")
    program("encrypt", "-i", "--age", _public(lab), source)
    credential = "{name: main}" if style == "flow" else "name: main # its only one"
    lab.write("config/aws.yaml", (
        "kind: Provider\nname: aws\ntype: bedrock\n"
        "endpoints: [{name: us, url: https://bedrock-runtime.us-east-1.amazonaws.com, region: us-east-1}]\n"
        f"credentials:\n  - {credential}\nmodels: [{{id: a}}]\n"
    ))  # fmt: skip
    maps = ("--map", "id=credential/aws/main:access_key_id", "--map", "key=credential/aws/main:secret_access_key")
    done = lab.run("secrets", "import-sops", source, *maps)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("sealed in config/aws.yaml") == 2
    for field, secret in (("access_key_id", MAIN), ("secret_access_key", SPARE)):
        assert lab.run("secrets", "get", "credential/aws/main", field, "--reveal").stdout == secret + "\n"
    text = (lab.root / "config/aws.yaml").read_text(encoding="utf-8")
    assert text.count("hosts: [bedrock-runtime.us-east-1.amazonaws.com]") == 1
    assert lab.run("validate", key=False).returncode == 0


@pytest.mark.parametrize(
    ("mapping", "message", "status"),
    [
        ("nope=credential/openai/main:api_key", "has no encrypted value at `nope`", 1),
        ("plain_unencrypted=credential/openai/main:api_key", "has no encrypted value", 1),
        ("size=credential/openai/main:api_key", "`size` is no string", 1),
        ("key=credential/openai/none:api_key", "there is no secret field", 1),
        ("key=credential/openai/main:api_key", "gets two secrets for `api_key`", 1),
        ("key=credential/openai/main", "is not PATH=IDENTITY:FIELD", 2),
        ("key", "is not PATH=IDENTITY:FIELD", 2),
    ],
)
def test_a_mapping_that_leads_nowhere(lab: Lab, mapping: str, message: str, status: int) -> None:
    source = lab.home / "old.yaml"
    source.write_text(f"key: {MAIN}\nsize: 3\nplain_unencrypted: x\n")
    program("encrypt", "-i", "--age", _public(lab), source)
    good = ("--map", "key=credential/openai/main:api_key")
    done = lab.run("secrets", "import-sops", source, *good, "--map", mapping)
    assert done.returncode == status
    assert message in done.stderr
    assert not leaks(done.stdout + done.stderr, (MAIN,))
    kept = lab.run("secrets", "get", "credential/openai/main", "api_key", "--reveal").stdout
    assert kept == OPENAI_KEY + "\n"


@pytest.mark.parametrize(
    "args",
    [
        ("config/openai.yaml", "--map", "a=b:c", "--reveal"),
        ("config/openai.yaml", "--env", "prod"),
        ("config/none.yaml",),
        ("../outside.yaml",),
    ],
)
def test_wrong_usage_of_import(lab: Lab, args: tuple[str, ...]) -> None:
    assert lab.run("secrets", "import-sops", *args).returncode == 2


def test_a_file_without_sops_or_without_secrets(lab: Lab) -> None:
    done = lab.run("secrets", "import-sops", "config/openai.yaml")
    assert done.returncode == 1
    assert "config/openai.yaml: has no `sops` block" in done.stderr
    sealed_by_sops(lab, text="kind: Team\nname: core\n")
    done = lab.run("secrets", "import-sops", NAME)
    assert done.returncode == 1
    assert "holds no secret field of llmconf" in done.stderr


def test_sops_reads_what_is_exported(lab: Lab) -> None:
    secret, public = new_identity()
    out = lab.home / "prod.yaml"
    args = ("secrets", "export-sops", "--env", "prod", "--recipient", public)
    done = lab.run(*args, "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert search([lab.root, lab.home], (ANTHROPIC_KEY, PROD_KEY, OPENAI_KEY)) == []
    found = json.loads(program("decrypt", "--output-type", "json", out, SOPS_AGE_KEY=secret, SOPS_AGE_KEY_FILE=""))
    assert found["credential/openai/main"] == {"api_key": PROD_KEY}
    assert found["credential/anthropic/main"] == {"api_key": ANTHROPIC_KEY}
    assert set(found["endpoint/gateway/inner"]) == {"headers.X-Api-Key"}
    extract = '["credential/openai/main"]["api_key"]'
    one = program("decrypt", "--extract", extract, out, SOPS_AGE_KEY=secret, SOPS_AGE_KEY_FILE="")
    assert one.decode() == PROD_KEY
    assert lab.run(*args).stdout.startswith("credential/")


def test_an_export_comes_back_by_import(lab: Lab) -> None:
    out = lab.home / "dev.yaml"
    lab.run("secrets", "export-sops", "--env", "dev", "--recipient", _public(lab), "--out", out)
    done = lab.run(
        "secrets", "import-sops", out, "--map", "credential/openai/main.api_key=credential/openai/main:api_key"
    )
    assert done.returncode == 0
    assert "nothing changed" in done.stdout


def test_references_are_left_out_unless_allowed(lab: Lab) -> None:
    lab.edit("config/anthropic.yaml", lab.token("config/anthropic.yaml"), "env:FAKE_KEY")
    args = ("secrets", "export-sops", "--env", "dev", "--recipient", _public(lab))
    done = lab.run(*args, env={"FAKE_KEY": MAIN})
    assert done.returncode == 0
    assert "credential/anthropic/main api_key is left out" in done.stderr
    assert "credential/anthropic" not in done.stdout
    allowed = lab.run(*args, "--allow-ref", "env:FAKE_*", env={"FAKE_KEY": MAIN})
    assert "credential/anthropic/main" in allowed.stdout
    assert not leaks(allowed.stdout + allowed.stderr, (MAIN,))


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (("--env", "dev"), 2),
        (("--env", "dev", "--recipient", "age1nonsense"), 1),
        (("--env", "none", "--recipient", "age1nonsense"), 2),
    ],
)
def test_wrong_usage_of_export(lab: Lab, args: tuple[str, ...], status: int) -> None:
    assert lab.run("secrets", "export-sops", *args).returncode == status


def test_export_needs_the_key_and_a_clean_project(lab: Lab) -> None:
    args = ("secrets", "export-sops", "--env", "dev", "--recipient", _public(lab))
    assert lab.run(*args, key=False).returncode == 4
    lab.edit("config/anthropic.yaml", "url: https://api.anthropic.com", "url: https://evil.example")
    done = lab.run(*args)
    assert (done.returncode, done.stdout) == (1, "")


def test_what_sops_encrypted_is_neither_sealed_nor_called_plain(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "config").mkdir(parents=True)
    (root / "llmconf.yaml").write_text("version: 1\nname: fixture\n", encoding="utf-8")
    value = "ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]"
    text = f"kind: Credential\nprovider: openai\nname: main\nhosts: [api.openai.com]\napi_key: {value}\n"
    (root / "config" / "main.yaml").write_text(text, encoding="utf-8")
    for words in (("validate", "--no-cache"), ("secrets", "encrypt")):
        done = run(*words, cwd=root)
        assert done.returncode == 1
        assert "LCK004" in done.stdout + done.stderr
        assert "import-sops" in done.stdout + done.stderr
    assert (root / "config" / "main.yaml").read_text(encoding="utf-8") == text
