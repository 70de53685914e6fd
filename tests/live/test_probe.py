"""`llmconf probe` as it is run: verdicts, formats, exit codes, and where a key goes and does not go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
import trustme
from commands import run
from live import ALLOW, KEY, SEALED, Live, OpenAI, provider
from upstream.server import Server, serve, serve_proxy, unused_port
from upstream.vendor import Answer, Seen, State

from llmconf.api import validate
from llmconf.live.authorize import Authorizer, CallLimits
from llmconf.live.http import HttpClient
from llmconf.live.probe import endpoints_to_probe, probe

FAST = ("--timeout", "3", "--retries", "0")


def test_a_healthy_endpoint(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    found = live.ask("probe")
    assert [(each["endpoint"], each["verdict"], each["status"]) for each in found] == [
        ("endpoint/openai/main", "healthy", 200)
    ]
    seconds = found[0]["seconds"]
    assert seconds["connect"] > 0
    assert seconds["first_byte"] > 0
    assert seconds["tls"] is None
    assert seconds["total"] >= seconds["first_byte"]
    assert [seen.path for seen in server.seen] == ["/v1/models"]
    assert live.run("probe", *ALLOW).returncode == 0


def test_a_wrong_key_is_told_apart_and_not_repeated(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    live.key = "sk-fake-another-key-that-nobody-knows"
    done = live.run("probe", *ALLOW, "--debug")
    assert done.returncode == 1
    assert "unauthorized" in done.stdout
    assert "Incorrect API key provided: ****" in done.stdout
    assert live.key not in done.stdout + done.stderr


def test_no_funds_is_no_wrong_key(live: Live, server: Server) -> None:
    server.state = "no_funds"
    live.write(provider(f"{server.url}/v1"))
    found = live.ask("probe")
    assert (found[0]["verdict"], found[0]["code"]) == ("no_funds", "insufficient_quota")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("misbehavior", "verdict"),
    [
        ("hang", "timeout"),
        ("drip", "timeout"),
        ("reset", "unreachable"),
        ("html", "invalid_response"),
        ("broken_json", "invalid_response"),
        ("deep_json", "invalid_response"),
        ("other_shape", "invalid_response"),
        ("huge_json", "invalid_response"),
        ("gzip_bomb", "invalid_response"),
        ("redirect", "invalid_response"),
        ("redirect_itself", "invalid_response"),
    ],
)
def test_a_server_that_misbehaves(live: Live, server: Server, misbehavior: str, verdict: str) -> None:
    server.misbehave = misbehavior
    live.write(provider(f"{server.url}/v1"))
    patience = "0.5" if verdict == "timeout" else "10"
    done = live.run("probe", *ALLOW, "--retries", "0", "--timeout", patience, "-o", "json")
    assert (done.returncode, json.loads(done.stdout)[0]["verdict"]) == (1, verdict)
    assert KEY not in done.stdout + done.stderr


def test_what_is_not_found_is_named(live: Live) -> None:
    def elsewhere(seen: Seen, state: State) -> Answer:
        return Answer(404, {"error": {"message": "page not found"}} if seen.path == "/models" else b"")

    with serve(elsewhere) as server:
        live.write(provider(server.url), provider(f"{server.url}/v2/", "other"))
        found = live.ask("probe")
    assert [(each["verdict"], each["detail"]) for each in found] == [
        ("not_found", "GET /models: page not found"), ("not_found", "GET /v2/models"),
    ]  # fmt: skip


def test_nobody_listens(live: Live) -> None:
    live.write(provider(f"http://127.0.0.1:{unused_port()}/v1"))
    found = live.ask("probe", *FAST)
    assert found[0]["verdict"] == "unreachable"
    assert found[0]["status"] is None


def test_an_endpoint_that_comes_back(live: Live, server: Server) -> None:
    server.first = [Answer(503, {"error": "loading"})]
    live.write(provider(f"{server.url}/v1"))
    found = live.ask("probe")
    assert (found[0]["verdict"], found[0]["attempts"]) == ("healthy", 2)


def test_tls_with_its_certificate(live: Live, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serve(OpenAI(), tls=authority) as server:
        live.write(provider(f"{server.url}/v1"))
        trusted = live.ask("probe", env={"SSL_CERT_FILE": str(tmp_path / "ca.pem")})
        assert trusted[0]["verdict"] == "healthy"
        assert trusted[0]["seconds"]["tls"] > 0
        assert trusted[0]["certificate_expires"]
        assert live.ask("probe", *FAST)[0]["verdict"] == "tls_error"
        tls = provider(f"{server.url}/v1").replace("/v1\n", "/v1\n    tls: {ca: ca.pem}\n", 1)
        live.write(tls)
        assert live.ask("probe")[0]["verdict"] == "healthy"
    assert all(KEY in seen.headers["authorization"] for seen in server.seen)


def test_a_reference_that_is_not_allowed_is_not_opened(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    done = live.run("probe")
    assert done.returncode == 4
    assert f"--allow-ref 'env:FAKE_KEY@{server.url}' allows it" in done.stdout
    assert server.seen == []


def test_what_is_allowed_goes_to_no_host_that_the_repository_chose(live: Live) -> None:
    """A pull request names its own host among the hosts of a credential: the process did not."""
    live.write(provider("https://evil.example/v1", type_="vllm"))
    done = live.run("probe", *ALLOW, *FAST)
    assert done.returncode == 4
    assert "`env:FAKE_KEY` is not allowed to be sent to evil.example" in done.stdout
    assert "env:FAKE_KEY@evil.example" in done.stdout


def test_a_credential_that_is_bound_elsewhere_is_not_sent(live: Live, server: Server) -> None:
    """The rule that says so can be turned off; the guard cannot."""
    live.write(provider(f"{server.url}/v1", hosts="api.openai.com"), settings="rules: {LCE004: 'off'}\n")
    done = live.run("probe", *ALLOW, *FAST)
    assert done.returncode == 4
    assert "no enabled credential may be sent to endpoint/openai/main" in done.stdout
    assert server.seen == []


def test_a_redirect_takes_no_key_along(live: Live, server: Server) -> None:
    with serve(OpenAI()) as other:
        server.misbehave = "redirect"
        server.elsewhere = f"{other.url}/v1/models"
        live.write(provider(f"{server.url}/v1"))
        found = live.ask("probe", *FAST)
    assert found[0]["verdict"] == "invalid_response"
    assert found[0]["detail"].startswith(f"it redirects to {other.url}, and")
    assert other.seen == []


def test_a_proxy_between_does_not_see_the_key(live: Live, server: Server) -> None:
    with serve_proxy() as proxy:
        live.write(provider(f"{server.url}/v1", rest=f"proxy: {proxy.url}\n"))
        done = live.run("probe", *ALLOW, *FAST)
        assert done.returncode == 4
        assert "would see the secrets" in done.stdout
    assert server.seen == []
    assert KEY not in done.stdout + done.stderr + repr(proxy)


def test_a_tunnel_keeps_the_key_from_the_proxy(live: Live, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serve(OpenAI(), tls=authority) as server, serve_proxy() as proxy:
        live.write(provider(f"{server.url}/v1", rest=f"proxy: {proxy.url}\n"))
        found = live.ask("probe", env={"SSL_CERT_FILE": str(tmp_path / "ca.pem")})
        assert found[0]["verdict"] == "healthy"
        assert KEY not in repr(proxy)
    assert KEY in server.seen[0].headers["authorization"]


def test_only_what_is_named(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"))
    assert [each["endpoint"] for each in live.ask("probe", "provider/second")] == ["endpoint/second/main"]
    assert [each["endpoint"] for each in live.ask("probe", "endpoint/openai/main")] == ["endpoint/openai/main"]
    done = live.run("probe", "provider/secnd")
    assert done.returncode == 2
    assert "there is no `provider/secnd`" in done.stderr
    assert "did you mean `provider/second`?" in done.stderr


def test_several_environments_need_a_choice(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), settings="environments: [dev, prod]\n")
    assert live.run("probe").returncode == 2
    assert live.ask("probe", "--env", "dev")[0]["verdict"] == "healthy"
    assert live.run("probe", "--env", "prd").returncode == 2


def test_a_project_with_mistakes_is_not_called(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1").replace("endpoints:", "enpoints:"))
    done = live.run("probe", *ALLOW)
    assert done.returncode == 1
    assert "LCS003" in done.stderr
    assert server.seen == []


def test_a_model_that_is_not_known_stops_no_probe(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), "kind: Route\nname: chat\ntargets: [{model: openai/gpt-5}]\n")
    assert live.ask("probe")[0]["verdict"] == "healthy"


def test_a_completion_is_announced_and_made_once(live: Live, server: Server) -> None:
    models = 'models:\n  - {id: gpt-5, price: {input: "2"}}\n  - {id: gpt-5-mini, price: {input: "1"}}\n'
    live.write(provider(f"{server.url}/v1", rest=models))
    done = live.run("probe", "--completion", *ALLOW)
    assert done.returncode == 0
    assert "1 call of models that the vendors bill:\n  openai/main: gpt-5-mini" in done.stderr
    assert [(seen.method, seen.path) for seen in server.seen] == [("POST", "/v1/chat/completions")]
    assert json.loads(server.seen[0].body)["model"] == "gpt-5-mini"


def test_watching_ends_after_its_rounds(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    done = live.run("probe", "--watch", "--interval", "1", "--rounds", "2", "-o", "json", *ALLOW)
    assert [json.loads(line)[0]["verdict"] for line in done.stdout.splitlines()] == ["healthy", "healthy"]
    assert len(server.seen) == 2


def test_watching_for_money_needs_an_end(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    assert live.run("probe", "--watch", "--completion").returncode == 2
    assert live.run("probe", "--rounds", "2").returncode == 2


def test_the_formats(live: Live, server: Server, tmp_path: Path) -> None:
    bad = f"http://127.0.0.1:{unused_port()}/v1"
    live.write(provider(f"{server.url}/v1"), provider(bad, "bad|one".replace("|", "-")))
    out = tmp_path / "health.json"
    table = live.run("probe", *ALLOW, *FAST, "--out", str(out))
    assert table.returncode == 1
    assert [each["verdict"] for each in json.loads(out.read_text())] == ["healthy", "unreachable"]
    suite = ElementTree.fromstring(live.run("probe", *ALLOW, *FAST, "-o", "junit").stdout)  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    markdown = live.run("probe", *ALLOW, *FAST, "-o", "markdown").stdout.splitlines()
    assert markdown[0] == "**1 of 2 endpoints healthy**"
    assert markdown[4].startswith("| endpoint/bad-one/main | unreachable |")
    metrics = live.run("probe", *ALLOW, *FAST, "-o", "prometheus").stdout
    assert f'llmconf_probe_healthy{{project="live",endpoint="endpoint/openai/main",url="{server.url}/v1"}} 1\n' in metrics
    assert f'llmconf_probe_healthy{{project="live",endpoint="endpoint/bad-one/main",url="{bad}"}} 0\n' in metrics


def test_what_a_server_says_drives_no_terminal(live: Live, server: Server) -> None:
    server.first = [Answer(400, {"error": {"message": "\x1b[2J\u202eevil\r\nline", "code": "x\x07"}})] * 2
    live.write(provider(f"{server.url}/v1"))
    done = live.run("probe", *ALLOW, *FAST)
    assert "evil line" in done.stdout
    assert not any(mark in done.stdout for mark in ("\x1b", "\x07", "\u202e", "\r"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_progress_bar_on_a_terminal_only(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    assert "Probing" not in live.run("probe", *ALLOW).stderr
    outer, inner = os.openpty()
    command = [sys.executable, "-m", "llmconf", "-C", str(live.root), "probe", *ALLOW]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=inner, stdin=subprocess.DEVNULL, check=False,
        env={**os.environ, "FAKE_KEY": KEY, "TERM": "xterm"}, timeout=60,
    )  # fmt: skip
    os.close(inner)
    assert b"Probing" in os.read(outer, 4096)
    os.close(outer)
    assert b"Probing" not in done.stdout


def test_a_sealed_key_is_opened_for_its_host_alone(live: Live, server: Server, tmp_path: Path) -> None:
    live.write(provider(f"{server.url}/v1", type_="vllm", key=SEALED))
    server.answer = OpenAI(key=SEALED)
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config")}
    live.environment |= home
    made = run("secrets", "keygen", env=home)
    public = next(word for word in (made.stdout + made.stderr).split() if word.startswith("age1"))
    assert live.run("secrets", "init", "--recipient", f"me={public}").returncode == 0
    assert live.run("secrets", "encrypt").returncode == 0
    assert live.ask("probe")[0]["verdict"] == "healthy"
    assert [seen.headers["authorization"] for seen in server.seen] == [f"Bearer {SEALED}"]
    file = live.root / "config/main.yaml"
    file.write_text(file.read_text().replace(f"url: {server.url}", "url: https://evil.example"), encoding="utf-8")
    done = live.run("probe", *FAST)
    assert done.returncode == 1
    assert "LCE004" in done.stderr


# What a pull request may try


def test_a_proxy_that_the_repository_also_binds_does_not_see_a_key(live: Live, tmp_path: Path) -> None:
    """Hosts are the repository's to write: a proxy among them is no more trusted than any other."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serve(OpenAI(), tls=authority) as server, serve_proxy() as proxy:
        document = (
            f"kind: Provider\nname: openai\ntype: openai\nproxy: {proxy.url}\n"
            f"headers: {{x-api-key: env:FAKE_KEY}}\n"
            f"endpoints:\n  - name: main\n    url: {server.url}/v1\n    tls: {{ca: ca.pem}}\n"
            f'credentials:\n  - name: main\n    hosts: ["{server.url}", "{proxy.url}"]\n    api_key: env:FAKE_KEY\n'
        )
        live.write(document)
        done = live.run("probe", *ALLOW, *FAST)
        assert done.returncode == 4
        assert "would let" in done.stdout
        assert server.seen == []
        assert KEY.encode() not in proxy.passed


def test_one_endpoint_that_cannot_be_tried_hides_no_other(live: Live, server: Server) -> None:
    (live.root / "loop.pem").symlink_to("loop.pem")
    odd = provider(f"{server.url}/v1", "odd").replace("/v1\n", "/v1\n    tls: {ca: loop.pem}\n", 1)
    nul = provider(f"{server.url}/v1", "nul").replace("/v1\n", '/v1\n    tls: {ca: "a\\0b"}\n', 1)
    live.write(odd, nul, provider(f"{server.url}/v1"))
    for command in ("probe", "verify"):
        done = live.run(command, *ALLOW, *FAST, "-o", "json")
        assert done.returncode == 4, done.stderr
        key = "verdict" if command == "probe" else "validity"
        assert [each[key] for each in json.loads(done.stdout)][:2] == ["undetermined", "undetermined"]
        assert json.loads(done.stdout)[2][key] in ("healthy", "valid")


def test_a_defect_at_one_endpoint_hides_no_other(live: Live, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "farm", "vllm"))
    monkeypatch.setenv("FAKE_KEY", KEY)
    ways = Authorizer(validate(live.root), None, ["env:FAKE_*"], CallLimits(retries=0))

    def broken(*_: object) -> None:
        raise KeyError("made up")

    monkeypatch.setattr("llmconf.adapters.openai.read_probe", broken)
    seen: list[Exception] = []
    found = probe(ways, endpoints_to_probe(ways.env), network=HttpClient, defect=seen.append)
    assert [health.verdict for health in found] == ["undetermined", "healthy"]
    assert found[0].detail.startswith("internal error (KeyError)")
    assert [type(error) for error in seen] == [KeyError]


@pytest.mark.parametrize("number", ["1e99999999999999999999", "1e-99999999999", "-1e500", "1e400000"])
def test_a_number_that_is_none_is_no_answer(live: Live, server: Server, number: str) -> None:
    server.first = [Answer(200, f'{{"data": [{{"id": "m", "created": {number}}}]}}'.encode())]
    live.write(provider(f"{server.url}/v1"))
    assert live.ask("probe", *FAST)[0]["verdict"] == "invalid_response"


def test_a_header_does_not_take_the_place_of_the_credential(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1", rest='headers: {Authorization: "env:FAKE_OTHER"}\n'))
    done = live.run("probe", *ALLOW, *FAST, env={"FAKE_OTHER": f"Bearer {KEY}"})
    assert done.returncode == 4
    assert "`Authorization` is one that the request sets itself" in done.stdout
    assert server.seen == []


def test_a_link_is_not_written_through(live: Live, server: Server, tmp_path: Path) -> None:
    live.write(provider(f"{server.url}/v1"))
    outside = tmp_path / "outside.txt"
    outside.write_text("as it was")
    (live.root / "health.json").symlink_to(outside)
    done = live.run("probe", *ALLOW, "--out", str(live.root / "health.json"))
    assert done.returncode == 1
    assert "it is a link" in done.stderr
    assert outside.read_text() == "as it was"


def test_what_a_server_says_is_no_markup(live: Live, server: Server) -> None:
    server.first = [Answer(400, {"error": {"message": "<img src=x> [a](https://evil.example) @team `b` | c"}})]
    live.write(provider(f"{server.url}/v1"))
    text = live.run("probe", *ALLOW, *FAST, "-o", "markdown").stdout
    row = text.splitlines()[-1]
    assert row.count("|") == 6
    assert not any(mark in row.replace("&#", "") for mark in ("<", "[", "@", "`", "#"))


def test_a_disabled_endpoint_is_not_passed_over_in_silence(live: Live, server: Server) -> None:
    off = provider(f"{server.url}/v1", "off").replace("type: openai\n", "type: openai\nenabled: false\n")
    live.write(provider(f"{server.url}/v1"), off)
    for name in ("endpoint/off/main", "provider/off"):
        done = live.run("probe", name, *ALLOW)
        assert done.returncode == 1
        assert "is disabled here" in done.stderr


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b'{"error": {"message": "no"}}', b'{"object": "list", "data": []}'])
def test_a_completion_without_an_answer_is_none(live: Live, server: Server, body: bytes) -> None:
    server.first = [Answer(200, body)]
    live.write(provider(f"{server.url}/v1", rest="models:\n  - {id: gpt-5}\n"))
    found = json.loads(live.run("probe", "--completion", *ALLOW, *FAST, "-o", "json").stdout)
    assert found[0]["verdict"] == "invalid_response"


def test_no_model_is_called_that_has_gone_or_does_not_chat(live: Live, server: Server) -> None:
    models = (
        'models:\n  - {id: embed, mode: embedding, price: {input: "0"}}\n'
        '  - {id: gone, price: {input: "0"}, mode: chat, lifecycle: {status: removed}}\n'
        '  - {id: unknown, price: {input: "0"}}\n  - {id: chats, mode: chat, price: {input: "9", output: "9"}}\n'
    )
    live.write(provider(f"{server.url}/v1", rest=models))
    assert live.ask("probe", "--completion")[0]["model"] == "chats"


def test_a_name_that_is_not_found_in_time_is_not_waited_for(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write(provider("http://slow.internal/v1", "farm", "vllm", key="env:FAKE_KEY"))
    monkeypatch.setenv("FAKE_KEY", KEY)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_options: time.sleep(8) or [])
    ways = Authorizer(validate(live.root), None, ["env:FAKE_*@http://slow.internal"], CallLimits(timeout=0.5, retries=0))
    started = time.monotonic()
    found = probe(ways, endpoints_to_probe(ways.env), network=HttpClient)
    assert found[0].verdict == "timeout"
    assert time.monotonic() - started < 5


def test_watching_is_for_what_can_go_on(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    for args in (("--interval", "5"), ("--rounds", "2"), ("--watch", "-o", "junit"), ("--watch", "-o", "prometheus")):
        assert live.run("probe", *args).returncode == 2


def test_a_reader_that_goes_away_ends_it(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    command = f"{sys.executable} -m llmconf -C {live.root} probe --watch --interval 1 --rounds 9 -o json --allow-ref env:FAKE_KEY"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -n 1; exit ${{PIPESTATUS[0]}}"], check=False, capture_output=True,
        env={**os.environ, "FAKE_KEY": KEY}, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, len(done.stdout.splitlines())) == (141, 1), done.stderr


def test_a_closed_stream_is_no_defect(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    command = f"{sys.executable} -m llmconf -C {live.root} probe --allow-ref env:FAKE_KEY >&-"
    done = subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, env={**os.environ, "FAKE_KEY": KEY}, timeout=60,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


# What other programs and people make of it


def test_metrics_of_two_environments_are_told_apart(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), settings="environments: [dev, prod]\n")
    series = {}
    for name in ("dev", "prod"):
        text = live.run("probe", *ALLOW, "--env", name, "-o", "prometheus").stdout
        samples = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
        assert all(f'{{project="live",environment="{name}"' in sample for sample in samples), samples
        assert any(sample.startswith("llmconf_probe_time_seconds{") for sample in samples)
        series[name] = set(samples)
    assert series["dev"]
    assert not series["dev"] & series["prod"]


def test_results_say_which_environment_they_are_of(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    assert [live.ask(command)[0]["environment"] for command in ("probe", "verify")] == [None, None]
    live.write(provider(f"{server.url}/v1"), settings="environments: [dev, prod]\n")
    assert [live.ask(command, "--env", "dev")[0]["environment"] for command in ("probe", "verify")] == ["dev", "dev"]


def test_nothing_to_probe_is_a_result_too(live: Live, server: Server, tmp_path: Path) -> None:
    """A dashboard must not go on showing what was found yesterday."""
    live.write(provider(f"{server.url}/v1"))
    out = tmp_path / "health.json"
    assert live.run("probe", *ALLOW, "--out", str(out)).returncode == 0
    assert json.loads(out.read_text())
    live.write(provider(f"{server.url}/v1").replace("type: openai\n", "type: openai\nenabled: false\n"))
    told = {}
    for output in ("table", "json", "junit", "markdown", "prometheus"):
        done = live.run("probe", *ALLOW, "--out", str(out), "-o", output)
        assert (done.returncode, done.stderr) == (0, "llmconf: no enabled endpoint to probe\n")
        assert json.loads(out.read_text()) == []
        told[output] = done.stdout
    assert told["table"].split()[0] == "ENDPOINT"
    assert json.loads(told["json"]) == []
    assert ElementTree.fromstring(told["junit"]).get("tests") == "0"  # noqa: S314 - our own
    assert told["markdown"].startswith("**0 of 0 endpoints healthy**")
    assert 'llmconf_probe_time_seconds{project="live"} ' in told["prometheus"]
    watched = live.run("probe", *ALLOW, "--watch", "--completion", "--rounds", "3", "-o", "json")
    assert (watched.returncode, watched.stdout) == (0, "[]\n")


def test_a_report_is_written_of_a_clean_project_too(live: Live, server: Server, tmp_path: Path) -> None:
    """CI uploads the file of a report, and an old one would be taken for the findings of this run."""
    live.write(provider(f"{server.url}/v1", rest="models: [{id: gpt-5}]\n"))
    commands = (("probe",), ("verify",), ("sync",), ("list", "model"), ("show", "model/openai/gpt-5"))
    for number, words in enumerate(commands):
        file = tmp_path / f"{number}.json"
        allow = ALLOW if len(words) == 1 else ()
        done = live.run(*words, *allow, "--report", f"json:{file}", "--report", "full")
        assert (done.returncode, done.stderr) == (0, ""), words
        assert json.loads(file.read_text())["diagnostics"] == []


def test_the_name_of_a_provider_alone_will_do(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"), provider(f"{server.url}/v1", "second"))
    assert [each["endpoint"] for each in live.ask("probe", "second")] == ["endpoint/second/main"]
    done = live.run("probe", "secnd")
    assert (done.returncode, "did you mean `provider/second`?" in done.stderr) == (2, True)


def test_the_hint_on_what_is_not_there_fits_the_project(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1"))
    hint = "help: `llmconf list endpoint -o name` lists them"
    assert hint in live.run("probe", "endpoint/x/yyyyyyyyyy").stderr
    live.write(provider(f"{server.url}/v1"), settings="environments: [dev, prod]\n")
    hint = "help: `llmconf list endpoint --env dev -o name` lists them"
    assert hint in live.run("probe", "endpoint/x/yyyyyyyyyy", "--env", "dev").stderr
    done = live.run("sync", "--env", "dev", "--only", "model/openai/org/gpt-5")
    assert (done.returncode, "help: --only provider/openai --model org/gpt-5" in done.stderr) == (2, True)
    done = live.run("sync", "--env", "dev", "--only", "endpoint/openai/main")
    assert "`sync` does not accept the kind endpoint" in done.stderr


@pytest.mark.parametrize("command", ["probe", "verify", "sync"])
def test_a_pattern_that_allows_nothing_is_wrong_usage(live: Live, server: Server, command: str) -> None:
    live.write(provider(f"{server.url}/v1"))
    for words, env in ((("--allow-ref", "FAKE_KEY"), {}), ((), {"LLMCONF_ALLOW_REF": "FAKE_KEY"})):
        done = live.run(command, *words, env=env)
        assert (done.returncode, done.stdout) == (2, "")
        assert "help: write `env:FAKE_KEY`" in done.stderr
    assert server.seen == []


def test_a_refusal_in_a_success_is_no_completion(live: Live, server: Server) -> None:
    """Gateways write their errors with 200 as well, where another protocol has what a model said."""
    server.first = [Answer(200, {"message": "Unauthorized: upgrade your plan"})]
    live.write(provider(f"{server.url}/v1", rest="models:\n  - {id: gpt-5}\n"))
    found = live.ask("probe", "--completion", *FAST)
    assert (found[0]["verdict"], found[0]["detail"]) == ("invalid_response", "the answer does not come from a model")


@pytest.mark.parametrize("day", ["retires", "deprecated"])
def test_no_model_is_called_from_the_day_on_which_it_ends(live: Live, server: Server, day: str) -> None:
    models = (
        f'models:\n  - {{id: ends, mode: chat, price: {{input: "0"}}, lifecycle: {{{day}: 2027-06-30}}}}\n'
        '  - {id: stays, mode: chat, price: {input: "9", output: "9"}}\n'
    )
    live.write(provider(f"{server.url}/v1", rest=models))
    called = {
        today: live.ask("probe", "--completion", "--today", today)[0]["model"]
        for today in ("2027-06-29", "2027-06-30", "2027-07-01")
    }
    assert called == {"2027-06-29": "ends", "2027-06-30": "stays", "2027-07-01": "stays"}


def test_a_model_that_has_retired_is_not_called_without_another(live: Live, server: Server) -> None:
    live.write(provider(f"{server.url}/v1", rest="models:\n  - {id: gpt-4o, mode: chat, lifecycle: {retires: 2020-01-01}}\n"))
    found = live.ask("probe", "--completion", *FAST)
    assert (found[0]["verdict"], found[0]["detail"]) == ("undetermined", "no model that chats is known here")
    assert server.seen == []


@pytest.mark.parametrize(("type_", "url"), [
    ("openai", "https://api.openai.com/v1"), ("vllm", "https://api.openai.com/v1"),
    ("litellm", "https://eu.api.openai.com/v1"), ("openai_compatible", "https://fake.openai.azure.com/openai/v1"),
    ("openai_compatible", "https://bedrock-runtime.eu-west-1.amazonaws.com/v1"),
])  # fmt: skip
def test_the_repository_does_not_say_who_a_vendor_is(live: Live, type_: str, url: str) -> None:
    """With an authority of its own, whoever is on the way to a vendor would get the key."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(live.root / "ca.pem"))
    host = url.split("/")[2]
    document = provider(url, hosts=host, type_=type_)
    live.write(document.replace("    url:", "    tls: {ca: ca.pem}\n    url:", 1))
    with serve_proxy(refuse=403) as proxy:
        done = live.run("probe", "--allow-ref", f"env:FAKE_*@{host}", "-o", "json", env={"HTTPS_PROXY": proxy.url})
        found = json.loads(done.stdout)
        assert not proxy.seen
    assert found[0]["verdict"] == "undetermined"
    assert f"`tls.ca` of endpoint/openai/main may not be set for {host}" in found[0]["detail"]


def test_a_header_of_the_vendor_may_be_set_otherwise(live: Live) -> None:
    """GitHub's version of the API is in a header that each request has, and that is no credential."""

    def github(seen: Seen, state: State) -> Answer:
        return Answer(200, [{"id": seen.headers["x-github-api-version"]}])

    with serve(github) as server:
        live.write(provider(server.url, "gh", "github", rest="headers: {X-GitHub-Api-Version: '2099-01-01'}\n"))
        assert [each["verdict"] for each in live.ask("probe")] == ["healthy"]
        live.run("sync", *ALLOW)
    assert "2099-01-01" in live.lock("gh")
