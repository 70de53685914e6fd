"""Who can open a vault, what is known without a key, and what changes when keys do."""

from __future__ import annotations

import json

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from secret_projects import MAIN, NEW_KEY, files, ok, opened
from secret_support import ANTHROPIC_KEY, OPENAI_KEY, SEALED, Lab, leaks, new_identity

FILE = "config/openai.yaml"


def test_a_recipient_is_added_without_touching_a_value_and_removed_for_good(lab: Lab) -> None:
    bob, public = new_identity()
    files = {file: file.read_bytes() for file in lab.root.glob("config/*.yaml")}
    ok(lab.run("secrets", "recipients", "add", "bob", public))
    assert {file: file.read_bytes() for file in files} == files
    assert f"default  bob  {public}" in ok(lab.run("secrets", "recipients", "list", key=False))
    as_bob = {"LLMCONF_AGE_KEY": bob}
    assert ok(lab.run("secrets", "get", *MAIN, "--reveal", key=False, env=as_bob)) == OPENAI_KEY + "\n"
    assert lab.run("secrets", "get", *MAIN, "--env", "prod", "--reveal", key=False, env=as_bob).returncode == 4
    before = {row["identity"]: row for row in json.loads(ok(lab.run("secrets", "list", "-o", "json")))}
    said = ok(lab.run("secrets", "recipients", "remove", "bob"))
    assert "renew these at their vendors" in said
    listed = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert listed == [
        "credential/anthropic/main api_key",
        "credential/openai/main api_key",
        "endpoint/gateway/inner headers.X-Api-Key",
    ]
    assert lab.run("secrets", "get", *MAIN, "--reveal", key=False, env=as_bob).returncode == 4
    assert [*lab.root.glob("keys/*/*/bob.*")] == []
    after = {row["identity"]: row for row in json.loads(ok(lab.run("secrets", "list", "-o", "json")))}
    main = "credential/anthropic/main"
    assert after[main]["fingerprint"] != before[main]["fingerprint"]
    assert after[main]["key"] != before[main]["key"]
    assert after[main]["revision"] == before[main]["revision"]
    assert opened(lab) == OPENAI_KEY
    assert lab.run("secrets", "check").returncode == 0


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("add", "../bob", "age1x"), 2, "is not a name"),
        (("add", "bob", "age1x"), 1, "not a public key"),
        (("add", "bob", "AGE-SECRET-KEY-1FAKE"), 1, "not a public key"),
        (("add", "bob", "ssh-dss AAAA"), 1, "not a public key"),
        (("remove", "carol"), 1, "no recipient `carol`"),
        (("remove", "alice"), 1, "the last recipient"),
    ],
)
def test_wrong_recipients_change_nothing(lab: Lab, args: tuple[str, ...], status: int, said: str) -> None:
    before = files(lab)
    done = lab.run("secrets", "recipients", *args)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert files(lab) == before


def test_a_name_is_not_given_to_another_key(lab: Lab) -> None:
    done = lab.run("secrets", "recipients", "add", "alice", new_identity()[1])
    assert done.returncode == 1
    assert "a recipient with another key" in done.stderr


def test_rewrap_touches_no_value_and_everything_opens_after_it(lab: Lab) -> None:
    before = (lab.root / FILE).read_bytes()
    wrapped = [file.read_bytes() for file in sorted(lab.root.glob("keys/default/*/*.age"))]
    assert "wrapped again for 1 recipient" in ok(lab.run("secrets", "rewrap"))
    assert [file.read_bytes() for file in sorted(lab.root.glob("keys/default/*/*.age"))] != wrapped
    assert (lab.root / FILE).read_bytes() == before
    assert opened(lab) == OPENAI_KEY


def test_rotate_changes_tokens_and_keeps_fingerprints(lab: Lab) -> None:
    before = json.loads(ok(lab.run("secrets", "list", "-o", "json", key=False)))
    old = lab.kid()
    ok(lab.run("secrets", "rotate"))
    after = json.loads(ok(lab.run("secrets", "list", "-o", "json", key=False)))
    for was, now in zip(before, after, strict=True):
        same = ("identity", "field", "fingerprint", "revision", "value", "vault")
        assert [was[key] for key in same] == [now[key] for key in same]
        assert (was["key"] != now["key"]) is (now["vault"] == "default")
    assert f"key {old} deleted" in ok(lab.run("secrets", "prune"))
    assert lab.kid() != old
    assert opened(lab) == OPENAI_KEY


def test_check_with_and_without_a_key(lab: Lab) -> None:
    done = lab.run("secrets", "check")
    assert (done.returncode, done.stderr) == (0, "4 tokens opened\n")
    done = lab.run("secrets", "check", key=False)
    assert done.returncode == 0
    assert "0 tokens opened, 4 without an available identity" in done.stderr


def test_check_reports_in_the_formats_of_validate(lab: Lab) -> None:
    lab.edit(FILE, "hosts: [api.openai.com]", "hosts: [eu.api.openai.com]")
    done = lab.run("secrets", "check", "--report", "json", key=False)
    assert done.returncode == 1
    assert "LCK017" in done.stdout
    json.loads(done.stdout)


def test_list_names_who_changed_a_secret_last(lab: Lab) -> None:
    rows = json.loads(ok(lab.run("secrets", "list", "-o", "json", key=False)))
    row = next(row for row in rows if row["identity"] == MAIN[0] and row["layer"] == "base")
    assert row["changed_by"] == "Test, 2026-11-23"
    assert (row["value"], row["revision"], row["vault"]) == (f"****{OPENAI_KEY[-4:]}", "1", "default")
    ok(lab.run("secrets", "set", *MAIN, stdin=NEW_KEY))
    shown = ok(lab.run("secrets", "list", key=False))
    line = next(line for line in shown.splitlines() if line.startswith(MAIN[0]) and " base " in line)
    assert "not committed" in line
    assert leaks(shown, [NEW_KEY, *SEALED]) == []


def test_list_never_shows_a_plain_secret(lab: Lab) -> None:
    lab.edit("config/anthropic.yaml", lab.token("config/anthropic.yaml"), ANTHROPIC_KEY)
    shown = ok(lab.run("secrets", "list"))
    assert "PLAIN TEXT" in shown
    assert leaks(shown, SEALED) == []


def test_the_comment_of_an_ssh_key_is_any_text(lab: Lab) -> None:
    key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    public = f'{key} Zoë\'s "laptop" \\ # \U0001f511: \u202e'
    ok(lab.run("secrets", "recipients", "add", "zoe", public))
    assert yaml.safe_load((lab.root / "keys/default/recipients/zoe.yaml").read_text()) == {"public_key": public}
    assert opened(lab) == OPENAI_KEY
    assert f"zoe  {key}" in ok(lab.run("secrets", "recipients", "list", key=False))
