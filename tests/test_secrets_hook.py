"""`llmconf secrets scan` and the hook `llmconf-secrets`: what is staged counts, in any text file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from secret_repository import FIRST, Repository, new_repository
from support import REPOSITORY, git, run
from test_pre_commit import Repository as Hooked
from test_pre_commit import home, published

from llmconf.leaks.find import find_leaks

__all__ = ["home", "published"]

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
    assert done.stderr == "1 file looked at: no plain credentials\n"


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


def test_large_wide_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "wide.env").write_bytes(f"API_KEY={PLAIN}\n".encode("utf-16"))
    assert run("secrets", "scan", "wide.env", cwd=tmp_path).returncode == 1
    (tmp_path / "large.txt").write_bytes(b"x\n" * (5 * 1024 * 1024) + FIRST.encode())
    done = run("secrets", "scan", "large.txt", cwd=tmp_path)
    assert done.returncode == 0
    assert "only the first 8,388,608 of 10,485," in done.stderr
    done = run("secrets", "scan", "missing.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "missing.yaml cannot be read" in done.stderr
    assert run("secrets", "scan", cwd=tmp_path).returncode == 2
    assert run("secrets", "scan", "--staged", cwd=tmp_path).returncode == 2


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


def test_staged_reads_the_index_and_not_the_files(repository: Repository) -> None:
    file = repository.root / "notes ü.yaml"
    file.write_text(f"api_key: {PLAIN}\n", encoding="utf-8")
    repository.git("add", "--all")
    file.write_text("api_key: env:KEY\n", encoding="utf-8")
    for args in ((), (file.name,), (".",)):
        done = repository.llmconf("secrets", "scan", "--staged", *args, key=False, status=1)
        assert f"{file.name}:1:10" in done.stdout
    repository.llmconf("secrets", "scan", file.name, key=False)

    repository.git("add", "--all")
    file.write_text(f"api_key: {PLAIN}\n", encoding="utf-8")
    repository.llmconf("secrets", "scan", "--staged", key=False)
    repository.llmconf("secrets", "scan", "--staged", file.name, key=False)
    repository.llmconf("secrets", "scan", file.name, key=False, status=1)


def test_staged_without_files_looks_at_what_differs_from_the_last_commit(repository: Repository) -> None:
    (repository.root / "old.env").write_text(f"API_KEY={PLAIN}\n", encoding="utf-8")
    repository.commit("A leak that is there already")
    done = repository.llmconf("secrets", "scan", "--staged", key=False)
    assert done.stderr.startswith("0 files looked at")
    repository.git("mv", "old.env", "new.env")
    assert "new.env:1:9" in repository.llmconf("secrets", "scan", "--staged", key=False, status=1).stdout
    repository.git("rm", "--quiet", "--force", "new.env")
    repository.llmconf("secrets", "scan", "--staged", key=False)
    repository.git("reset", "--quiet", "--hard")
    folder = repository.root / "config"
    done = run("secrets", "scan", "--staged", "-C", folder, cwd=repository.root)
    assert done.returncode == 0
    assert run("secrets", "scan", "--staged", "gone.yaml", cwd=folder).returncode == 2
    assert "old.env" in repository.llmconf("secrets", "scan", key=False, status=1).stdout


def test_a_repository_with_sealed_secrets_is_clean(repository: Repository) -> None:
    (repository.root / "untracked.md").write_text("```yaml\napi_key: env:KEY\n```\n", encoding="utf-8")
    repository.llmconf("secrets", "scan", key=False)


def test_paths_in_reports_lead_from_the_root_of_the_repository(tmp_path: Path) -> None:
    repository = new_repository(tmp_path, folder="deep/project")
    (repository.root / "x.env").write_text(f"API_KEY={PLAIN}\n", encoding="utf-8")
    done = repository.llmconf("secrets", "scan", "x.env", "--report", "github", key=False, status=1)
    assert "file=deep/project/x.env,line=1" in done.stdout


def test_this_repository_holds_plain_credentials_in_its_tests_only(tmp_path: Path) -> None:
    # As it is unpacked: whoever has no clone of it can check that too.
    copy = tmp_path / "copy"
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns(".git", ".tools", ".venv", ".*cache*", "__pycache__", "dist"))
    git("init", "--quiet", cwd=copy)
    git("add", "--all", cwd=copy)
    done = run("secrets", "scan", "--report", "concise", cwd=copy)
    assert "looked at" in done.stderr
    assert [line for line in done.stdout.splitlines() if not line.startswith("tests/")] == []


def test_the_hook_is_described() -> None:
    hooks = YAML(typ="safe", pure=True).load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (hook,) = [hook for hook in hooks if hook["id"] == "llmconf-secrets"]
    assert hook["entry"] == "llmconf secrets scan --staged"
    assert (hook["types"], hook["pass_filenames"], hook["require_serial"]) == (["text"], True, True)


def test_the_hook_in_a_real_repository(tmp_path: Path, published: Path, home: Path) -> None:
    (tmp_path / "README.md").write_text("Nothing to configure.\n", encoding="utf-8")
    hooked = Hooked(tmp_path, published, home)
    settings = tmp_path / ".pre-commit-config.yaml"
    text = settings.read_text(encoding="utf-8").replace("id: llmconf-validate", "id: llmconf-secrets")
    settings.write_text(text, encoding="utf-8")
    passed, said = hooked.commit()
    assert passed, said
    assert "llmconf secrets" in said

    for name, content in (
        ("a.yaml", f"api_key: {PLAIN}\n"),
        (".env", f"OPENAI_API_KEY={PLAIN}\n"),
        ("a.json", f'{{"api_key": "{PLAIN}"}}\n'),
        ("notes.md", f"The key is {FIRST}.\n"),
    ):
        file = tmp_path / name
        file.write_text(content, encoding="utf-8")
        passed, said = hooked.commit()
        assert not passed, name
        assert "LCK001" in said
        assert name in said
        assert PLAIN not in said
        assert FIRST not in said
        # What is staged counts: a file that was mended afterwards does not help before it is added again.
        file.write_text("name: mended\n", encoding="utf-8")
        assert hooked.run("git", "commit", "--message=Mended").returncode != 0
        passed, said = hooked.commit()
        assert passed, said

    (tmp_path / "a.yaml").write_text(f"api_key: {PLAIN}\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text("staged\n", encoding="utf-8")
    hooked.run("git", "add", "other.txt")
    done = hooked.run("git", "commit", "--message=Only the other one")
    assert done.returncode == 0, done.stdout + done.stderr
    # With a file name, git hands the hook an index of its own.
    done = hooked.run("git", "commit", "--message=This one", "a.yaml")
    assert done.returncode != 0
