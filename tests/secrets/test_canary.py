"""Canaries: made-up secrets sent through every command and every way to fail. They show only where asked for.

A new command has no recipe here and fails the first test.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import click
import pytest
from commands import commit_all, git
from secret_support import CI_SECRETS, OPENAI_KEY, SEALED, Lab, leaks, new_identity, search
from upstream.server import serve
from upstream.vendor import Answer, Seen

from llmconf.cli import group
from llmconf.core.plugins import module_names
from llmconf.workspace.tree import FolderTree

FRESH = "sk-proj-fakeCANARYfreshCANARYfakeCANARYfreshHHHH"
PLAIN = "sk-proj-fakeCANARYplainCANARYfakeCANARYplainIIII"
ALL = [*SEALED, FRESH, PLAIN, *CI_SECRETS.values()]
MAIN = "credential/openai/main"
OTHER = new_identity()[1]
SHELL = "import os,sys; sys.exit(0)"

QUICK = ("--retries", "0", "--timeout", "2")

RECIPES: dict[str, list[list[str]]] = {
    "build": [
        ["--all"],
        ["--env", "prod", "--secrets", "env", "--out", "out"],
        ["--env", "dev", "--secrets", "sealed"],
    ],
    "catalog import": [["llmconf.yaml", "--from", "litellm"], ["config/openai.yaml", "--from", "openrouter"]],
    "completion": [["bash"], ["zsh"], ["fish"]],
    "exec": [["--env", "prod", "--", sys.executable, "-c", SHELL], ["--env", "dev", "--", "/nonexistent/program"]],
    "git setup": [[]],
    "git textconv": [["config/openai.yaml"], ["environments/prod/openai.yaml"]],
    "list": [
        [kind, "-o", form] for kind in ("credential", "provider", "endpoint") for form in ("table", "json", "yaml")
    ],
    "lock resolve": [[], ["lock/openai.lock.yaml"], ["config/openai.yaml"]],
    "probe": [
        ["--env", env, *QUICK, "-o", form]
        for env in ("dev", "prod")
        for form in ("table", "json", "junit", "markdown", "prometheus")
    ],
    "rule": [[], ["LCK001"]],
    "schema": [["credential"], ["--write", "--out", "written"]],
    "secrets check": [[]],
    "secrets decrypt": [["config/openai.yaml"]],
    "secrets edit": [["config/openai.yaml"]],
    "secrets encrypt": [[], ["config"]],
    "secrets export-sops": [
        ["--env", "prod", "--recipient", OTHER],
        ["--env", "dev", "--recipient", OTHER, "--out", "x.yaml"],
    ],
    "secrets get": [[MAIN, "api_key"], [MAIN, "api_key", "--env", "prod"], [MAIN, "nothing"]],
    "secrets import-sops": [["config/openai.yaml"], ["nothing.yaml"]],
    "secrets init": [["--vault", "third", "--recipient", f"alice={OTHER}"], []],
    "secrets keygen": [["--out", "new.key"]],
    "secrets list": [[], ["-o", "json"]],
    "secrets prune": [[]],
    "secrets recipients add": [["bob", OTHER], ["bob", "nonsense"]],
    "secrets recipients list": [[]],
    "secrets recipients remove": [["nobody"], ["alice"]],
    "secrets rewrap": [[]],
    "secrets rotate": [[], ["--vault", "prod"]],
    "secrets scan": [["config/openai.yaml"], ["--staged"]],
    "secrets set": [[MAIN, "api_key"], [MAIN, "session_token", "--env", "dev"], ["credential/none/main", "api_key"]],
    "show": [
        [MAIN, "--env", "prod", "-o", "yaml"],
        [MAIN, "--env", "prod", "-o", "json"],
        ["endpoint/gateway/inner", "--env", "dev", "--why"],
    ],
    "sync": [["--env", "prod", *QUICK, "-o", form] for form in ("text", "json", "markdown")],
    "validate": [[], ["--no-cache"], ["--jobs", "2"], ["--frozen"]],
    "verify": [["--env", "prod", *QUICK, "-o", form] for form in ("table", "json")],
}


def _leaves(command: click.Command, name: str = "") -> Iterator[str]:
    """Yield all commands as they are typed."""
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for inner in command.list_commands(context):
        found = command.get_command(context, inner)
        assert found is not None
        yield from _leaves(found, f"{name} {inner}".strip())


def test_every_command_has_a_recipe() -> None:
    assert set(RECIPES) == set(_leaves(group))


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Look at the command lines of all processes meanwhile."""
    found: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    found.extend(leaks(process.read_bytes(), ALL))
                except OSError:
                    continue
            done.wait(0.02)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def _memory() -> set[Path]:
    return set(Path("/dev/shm").glob("llmconf-edit-*"))


def _gone(before: set[Path]) -> bool:
    """Tell whether what came since is gone; what other tests show meanwhile goes by itself."""
    new = _memory() - before
    for _ in range(300):
        if not any(folder.exists() for folder in new):
            return True
        time.sleep(0.1)
    return False


def _clean(lab: Lab, *texts: str, known: tuple[str, ...] = ()) -> None:
    """Check what was said and all files of the lab; `known` lists files that hold a plain secret by design."""
    for text in texts:
        assert leaks(text, [*ALL, lab.identity]) == []
        assert lab.identity.lower() not in text.lower()
    held = [hit for hit in search([lab.root, lab.home], [*ALL, lab.identity]) if not hit.startswith(known or ("\0",))]
    assert held == []


@pytest.mark.parametrize("name", RECIPES)
def test_sealed_secrets_show_nowhere(lab: Lab, name: str) -> None:
    before = _memory()
    editor = lab.home / "editor.py"
    editor.write_text("import pathlib, sys; p = pathlib.Path(sys.argv[-1]); p.write_text(p.read_text() + '# seen\\n')")
    env = {"EDITOR": f"{sys.executable} {editor}"}
    with _watched() as seen:
        for args in RECIPES[name]:
            debug = [] if name in ("completion", "rule", "schema") else ["--debug"]
            done = lab.run(*debug, *name.split(), *args, stdin=FRESH, ci=True, env=env)
            assert "Traceback" not in done.stderr, done.stderr
            assert done.returncode in (0, 1, 2, 4, 127), (args, done.stderr)
            _clean(lab, done.stdout, done.stderr)
    assert seen == []
    assert _gone(before)


ECHOES = {
    "in a message": lambda key: Answer(401, {"error": {"message": f"Bad key: {key}!", "code": key}}),
    "in its parts": lambda key: Answer(403, {"error": {"message": f"{key[:30]} {key} {key[5:]}"}}),
    "encoded": lambda key: Answer(400, {"error": {"message": quote(key, safe="") + " " + json.dumps(key)}}),
    "in HTML": lambda key: Answer(200, f"<p>{key}".encode(), {"content-type": "text/html"}),
    "in a header": lambda key: Answer(302, b"", {"location": f"https://evil.example/?k={key}"}),
    "as a model": lambda key: Answer(200, {"data": [{"id": key}, {"id": "m", "owned_by": key}]}),
    "as JSON that ends early": lambda key: Answer(200, f'{{"data": [{{"id": "{key}'.encode()),
}
"""What a server may do with a key that was sent to it."""


@pytest.mark.parametrize("case", ECHOES)
def test_what_a_server_repeats_is_not_shown(lab: Lab, case: str) -> None:
    def answer(seen: Seen, _state: object) -> Answer:
        return ECHOES[case](seen.headers.get("authorization", "").removeprefix("Bearer "))

    with serve(answer) as server:
        echo = (
            f"kind: Provider\nname: echo\ntype: vllm\nendpoints: [{{name: main, url: {server.url}/v1}}]\n"
            f"credentials:\n  - name: main\n    hosts: ['{server.url}']\n    api_key: {PLAIN}\n"
        )
        lab.write("config/echo.yaml", echo)
        assert lab.run("secrets", "encrypt").returncode == 0
        for args in (
            ("probe", "endpoint/echo/main", "-o", "json", "--out", "health.json"),
            ("probe", "endpoint/echo/main"),
            ("verify", "credential/echo/main"),
            ("sync", "--only", "provider/echo"),
        ):
            done = lab.run("--debug", *args, "--env", "prod", *QUICK)
            assert "Traceback" not in done.stderr, done.stderr
            _clean(lab, done.stdout, done.stderr)
    # `verify` also asks what the server tells without a key.
    sent = [seen.headers["authorization"] for seen in server.seen if "authorization" in seen.headers]
    assert set(sent) == {f"Bearer {PLAIN}"}
    assert len(server.seen) >= 3


REPORTS = module_names("llmconf.report.formats")
CREDENTIAL = "kind: Credential\nprovider: openai\nname: extra\n"
ENDPOINT = "kind: Endpoint\nprovider: openai\nname: extra\n"
PLAIN_FILES: dict[str, str] = {
    "a plain key": f"{CREDENTIAL}api_key: {PLAIN}\n",
    "quoted": f'{CREDENTIAL}api_key: "{PLAIN}"\n',
    "a block": f"{CREDENTIAL}api_key: |\n  {PLAIN}\n",
    "a list": f"{CREDENTIAL}api_key: [{PLAIN}]\n",
    "a mapping": f"{CREDENTIAL}api_key: {{value: {PLAIN}}}\n",
    "a misspelled field": f"{CREDENTIAL}api_kee: {PLAIN}\n",
    "a name": f"kind: Credential\nprovider: openai\nname: {PLAIN}\n",
    "a key of a mapping": f"{CREDENTIAL}{PLAIN}: x\n",
    "a kind": f"kind: {PLAIN}\nname: extra\n",
    "a reference": f"{CREDENTIAL}api_key: env:{PLAIN}\n",
    "half a token": f"{CREDENTIAL}api_key: ENC(v1;{PLAIN})\n",
    "a URL": f"{ENDPOINT}url: https://x:{PLAIN}@api.openai.com/v1\n",
    "a query": f"{ENDPOINT}url: https://api.openai.com/v1?key={PLAIN}\n",
    "a header": f"{ENDPOINT}url: https://a.b/\nheaders: {{Authorization: Bearer {PLAIN}}}\n",
    "hosts": f"{CREDENTIAL}hosts: [{PLAIN}]\napi_key: env:X\n",
    "no YAML": f"kind: Credential\nname: [extra\napi_key: {PLAIN}\n",
    "no YAML on its line": f"kind: Credential\nname: extra\napi_key: '{PLAIN}\n",
    "twice": f"kind: Credential\nname: extra\napi_key: {PLAIN}\napi_key: {PLAIN}\n",
    "a tag": f"kind: Credential\nname: extra\napi_key: !secret {PLAIN}\n",
    "an anchor": f"{CREDENTIAL}api_key: &key {PLAIN}\nsession_token: *key\n",
    "an unknown alias": f"kind: Credential\nname: extra\napi_key: *{PLAIN}\n",
    "a tab": f"kind: Credential\nname: extra\n\tapi_key: {PLAIN}\n",
    "a comment": f"# {PLAIN}\n{CREDENTIAL}nothing: x # {PLAIN}\n",
    "a suppression": f"{CREDENTIAL}nothing: x # llmconf: ignore[{PLAIN}] {PLAIN}\n",
}


@pytest.mark.parametrize("case", PLAIN_FILES)
def test_plain_secrets_are_reported_and_not_shown(lab: Lab, case: str) -> None:
    file = lab.write("config/extra.yaml", PLAIN_FILES[case])
    formats = [part for name in REPORTS for part in ("--report", name)]
    ran = [
        lab.run("--debug", "validate", *formats, key=False),
        lab.run("--debug", "validate", "--no-cache", "--report", "full", "--color", "always", key=False),
        lab.run("--debug", "secrets", "list", key=False),
        lab.run("--debug", "secrets", "check"),
        lab.run("--debug", "secrets", "get", "credential/openai/extra", "api_key"),
        lab.run("--debug", "show", "credential/openai/extra", "--env", "dev"),
        lab.run("--debug", "list", "credential", "-o", "json"),
        lab.run("--debug", "git", "textconv", str(file), key=False),
        lab.run("--debug", "secrets", "scan", str(file), key=False),
        lab.run("--debug", "build", "--env", "dev", key=False),
        lab.run("--debug", "exec", "--env", "dev", "--", sys.executable, "-c", SHELL),
        lab.run("--debug", "secrets", "encrypt"),
    ]
    if "comment" in case or "suppression" in case:
        ran = [done for done in ran if "textconv" not in done.args]  # comments are the author's own words
    for done in ran:
        assert "Traceback" not in done.stderr, (done.args, done.stderr)
        assert leaks(done.stdout + done.stderr, ALL) == [], (done.args, done.stdout, done.stderr)
    _clean(lab, known=(str(file),))


# --- Ways to fail ---------------------------------------------------------------------------------


def _no_identity(lab: Lab) -> list[subprocess.CompletedProcess[str]]:
    return [
        lab.run("--debug", "secrets", *args, key=False, stdin=FRESH)
        for args in (
            ("set", MAIN, "api_key"),
            ("get", MAIN, "api_key", "--reveal"),
            ("rotate",),
            ("edit", "config/openai.yaml"),
        )
    ]


def _bad_identity(lab: Lab) -> list[subprocess.CompletedProcess[str]]:
    wrong = [
        lab.identity[:-3],
        lab.identity.title(),
        f"x{lab.identity}",
        new_identity()[0],
        FRESH,
        "-" * 5 + f"PRIVATE KEY-----\n{FRESH}",
    ]
    return [
        lab.run("--debug", "secrets", "get", MAIN, "api_key", "--reveal", key=False, env={"LLMCONF_AGE_KEY": key})
        for key in wrong
    ]


def _read_only(lab: Lab) -> list[subprocess.CompletedProcess[str]]:
    (lab.root / "config" / "openai.yaml").chmod(0o444)
    (lab.root / "config").chmod(0o555)
    try:
        return [
            subprocess.run(
                [*_BOUND, sys.executable, "-m", "llmconf", "--debug", *args], cwd=lab.root, env=lab.environment(),
                input=FRESH, check=False, capture_output=True, text=True,
            )
            for args in (("secrets", "set", MAIN, "api_key"), ("secrets", "rotate"))
        ]  # fmt: skip
    finally:
        (lab.root / "config").chmod(0o755)


# Nothing is read-only for root, unless it gives that right up.
_BOUND = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []


def _odd_values(lab: Lab) -> list[subprocess.CompletedProcess[str]]:
    values = ["", "\n", FRESH + "x" * 65_536, f"{FRESH}\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
    return [lab.run("--debug", "secrets", "set", MAIN, "api_key", stdin=value) for value in values]


def _nul_to_a_program(lab: Lab) -> list[subprocess.CompletedProcess[str]]:
    lab.run("secrets", "set", MAIN, "api_key", stdin=f"{FRESH}\0{FRESH}")
    return [lab.run("--debug", "exec", "--env", "dev", "--", sys.executable, "-c", SHELL)]


def _bad_pins(lab: Lab) -> list[subprocess.CompletedProcess[str]]:
    (lab.root / ".git/llmconf/pins-root.json").write_text("{")
    return [lab.run("--debug", "secrets", "set", MAIN, "api_key", stdin=FRESH)]


def _editors(lab: Lab) -> list[subprocess.CompletedProcess[str]]:
    head = "import pathlib, sys; p = pathlib.Path(sys.argv[-1]); "
    failing = {
        "breaks.py": head + "p.write_text(p.read_text().replace('api_key: ', 'api_key: [', 1))",
        "fails.py": "import sys; sys.exit(3)",
        "latin.py": head + "p.write_bytes(p.read_bytes() + b'# \\xe9')",
        "removes.py": head + "p.unlink()",
        "changes.py": head + f"p.write_text(p.read_text().replace('{OPENAI_KEY[:20]}', 'sk-proj-other-fake-00'))",
    }
    ran = [lab.run("--debug", "secrets", "edit", "config/openai.yaml", env={"EDITOR": "/nonexistent/editor"})]
    for name, text in failing.items():
        script = lab.home.parent / name
        script.write_text(text)
        env = {"EDITOR": f"{sys.executable} {script}"}
        ran.append(lab.run("--debug", "secrets", "edit", "config/openai.yaml", env=env))
    return ran


TROUBLE = (_no_identity, _bad_identity, _read_only, _odd_values, _nul_to_a_program, _bad_pins, _editors)


@pytest.mark.parametrize("trouble", TROUBLE, ids=[each.__name__.strip("_") for each in TROUBLE])
def test_trouble(lab: Lab, trouble: object) -> None:
    before = _memory()
    assert callable(trouble)
    with _watched() as seen:
        ran = trouble(lab)
    assert any(done.returncode for done in ran)
    for done in ran:
        assert "Traceback" not in done.stderr, (done.args, done.stderr)
        _clean(lab, done.stdout, done.stderr)
    assert seen == []
    assert _gone(before)


def _started(
    lab: Lab, *args: str, limit: int | None = None, env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the command as a program of its own; `limit` is the largest file that it can write."""
    process = subprocess.Popen(
        [sys.executable, "-m", "llmconf", "--debug", *args],
        cwd=lab.root,
        # A compiled module cut short by the limit would stay broken for all that come after.
        env={**lab.environment(), "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if limit is not None:  # long before it gets to writing anything
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    return process


@pytest.mark.parametrize("args", [("set", MAIN, "api_key"), ("rotate",), ("edit", "config/openai.yaml")])
def test_a_full_disk(lab: Lab, args: tuple[str, ...]) -> None:
    before, files = _memory(), {file: file.read_bytes() for file in lab.root.glob("config/*.yaml")}
    process = _started(lab, "secrets", *args, limit=64, env={"EDITOR": "true"})
    out, err = process.communicate(FRESH.encode(), timeout=60)
    assert process.returncode not in (0, 70)
    assert b"Traceback" not in err, err
    _clean(lab, out.decode(), err.decode())
    assert {file: file.read_bytes() for file in files} == files
    assert _gone(before)
    assert not list(lab.root.rglob("*.tmp"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=["TERM", "HUP", "INT"])
def test_a_signal_while_editing(lab: Lab, number: int) -> None:
    script = lab.home.parent / "wait.py"
    flag = lab.home.parent / "editing"
    script.write_text(
        f"import pathlib, sys, time; p = pathlib.Path({str(flag)!r}); p.with_suffix('.new').write_text(sys.argv[-1])\n"
        "p.with_suffix('.new').rename(p); time.sleep(3)"
    )
    process = _started(lab, "secrets", "edit", "config/openai.yaml", env={"EDITOR": f"{sys.executable} {script}"})
    for _ in range(600):
        if flag.exists():
            break
        time.sleep(0.05)
    (shown,) = map(Path, flag.read_text().split("\n"))
    assert OPENAI_KEY in shown.read_text()
    assert (shown.stat().st_mode & 0o777, shown.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert not shown.parent.exists()
    _clean(lab, out.decode(), err.decode())


@pytest.mark.parametrize("delay", [0.15, 0.3, 0.45, 0.6])
def test_killed(lab: Lab, delay: float) -> None:
    process = _started(lab, "secrets", "rotate")
    time.sleep(delay)
    process.kill()
    out, err = process.communicate(timeout=60)
    _clean(lab, out.decode(), err.decode())
    assert lab.run("secrets", "rotate").returncode == 0
    assert "4 tokens opened" in lab.run("secrets", "check").stderr


# --- Where it is asked for, and only there --------------------------------------------------------


def test_reveal_shows_the_one_that_is_asked_for(lab: Lab) -> None:
    done = lab.run("secrets", "get", MAIN, "api_key", "--reveal")
    assert done.stdout == OPENAI_KEY + "\n"
    done = lab.run("secrets", "decrypt", "config/openai.yaml", "--reveal")
    assert leaks(done.stdout, SEALED) == [OPENAI_KEY]
    _clean(lab, done.stderr)


def test_a_commit_and_its_diff_hold_no_secret(lab: Lab) -> None:
    assert lab.run("git", "setup").returncode == 0
    assert lab.run("secrets", "set", MAIN, "api_key", stdin=FRESH).returncode == 0
    commit_all(lab.root)
    _clean(lab, git("log", "-p", "--no-textconv", "-1", cwd=lab.root))


# --- Objects --------------------------------------------------------------------------------------


def test_no_repr_shows_a_secret(lab: Lab) -> None:
    from llmconf.project.load import load_project
    from llmconf.secrets import edit, seal, sealing
    from llmconf.secrets import fields as secret_fields
    from llmconf.workspace import transaction

    lab.write("config/extra.yaml", PLAIN_FILES["a plain key"])
    with lab.inside():
        work = sealing.open_workspace(load_project(FolderTree(lab.root)))
        revealed = edit.reveal(work, "config/openai.yaml")
        key = work.keyring.sealing_key("default")
        shown = [
            revealed,
            key,
            work.keyring,
            work.keyring.identities,
            work.keyring.store("default"),
            *secret_fields.find_sites(work.project),
            transaction.Change(lab.root, revealed.text.encode(), PLAIN.encode()),
            sealing.ToSeal(work.sites.all[0], PLAIN),
            seal.NewSecret("credential/openai/main", "api_key", "", PLAIN),
        ]
    for each in shown:
        for text in (repr(each), str(each), f"{each!r:.100000}"):
            assert leaks(text, [*ALL, lab.identity]) == [], type(each)
            for hidden in (key.secret, key.fingerprints):
                assert hidden.hex() not in text
                assert repr(hidden)[2:-1] not in text


PLACES = ("llmconf.secrets.vault.token.fingerprint", "llmconf.secrets.keys.open_site", "llmconf.workspace.transaction.apply")


@pytest.mark.parametrize("place", PLACES)
def test_a_traceback_holds_no_secret(
    lab: Lab, place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import llmconf.cli
    from llmconf.secrets import keys  # noqa: F401 - loaded before it is broken

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(place, broken)
    monkeypatch.setattr(sys, "argv", ["llmconf", "--debug", "-C", str(lab.root), "secrets", "rotate"])
    with lab.inside():
        assert llmconf.cli._run() == 70
    out, err = capsys.readouterr()
    assert "ZeroDivisionError" in err
    _clean(lab, out, err)


def test_errors_carry_no_secret_along() -> None:
    from llmconf.core.tokens import parse_token
    from llmconf.secrets.vault import token
    from llmconf.secrets.vault.binding import Slot

    key = token.DataKey("default", token.key_id(bytes(32)), bytes(32), bytes(32))
    slot = Slot("default", "", MAIN, "api_key", ("api.openai.com",))
    parts = parse_token(token.seal(FRESH, key, slot))
    assert parts is not None
    other = token.DataKey("default", key.kid, bytes(32), b"x" * 32)
    with pytest.raises(token.OpenError) as caught:
        token.open_token(parts, other, slot)
    error: BaseException | None = caught.value
    while error is not None:
        assert leaks(repr(error) + str(error) + repr(error.args), [FRESH]) == []
        error = error.__cause__ or error.__context__


def test_the_environment_of_the_tests_is_not_used(lab: Lab) -> None:
    assert "LLMCONF_AGE_KEY" not in os.environ
    assert lab.run("secrets", "get", MAIN, "api_key", "--reveal", key=False).returncode == 4
