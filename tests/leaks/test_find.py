"""Plain credentials in text files: found in any of them, told by place, and never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run
from secret_repository import FIRST

from llmconf.leaks.find import find_leaks

PLAIN = "fakePLAINfake0123456789secret"
PEM = "-----BEGIN PRIVATE KEY-----\n" + "FAKEfake" * 8 + "\n-----END PRIVATE KEY-----\n"

REFUSED = {
    "YAML": ("a.yaml", f"api_key: {PLAIN}\n"),
    "YAML, a short password": ("a.yml", "password: hunter2\n"),
    "YAML in flow": ("a.yaml", f"list: [{{name: a, api_key: {PLAIN}}}]\n"),
    "YAML, a block": ("a.yaml", f"secret_key: |\n  {PLAIN}\n"),
    "YAML, on the next line": ("a.yaml", f"secret_key:\n  {PLAIN}\n"),
    "YAML, an alias": ("a.yaml", f"x: &x {PLAIN}\napi_key: *x\n"),
    "YAML, a comment": ("a.yaml", f"# api_key: {PLAIN}\nname: a\n"),
    "YAML that is broken": ("a.yaml", f"a: [\napi_key: {PLAIN}\n"),
    "YAML in YAML": ("a.yaml", f"data:\n  app.yaml: |\n    api_key: {PLAIN}\n"),
    "a template": ("a.yaml", f"{{{{- if .Values.x }}}}\nclient_secret: {PLAIN}\n{{{{- end }}}}\n"),
    "a variable with a default": ("a.yaml", f"api_key: ${{KEY:-{PLAIN}}}\n"),
    "a header": ("a.yaml", f"headers: {{Authorization: Bearer {PLAIN}}}\n"),
    "a URL with a password": ("a.yaml", "database_url: postgresql://app:FAKEfake99@db/x\n"),
    "JSON": ("a.json", f'{{"api_key": "{PLAIN}"}}\n'),
    "JSON, an escaped name": ("a.json", f'{{"api\\u005fkey": "{PLAIN}"}}\n'),
    "JSON in camel case": ("a.json", f'{{"azureApiKey":"{PLAIN}","n":1}}'),
    ".env": (".env", f"OPENAI_API_KEY={PLAIN}\n"),
    ".env, exported and quoted": (".env.local", f"export OPENAI_API_KEY='{PLAIN}'\n"),
    ".env, a comment": ("prod.env", f"#OPENAI_API_KEY={PLAIN}\n"),
    ".env with CRLF": (".env", f"A=1\r\nDB_PASSWORD={PLAIN}\r\n"),
    "Markdown, the format of a key": ("a.md", f"Use {FIRST} to log in.\n"),
    "Markdown, YAML in a fence": ("a.md", f"```yaml\napi_key: {PLAIN}\n```\n"),
    "Markdown, a shell in a fence": ("README.md", f"```sh\nexport OPENAI_API_KEY={PLAIN}\n```\n"),
    "Markdown, inline": ("a.md", f"Set `api_key: {PLAIN}` there.\n"),
    "a script": ("run.sh", f"OPENAI_API_KEY={PLAIN} python x.py\n"),
    "Python": ("a.py", f'client = OpenAI(api_key="{PLAIN}")\n'),
    "a private key": ("a.pem", PEM),
    "a private key in JSON": ("a.json", json.dumps({"x": PEM})),
    "an age identity": ("a.txt", "AGE-SECRET-KEY-1" + "FAKE2FAKE3" * 5 + "FAKE4567\n"),
}
PASSES = {
    "references": ("a.yaml", "a: {api_key: env:A}\nb: {api_key: file:x/y}\nc: {api_key: op://a/b/c}\n"),
    "variables": ("a.yaml", "a: {api_key: os.environ/A}\npassword: ${A}\nsecret: $A\ntoken: ${A:-}\n"),
    "helm": ("a.yaml", "password: {{ .Values.password | quote }}\n"),
    "placeholders": ("a.yaml", "a: {api_key: your-api-key}\npassword: <password>\nsecret: CHANGE_ME\n"),
    "dummies": ("a.yaml", "a: {api_key: none}\nb: {api_key: sk-1234}\npassword: ''\nsecret:\n"),
    "masks": ("a.yaml", "api_key: sk-...\npassword: '****'\nsecret: xxxxxxxx\n"),
    "ciphers of others": ("a.yaml", "password: ENC[AES256_GCM,data:aaaa,iv:b,tag:c,type:str]\n"),
    "tags": ("a.yaml", "password: !secret db_password\ntoken: !ENV TOKEN\n"),
    "schemas": ("a.json", '{"properties": {"api_key": {"type": "string"}, "token": {"$ref": "#/x"}}}'),
    "counts": ("a.yaml", "max_tokens: 4096\ntoken: 128\noutput_cost_per_token: 0.00000150001\n"),
    "words of a vocabulary": ("tokenizer.json", '{"eos_token": "<|endoftext|>", "pad_token": "[PAD]"}'),
    "a large vocabulary": ("vocab.json", '{"password":12345,"x":1,' + '"y":2,' * 200_000 + '"secret":7}'),
    "Kubernetes": ("a.yaml", "secret:\n  secretName: app\nenv: [{name: KEY, valueFrom: {secretKeyRef: {key: x}}}]\n"),
    "the name of a variable": ("a.yaml", "api_key: OPENAI_API_KEY\n"),
    ".env": (".env.example", "OPENAI_API_KEY=\nA_TOKEN=<token>\nB_PASSWORD=changeme\n"),
    "prose": ("a.md", "The token: it is sealed. A password = something that nobody knows.\n"),
    "code": ("a.py", 'api_key = settings.api_key2\ntoken: str = load("token")\npassword = os.environ["PASSWORD"]\n'),
    "a script": ("a.sh", 'TOKEN=$(cat /run/secrets/token)\nPASSWORD="$1"\nAPI_KEY=${API_KEY:?set it}\n'),
    "the head of a key alone": ("a.md", "It begins with `-----BEGIN PRIVATE KEY-----`.\n"),
    "a URL without a password": ("a.yaml", "url: https://api.example.org:8443/v1\ndb: postgres://app@db/x\n"),
    "binary": ("a.bin", "\0api_key: " + PLAIN),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_plain_credentials_are_refused_and_not_shown(case: str, tmp_path: Path) -> None:
    name, text = REFUSED[case]
    (tmp_path / name).write_bytes(text.encode())
    done = run("secrets", "scan", name, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("error[LCK001]: ")
    assert f"--> {name}:" in done.stdout
    for secret in (PLAIN, FIRST, "hunter2", "FAKEfake", "FAKE2"):
        assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize("case", PASSES)
def test_what_is_no_credential_passes(case: str, tmp_path: Path) -> None:
    name, text = PASSES[case]
    (tmp_path / name).write_bytes(text.encode())
    done = run("secrets", "scan", name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "1 file scanned: no plain credentials\n"


def test_a_finding_points_at_the_value_alone() -> None:
    text = f"name: ä\r\nlist:\r\n  - {{api_key: '{PLAIN}', x: 1}}\r\n"
    (leak,) = find_leaks(text, "a.yaml")
    assert text[leak.start : leak.end] == PLAIN


@pytest.mark.parametrize(
    "report", ["full", "concise", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown"]
)
def test_every_format_reports_without_the_secret(report: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"api_key: {PLAIN}\nother: {FIRST}\n", encoding="utf-8")
    done = run("secrets", "scan", "a.yaml", "--report", report, cwd=tmp_path)
    assert done.returncode == 1
    assert "LCK001" in done.stdout
    assert PLAIN not in done.stdout
    assert FIRST not in done.stdout
    (tmp_path / "a.yaml").write_text("name: a\n", encoding="utf-8")
    assert run("secrets", "scan", "a.yaml", "--report", report, cwd=tmp_path).returncode == 0
