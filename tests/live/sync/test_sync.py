"""`llmconf sync` as it is run: what becomes of a lock, and what must not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import commit_all, git
from live import ALLOW, KEY, Live, OpenAI, provider
from sync_support import ROUTE, SLOW, sync
from upstream.server import Server, unused_port

from llmconf.api import validate
from llmconf.live import sync as stage
from llmconf.live.authorize import Authorizer, CallLimits
from llmconf.live.http import HttpClient
from llmconf.live.lock_update import SyncRequest, Update
from llmconf.lock.enrich import load


def test_the_first_lock(live: Live) -> None:
    assert live.run("validate").returncode == 1
    assert "provider/openai: 3 added; lock/openai.lock.yaml written\n  + gpt-4o\n  + gpt-5\n  + gpt-5-mini\n" in sync(live)
    text = live.lock()
    assert text.startswith("# Written by `llmconf sync`.")
    assert [line for line in text.splitlines() if line.startswith("- id:")] == [
        "- id: gpt-4o", "- id: gpt-5", "- id: gpt-5-mini"
    ]  # fmt: skip
    assert 'input: "1.25"' in text
    assert "price: genai-prices" in text
    assert live.run("validate", "--frozen").returncode == 0
    assert "openai    gpt-5       -     400000   1.25   10" in live.run("list", "model").stdout


def test_twice_changes_no_byte(live: Live) -> None:
    sync(live)
    text = live.lock()
    assert "provider/openai: up to date" in sync(live)
    assert live.lock() == text
    sync(live, "--check")


def test_check_and_dry_run_write_nothing(live: Live, openai: OpenAI) -> None:
    assert "3 added" in sync(live, "--check", code=1)
    assert "3 added" in sync(live, "--dry-run")
    assert not (live.root / "lock").exists()
    sync(live)
    openai.models.append("gpt-5-nano")
    text = live.lock()
    assert "+ gpt-5-nano" in sync(live, "--check", code=1)
    assert live.lock() == text
    assert live.run("sync", "--check", "--dry-run").returncode == 2


def test_a_model_that_goes_stays_while_a_route_uses_it(live: Live, openai: OpenAI) -> None:
    sync(live)
    openai.models.remove("gpt-5")
    assert "! gpt-5 is no longer listed" in sync(live)
    assert "status: removed" in live.lock()
    done = live.run("validate", "--report", "concise")
    assert done.returncode == 1
    assert "config/main.yaml:15:12: error LCM007" in done.stdout
    assert "up to date" in sync(live)
    live.write(provider(live.ask("probe")[0]["url"]), ROUTE.replace("gpt-5", "gpt-5-mini"))
    assert "- gpt-5\n" in sync(live)
    assert "removed" not in live.lock()
    assert live.run("validate").returncode == 0


def test_a_model_that_nobody_uses_goes(live: Live, openai: OpenAI) -> None:
    sync(live)
    openai.models.remove("gpt-4o")
    assert "provider/openai: 1 removed; lock/openai.lock.yaml written\n  - gpt-4o\n" in sync(live)
    assert "gpt-4o" not in live.lock()


def test_a_model_that_comes_back(live: Live, openai: OpenAI) -> None:
    sync(live)
    before = live.lock()
    openai.models.remove("gpt-5")
    sync(live)
    openai.models.append("gpt-5")
    assert "~ gpt-5 lifecycle: status removed -> none" in sync(live)
    assert live.lock() == before


@pytest.mark.parametrize(
    "misbehavior",
    ["html", "broken_json", "deep_json", "other_shape", "huge_json", "reset", "cut_short", "gzip_bomb", "redirect"],
)
def test_a_list_that_cannot_be_read_changes_nothing(live: Live, server: Server, misbehavior: str) -> None:
    sync(live)
    text = live.lock()
    server.misbehave = misbehavior
    for args in ((), ("--check",), ("--allow-removals",)):
        assert "provider/openai: not determined: " in sync(live, *args, *SLOW, code=4)
        assert live.lock() == text


def test_an_empty_list_changes_nothing(live: Live, openai: OpenAI) -> None:
    sync(live)
    text = live.lock()
    openai.models.clear()
    assert "not determined: the list is empty" in sync(live, "--allow-removals", code=4)
    assert live.lock() == text


def test_a_list_that_shrinks_has_to_be_allowed(live: Live, openai: OpenAI) -> None:
    openai.models += [f"gpt-5-v{number}" for number in range(10)]
    sync(live)
    text = live.lock()
    del openai.models[3:]
    said = sync(live, code=1)
    assert "refused: 10 of 13 models are no longer listed" in said
    assert "--allow-removals" in said
    assert live.lock() == text
    assert "10 removed" in sync(live, "--allow-removals")


def test_nobody_listens(live: Live) -> None:
    sync(live)
    text = live.lock()
    live.write(provider(f"http://127.0.0.1:{unused_port()}/v1"), ROUTE)
    assert "not determined: unreachable" in sync(live, *SLOW, code=4)
    assert "not determined: unreachable" in sync(live, "--check", *SLOW, code=4)
    assert live.lock() == text


def test_a_key_that_is_not_allowed_is_not_sent(live: Live, server: Server) -> None:
    done = live.run("sync")
    assert done.returncode == 4
    assert f"--allow-ref 'env:FAKE_KEY@{server.url}' allows it" in done.stdout
    assert server.seen == []
    assert not (live.root / "lock").exists()


def test_a_lock_with_mistakes_is_left_alone(live: Live) -> None:
    sync(live)
    file = live.root / "lock/openai.lock.yaml"
    file.write_text(file.read_text().replace("id: gpt-5\n", "id: gpt-5\n  contxt: 1\n"))
    text = file.read_text()
    done = live.run("sync", *ALLOW)
    assert done.returncode == 4
    assert "lock/openai.lock.yaml: unknown key `contxt`" in done.stdout
    assert file.read_text() == text
    assert "or delete the file and run `llmconf sync`" in live.run("validate").stdout


def test_a_broken_lock_stops_no_other(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"), ROUTE)
    sync(live)
    (live.root / "lock/openai.lock.yaml").write_text("- no lock\n")
    (live.root / "lock/second.lock.yaml").unlink()
    said = sync(live, code=4)
    assert "provider/openai: not determined: lock/openai.lock.yaml" in said
    assert "provider/second: 3 added; lock/second.lock.yaml written" in said


def test_what_is_removed_can_be_looked_at(live: Live, openai: OpenAI) -> None:
    sync(live)
    openai.models.remove("gpt-5")
    sync(live)
    assert "gpt-5" in live.run("list", "model", "--status", "removed").stdout
    assert "removed" in live.run("show", "model/openai/gpt-5", "--why").stdout


def test_facts_of_the_provider_go_first_and_disagreements_are_told(live: Live, openai: OpenAI, tmp_path: Path) -> None:
    catalog = {"gpt-5": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 123456,
                         "max_output_tokens": 1000, "input_cost_per_token": 9e-06, "output_cost_per_token": 9e-06,
                         "supports_function_calling": True}}  # fmt: skip
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(catalog))
    assert live.run("catalog", "import", str(file), "--from", "litellm").returncode == 0
    openai.models[0] = {"id": "gpt-5", "object": "model", "shutdown_date": "2027-06-01"}
    said = sync(live)
    assert "? gpt-5 price.input: sources disagree: genai-prices 1.25, litellm 9" in said
    text = live.lock()
    block = text[text.index("- id: gpt-5\n") : text.index("- id: gpt-5-mini")]
    assert "retires: \"2027-06-01\"" in block or "retires: 2027-06-01" in block
    assert "lifecycle: provider" in block
    assert "max_output: litellm" in block
    assert "- function_calling" in block
    assert 'input: "1.25"' in block


def test_the_formats(live: Live) -> None:
    found = json.loads(sync(live, "--dry-run", "-o", "json"))
    assert found[0]["added"] == ["gpt-4o", "gpt-5", "gpt-5-mini"]
    assert found[0]["drifted"] is True
    assert "**provider/openai**: 3 added; lock/openai.lock.yaml is not written\n\n- added gpt-4o\n" in sync(live, "--dry-run", "-o", "markdown")


def test_a_link_out_of_the_repository_is_not_followed(live: Live, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (live.root / "lock").symlink_to(outside)
    done = live.run("sync", *ALLOW)
    assert done.returncode == 1
    assert list(outside.iterdir()) == []


def test_branches_that_sync_different_providers_merge_clean(live: Live, server: Server, openai: OpenAI) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"), ROUTE)
    sync(live)
    commit_all(live.root)
    git("checkout", "--quiet", "-b", "one", cwd=live.root)
    openai.models.append("gpt-5-nano")
    sync(live, "--only", "provider/openai")
    git("commit", "--quiet", "-am", "one", cwd=live.root)
    git("checkout", "--quiet", "main", cwd=live.root)
    sync(live, "--only", "provider/second")
    git("commit", "--quiet", "-am", "two", cwd=live.root)
    git("merge", "--quiet", "one", cwd=live.root)
    assert live.run("validate").returncode == 0
    sync(live, "--check")


def test_branches_that_add_models_at_different_places_merge_clean(live: Live, openai: OpenAI) -> None:
    sync(live)
    commit_all(live.root)
    git("checkout", "--quiet", "-b", "one", cwd=live.root)
    openai.models.append("gpt-3")
    sync(live)
    git("commit", "--quiet", "-am", "one", cwd=live.root)
    git("checkout", "--quiet", "main", cwd=live.root)
    openai.models.remove("gpt-3")
    openai.models.append("gpt-6")
    sync(live)
    git("commit", "--quiet", "-am", "two", cwd=live.root)
    git("merge", "--quiet", "one", cwd=live.root)
    openai.models.append("gpt-3")
    sync(live, "--check")


def test_a_disabled_provider_is_not_passed_over_in_silence(live: Live, server: Server) -> None:
    off = provider(f"{server.url}/v1", "off").replace("type: openai\n", "type: openai\nenabled: false\n")
    live.write(provider(f"{server.url}/v1"), off)
    done = live.run("sync", "--only", "provider/off", *ALLOW)
    assert done.returncode == 1
    assert "provider/off is disabled here" in done.stderr


def test_line_ends_of_a_checkout_are_no_drift(live: Live) -> None:
    sync(live)
    file = live.root / "lock/openai.lock.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    sync(live, "--check")
    assert live.run("validate", "--frozen").returncode == 0


def test_a_lock_is_written_before_it_is_told_of(live: Live) -> None:
    command = f"{sys.executable} -m llmconf -C {live.root} sync --allow-ref env:FAKE_KEY | true"
    subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, env={**os.environ, "FAKE_KEY": KEY}, timeout=60,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "- id: gpt-5\n" in live.lock()


def test_a_list_that_is_exchanged_as_a_whole_has_to_be_allowed(live: Live, openai: OpenAI) -> None:
    openai.models[:] = ["gpt-5"]
    sync(live)
    openai.models[:] = ["something-else"]
    assert "refused: 1 of 1 models" in sync(live, code=1)


def test_what_a_provider_says_of_a_disabled_model_is_cured_by_a_sync(live: Live, server: Server) -> None:
    sync(live)
    file = live.root / "lock/openai.lock.yaml"
    block = file.read_text()
    at = block.index("- id: gpt-5\n")
    end = block.index("  sources:", at)
    file.write_text(block[:end] + "  enabled: false\n" + block[end:])
    assert "LCR003" in live.run("validate").stdout
    sync(live)
    assert live.run("validate").returncode == 0


def test_a_list_that_repeats_a_key_changes_nothing(live: Live, openai: OpenAI) -> None:
    sync(live)
    text = live.lock()
    openai.models.append(KEY)
    assert "repeats a secret" in sync(live, code=4)
    assert live.lock() == text


def test_what_a_vendor_calls_its_models_is_no_markup(live: Live, openai: OpenAI) -> None:
    openai.models.append("<b>`[x](https://evil.example)")
    text = sync(live, "--dry-run", "-o", "markdown")
    assert "evil.example" in text
    assert not any(mark in text.replace("**", "").replace("&#", "") for mark in ("<", "[", "`", "("))


@pytest.mark.parametrize("how", ["comment", "settings"])
def test_nothing_in_the_project_silences_a_frozen_lock(live: Live, server: Server, how: str) -> None:
    rest = "# llmconf: ignore[LCM010] later\nsync: {include: ['gpt-5*']}\n" if how == "comment" else "sync: {include: ['gpt-5*']}\n"
    settings = "rules: {LCM010: 'off'}\n" if how == "settings" else ""
    models = "models:\n  - {id: gpt-5}\n"
    live.write(provider(f"{server.url}/v1", rest=rest + models), ROUTE, settings=settings)
    assert live.run("validate").returncode == 0
    done = live.run("validate", "--frozen", "--report", "concise")
    assert (done.returncode, "LCM010" in done.stdout) == (1, True)


def test_a_defect_at_one_lock_hides_no_other(live: Live, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "farm"))
    monkeypatch.setenv("FAKE_KEY", KEY)
    checked = validate(live.root)
    ways = Authorizer(checked, None, ["env:FAKE_*"], CallLimits(retries=0))
    works = stage.decide

    def broken(update: Update, *rest: Any) -> None:
        works(update, *rest)
        if update.provider == "farm":
            raise KeyError("made up")

    monkeypatch.setattr(stage, "decide", broken)
    seen: list[Exception] = []
    updates = stage.sync(
        ways, stage.providers_to_sync(ways.env), checked=checked, catalogs=load(live.root), wish=SyncRequest(),
        network=HttpClient, defect=seen.append,
    )  # fmt: skip
    by_name = {update.provider: update for update in updates}
    assert by_name["openai"].new
    assert (by_name["farm"].new, by_name["farm"].added) == (None, [])
    assert by_name["farm"].failure == "internal error (KeyError); --debug shows more"
    assert [type(error) for error in seen] == [KeyError]


def test_a_lock_that_would_not_be_read_again_is_not_written(
    live: Live, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_KEY", KEY)
    monkeypatch.setattr("llmconf.lock.format.MAX_MODELS", 2)
    checked = validate(live.root)
    ways = Authorizer(checked, None, ["env:FAKE_*"], CallLimits(retries=0))
    (update,) = stage.sync(
        ways, stage.providers_to_sync(ways.env), checked=checked, catalogs=load(live.root), wish=SyncRequest(), network=HttpClient
    )
    assert (update.new, update.refusal) == (
        None, "a lock of 3 models is too large to read again: narrow `sync:` of the provider"
    )  # fmt: skip


def test_a_lock_that_is_too_large_to_be_read_is_named(live: Live) -> None:
    lock = live.root / "lock/openai.lock.yaml"
    lock.parent.mkdir()
    lock.write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    assert "lock/openai.lock.yaml exists but cannot be read: delete it" in sync(live, code=4)
    assert lock.stat().st_size > 8 * 1024 * 1024
