"""`llmconf sync` and what it is about: filters, single models and providers, environments, and whose lock it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from live import ALLOW, Live, OpenAI, provider
from sync_support import ROUTE, sync
from upstream.server import Server, serve


def test_filters(live: Live, server: Server, openai: OpenAI) -> None:
    openai.models += ["whisper-1", "gpt-5-preview"]
    filters = "sync:\n  include: ['gpt-5*']\n  exclude: ['*-preview']\n"
    live.write(provider(f"{server.url}/v1", rest=filters), ROUTE)
    assert "2 added; lock/openai.lock.yaml written\n  + gpt-5\n  + gpt-5-mini\n" in sync(live)
    assert "  include:\n  - \"gpt-5*\"" in live.lock() or "  include:\n  - gpt-5*" in live.lock()
    assert live.run("validate", "--frozen").returncode == 0
    live.write(provider(f"{server.url}/v1"), ROUTE)
    assert live.run("validate", "--frozen").returncode == 1
    assert live.run("validate").returncode == 0


@pytest.mark.parametrize("locked", [False, True])
def test_a_filter_that_takes_nothing_is_refused(live: Live, server: Server, locked: bool) -> None:
    if locked:
        sync(live)
    before = live.lock() if locked else None
    live.write(provider(f"{server.url}/v1", rest="sync:\n  include: ['gpt5*']\n"), ROUTE)
    assert "refused: the filter includes none of the 3 models that are listed" in sync(live, code=1)
    assert (live.lock() if (live.root / "lock/openai.lock.yaml").exists() else None) == before


def test_a_narrower_filter_is_no_loss(live: Live, server: Server, openai: OpenAI) -> None:
    openai.models += [f"old-{number}" for number in range(20)]
    sync(live)
    live.write(provider(f"{server.url}/v1", rest="sync:\n  include: ['gpt-5*']\n"), ROUTE)
    assert "21 removed" in sync(live)


def test_what_the_filter_leaves_out_is_not_gone_from_the_vendor(live: Live, server: Server) -> None:
    """The model is listed: it is the project's own filter that a route contradicts, and that is what is said."""
    sync(live)
    live.write(provider(f"{server.url}/v1", rest="sync:\n  include: ['gpt-4*']\n"), ROUTE)
    said = sync(live)
    assert "- gpt-5\n" in said
    assert "no longer listed" not in said
    assert "removed" not in live.lock()
    done = live.run("validate")
    assert done.returncode == 1
    assert "error[LCR002]: there is no model `openai/gpt-5`" in done.stdout
    assert "config/main.yaml:4:1" in done.stdout
    assert "this filter keeps `gpt-5` out of the lock" in done.stdout


def test_the_share_that_may_go_is_of_what_is_live_and_asked_for(live: Live, server: Server, openai: OpenAI) -> None:
    openai.models = [f"m{number:02}" for number in range(12)]
    uses = "kind: Team\nname: all\nuses: [" + ", ".join(f"model/openai/m{number:02}" for number in range(12)) + "]\n"
    live.write(provider(f"{server.url}/v1"), uses)
    sync(live)
    for left in (9, 7, 6):
        openai.models = openai.models[:left]
        sync(live)
    assert live.lock().count("status: removed") == 6
    openai.models = openai.models[:3]
    assert "refused: 3 of 6 models are no longer listed, such as `m03`" in sync(live, code=1)
    openai.models = [f"keep-{number}" for number in range(10)] + [f"m{number:02}" for number in range(12)]
    sync(live)
    openai.models = openai.models[9:]
    live.write(provider(f"{server.url}/v1", rest="sync: {include: ['keep-*']}\n"))
    assert "refused: 9 of 10 models are no longer listed" in sync(live, code=1)
    assert "gone: " not in sync(live, "-o", "markdown", "--allow-removals")


def test_one_model_leaves_other_providers_alone(live: Live, server: Server) -> None:
    rest = "sync: {include: ['gpt-5-m*', 'gpt-4*']}\n"
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "other", rest=rest), ROUTE)
    sync(live, "--only", "other")
    with serve(OpenAI(["claude"])) as elsewhere:
        live.write(
            provider(f"{server.url}/v1"), ROUTE, provider(f"{elsewhere.url}/v1", "third"),
            provider(f"{elsewhere.url}/v1", "other", rest="sync: {include: ['cl*']}\n"),
        )  # fmt: skip
        before = live.lock("other")
        assert sync(live, "--model", "gpt-5").splitlines()[:2] == [
            "provider/openai: 1 added; lock/openai.lock.yaml written", "  + gpt-5"
        ]  # fmt: skip
        assert "third" not in sync(live, "--model", "gpt-5", "--check")
        assert "other" not in sync(live, "--model", "gpt-5", "--check", "-o", "json")
    assert sorted(file.name for file in (live.root / "lock").iterdir()) == ["openai.lock.yaml", "other.lock.yaml"]
    assert live.lock("other") == before


def test_one_model_that_the_filter_leaves_out(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1", rest="sync: {include: ['gpt-4*']}\n"))
    sync(live)
    assert "refused: the filter excludes `gpt-5`" in sync(live, "--model", "gpt-5", code=1)


def test_one_model_only(live: Live, openai: OpenAI) -> None:
    sync(live)
    openai.models[:] = ["gpt-5", "gpt-5-nano", "gpt-5-turbo"]
    assert "1 added; lock/openai.lock.yaml written\n  + gpt-5-nano\n" in sync(live, "--model", "gpt-5-nano")
    assert "gpt-5-turbo" not in live.lock()
    assert "gpt-4o" in live.lock()


def test_one_provider_only(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"), ROUTE)
    sync(live, "--only", "provider/second")
    assert [file.name for file in (live.root / "lock").iterdir()] == ["second.lock.yaml"]
    done = live.run("sync", "--only", "provider/secnd")
    assert done.returncode == 2
    assert "did you mean `provider/second`?" in done.stderr


def test_a_lock_without_its_provider_is_pruned(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"), ROUTE)
    sync(live)
    live.write(provider(f"{server.url}/v1"), ROUTE)
    sync(live)
    assert (live.root / "lock/second.lock.yaml").exists()
    assert "provider/second: no such provider; lock/second.lock.yaml deleted" in sync(live, "--prune")
    assert not (live.root / "lock/second.lock.yaml").exists()


def test_a_mistake_in_another_environment_stops_nothing(live: Live, server: Server) -> None:
    settings = "environments: [dev, prod]\n"
    live.write(provider(f"{server.url}/v1"), settings=settings)
    live.write("kind: Provider\nname: opnai\nenabled: false\n", settings=settings, name="environments/prod/x.yaml")
    assert live.run("validate").returncode == 1
    sync(live, "--env", "dev")
    assert live.ask("probe", "--env", "dev")[0]["verdict"] == "healthy"
    assert live.run("probe", "--env", "prod", *ALLOW).returncode == 1


def test_an_id_that_nobody_has_is_a_mistake(live: Live) -> None:
    sync(live)
    done = live.run("sync", "--model", "gpt-5-mni", *ALLOW)
    assert done.returncode == 1
    assert "no provider lists the model `gpt-5-mni`" in done.stderr
    assert "did you mean `gpt-5-mini`?" in done.stderr


def test_one_model_cannot_stand_for_another_filter(live: Live, server: Server) -> None:
    sync(live)
    text = live.lock()
    live.write(provider(f"{server.url}/v1", rest="sync:\n  include: ['gpt-5*']\n"), ROUTE)
    assert "refused: the lock was written for another type or filter" in sync(live, "--model", "gpt-5", code=1)
    assert live.lock() == text


def test_pruning_is_about_all_providers(live: Live) -> None:
    assert live.run("sync", "--prune", "--only", "provider/openai").returncode == 2
    assert live.run("sync", "--prune", "--model", "gpt-5").returncode == 2


def test_one_lock_serves_the_environments_of_a_provider(live: Live, openai: OpenAI) -> None:
    with serve(openai) as first, serve(openai) as second:
        hosts = f'"{first.url}", "{second.url}"'
        base = provider(f"{first.url}/v1").replace(f'["{first.url}"]', f"[{hosts}]")
        live.write(base, ROUTE, settings="environments: [dev, prod]\n")
        overlay = f"kind: Endpoint\nprovider: openai\nname: main\nurl: {second.url}/v1\n"
        live.write(overlay, settings="environments: [dev, prod]\n", name="environments/dev/openai.yaml")
        sync(live, "--env", "prod")
        text = live.lock()
        assert "up to date" in sync(live, "--env", "dev")
        sync(live, "--env", "prod", "--check")
        assert live.lock() == text
        assert first.seen
        assert second.seen


MISTAKES = {
    "YAML": "kind: Route\nname: staged\n$new: true\ntargets: [{model: openai/gpt-5}\n",
    "a key": "kind: Route\nname: staged\n$new: true\nstrategie: x\ntargets: [{model: openai/gpt-5}]\n",
    "a control": "kind: Route\nname: staged\ntargets: [{model: openai/gpt-5}]\n",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_was_not_understood_may_refer_to_anything(
    live: Live, server: Server, openai: OpenAI, mistake: str
) -> None:
    """The mistake is in another environment, so it does not stop the command; what is in it is not known."""
    environments = {"settings": "environments: [prod, staging]\n"}
    extra = provider(f"{server.url}/v1", "extra") + "$new: true\n"
    live.write(extra, name="environments/staging/extra.yaml", **environments)
    live.write(provider(f"{server.url}/v1"), **environments)
    sync(live, "--env", "staging")
    openai.models.remove("gpt-5")
    live.write(MISTAKES[mistake], name="environments/staging/route.yaml", **environments)
    if mistake == "YAML":
        live.write(extra + "enpoints: [\n", name="environments/staging/extra.yaml", **environments)
    done = live.run("sync", *ALLOW, "--env", "prod", "--prune")
    assert (done.returncode, "a file with mistakes may declare the provider of a lock" in done.stderr) == (1, True)
    said = sync(live, "--env", "prod")
    assert "! gpt-5 is no longer listed" in said
    assert "models that are gone stay, marked as removed: a file with mistakes may refer to them" in said
    assert "status: removed" in live.lock()
    assert (live.root / "lock/extra.lock.yaml").exists()


def test_environments_with_servers_of_their_own(live: Live, server: Server, openai: OpenAI) -> None:
    """One lock: its endpoint is the one whose list it is, and does not move between servers that list the same."""
    other = OpenAI([*openai.models])
    with serve(other) as second:
        hosts = f'["{server.url}", "{second.url}"]'
        base = provider(f"{server.url}/v1").replace(f'["{server.url}"]', hosts)
        settings = {"settings": "environments: [dev, prod]\n"}
        live.write(base, **settings)
        overlay = f"kind: Endpoint\nprovider: openai\nname: main\nurl: {second.url}/v1\n"
        live.write(overlay, name="environments/dev/main.yaml", **settings)
        sync(live, "--env", "prod")
        text = live.lock()
        assert f"endpoint: {server.url}/v1" in text
        assert f"{second.url}/v1 was asked, but the lock comes from {server.url}/v1" in sync(live, "--env", "dev", "--check")
        other.models.append("dev-only")
        said = sync(live, "--env", "dev")
        assert f"{second.url}/v1 was asked; until now the lock came from {server.url}/v1" in said
        assert f"endpoint: {second.url}/v1" in live.lock()
        other.models += [f"dev-{number}" for number in range(9)]
        sync(live, "--env", "dev")
        refused = f"{server.url}/v1 was asked, but the lock comes from {second.url}/v1; --allow-removals accepts it"
        assert refused in sync(live, "--env", "prod", code=1)


def test_a_lock_of_a_server_that_is_never_asked_is_out_of_date(live: Live, server: Server) -> None:
    """Whoever writes a lock cannot give it the name of a vendor by declaring an endpoint that is not in use."""
    document = provider(f"{server.url}/v1")
    idle = "  - {name: idle, url: https://api.openai.com/v1, enabled: false}\n"
    live.write(document.replace("credentials:", f"{idle}credentials:").replace("main\n", "main\n    default: true\n", 1))
    sync(live)
    lock = live.root / "lock/openai.lock.yaml"
    lock.write_text(live.lock().replace(f"{server.url}/v1", "https://api.openai.com/v1"), encoding="utf-8")
    assert "comes from an endpoint that the provider" in live.run("validate", "--frozen").stdout
    assert "lock/openai.lock.yaml is not written" in sync(live, "--check", code=1)


def test_a_lock_of_what_has_no_list_is_no_lock(live: Live, server: Server) -> None:
    live.write(provider(server.url, "pplx", "perplexity") + "models: [{id: sonar}]\n")
    assert "pplx: nothing to lock\n" in sync(live)
    lock = live.root / "lock/pplx.lock.yaml"
    lock.parent.mkdir()
    source = f"version: 1\nsource:\n  endpoint: {server.url}\n  adapter: perplexity\n"
    lock.write_text(f"{source}models:\n- id: sonar-that-never-was\n", encoding="utf-8")
    assert "refused: `perplexity` has no list of models" in sync(live, "--check", code=1)
    done = live.run("validate", "--frozen", "--report", "concise")
    assert done.returncode == 1
    assert "lock/pplx.lock.yaml:4:12: error LCM010 the type `perplexity` has no list of models to lock" in done.stdout


def test_a_pattern_takes_no_time(live: Live, server: Server, openai: OpenAI) -> None:
    openai.models.append("a" * 250)
    stars = "sync:\n  include: ['" + "*a" * 14 + "*b', 'gpt*']\n"
    live.write(provider(f"{server.url}/v1", rest=stars), ROUTE)
    assert "3 added" in sync(live)


def test_a_lock_of_an_endpoint_that_is_gone_is_stale(live: Live) -> None:
    sync(live)
    with serve(OpenAI()) as other:
        live.write(provider(f"{other.url}/v1"), ROUTE)
        done = live.run("validate", "--frozen", "--report", "concise")
        assert done.returncode == 1
        assert "lock/openai.lock.yaml:4:13: error LCM010" in done.stdout
        assert live.run("validate").returncode == 0
        sync(live)
        assert live.run("validate", "--frozen").returncode == 0


IDLE = "  - {name: idle, url: https://api.openai.com/v1}\n"


@pytest.mark.parametrize("where", ["base", "overlays"])
def test_no_lock_is_of_an_endpoint_that_no_environment_asks(live: Live, server: Server, where: str) -> None:
    """An endpoint that is switched off everywhere gives a lock its name no more than one that is not there."""
    settings = {"settings": "environments: [dev, prod]\n"}
    document = provider(f"{server.url}/v1").replace("    url:", "    default: true\n    url:", 1)
    idle = IDLE.replace("}", ", enabled: false}") if where == "base" else IDLE
    live.write(document.replace("credentials:", f"{idle}credentials:"), **settings)
    for name in ("dev", "prod") if where == "overlays" else ():
        overlay = "kind: Endpoint\nprovider: openai\nname: idle\nenabled: false\n"
        live.write(overlay, name=f"environments/{name}/idle.yaml", **settings)
    sync(live, "--env", "prod")
    frozen = ("validate", "--frozen", "--report", "concise")
    assert "LCM010" not in live.run(*frozen).stdout
    lock = live.root / "lock/openai.lock.yaml"
    lock.write_text(live.lock().replace(f"{server.url}/v1", "https://api.openai.com/v1"), encoding="utf-8")
    for more in ((), ("--env", "prod")):
        assert "lock/openai.lock.yaml:4:13: error LCM010 this lock comes from an endpoint" in live.run(*frozen, *more).stdout


def test_a_lock_of_what_only_an_overlay_switches_on_is_no_stranger(live: Live, server: Server) -> None:
    settings = {"settings": "environments: [dev, prod]\n"}
    main = "  - name: main\n    url: http://127.0.0.1:9/v1\n    default: true\n"
    document = provider(f"{server.url}/v1").replace("  - name: main\n", f"{main}  - name: eu\n    enabled: false\n", 1)
    live.write(document.replace(f'["{server.url}"]', f'["{server.url}", "http://127.0.0.1:9"]'), **settings)
    overlay = "kind: Provider\nname: openai\nendpoints: [{name: eu, enabled: true, default: true}, {name: main, default: false}]\n"
    live.write(overlay, name="environments/prod/eu.yaml", **settings)
    sync(live, "--env", "prod")
    for more in ((), ("--env", "prod"), ("--env", "dev")):
        assert "LCM010" not in live.run("validate", "--frozen", *more).stdout


def test_one_model_is_about_no_other(live: Live, openai: OpenAI, tmp_path: Path) -> None:
    sync(live)
    openai.models = [{"id": name, "context_window": 5, "shutdown_date": "2099-01-01"} for name in ("gpt-5", "gpt-5-mini", "gpt-4o")]
    entries = {name: {"litellm_provider": "openai", "max_input_tokens": 77, "mode": "chat"} for name in ("gpt-5", "gpt-4o")}
    (live.root / "prices.json").write_text(json.dumps(entries), encoding="utf-8")
    assert live.run("catalog", "import", str(live.root / "prices.json"), "--from", "litellm").returncode == 0
    said = sync(live, "--model", "gpt-5", "--dry-run")
    assert "gpt-5 context: sources disagree" in said
    assert "gpt-4o" not in said


def test_one_model_of_another_server_does_not_make_the_lock_its_own(live: Live, openai: OpenAI, server: Server) -> None:
    with serve(OpenAI([{"id": "gpt-5", "shutdown_date": "2099-01-01"}])) as second:
        settings = {"settings": "environments: [dev, prod]\n"}
        live.write(provider(f"{server.url}/v1").replace(f'["{server.url}"]', f'["{server.url}", "{second.url}"]'), **settings)
        overlay = f"kind: Endpoint\nprovider: openai\nname: main\nurl: {second.url}/v1\n"
        live.write(overlay, name="environments/dev/main.yaml", **settings)
        sync(live, "--env", "prod")
        said = sync(live, "--env", "dev", "--model", "gpt-5")
        assert f"{second.url}/v1 was asked, but the lock comes from {server.url}/v1" in said
        assert f"endpoint: {server.url}/v1" in live.lock()
        assert "retires: " in live.lock()
