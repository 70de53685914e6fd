"""References: opened only where the process allows it, and only where they may lead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llmconf.core.errors import UndeterminedError, UsageError
from llmconf.core.origins import parse_host
from llmconf.core.tokens import Reference, parse_reference
from llmconf.secrets.vault.references import allowed_patterns, only_to, resolve


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with files to refer to, and one beside it."""
    repository = tmp_path / "repository"
    (repository / "secrets").mkdir(parents=True)
    (repository / ".git").mkdir()
    (repository / ".git/config").write_text("extraheader = fake\n")
    (tmp_path / "outside").write_text("fake-outside\n")
    return repository


def opened(text: str, root: Path, *allowed: str) -> str:
    """Open a reference as a command does that was given these patterns."""
    reference = parse_reference(text)
    assert reference is not None
    return resolve(reference, root, allowed_patterns(allowed))


@pytest.mark.parametrize(
    ("pattern", "reference", "allowed"),
    [
        ("env:OPENAI_*", "env:OPENAI_KEY", True),
        ("env:OPENAI_*", "env:OPENAI", False),
        ("env:OPENAI_*", "env:openai_key", False),
        ("env:OPENAI_*", "env:X_OPENAI_KEY", False),
        ("env:*", "env:ANYTHING", True),
        ("file:secrets/*", "env:ANYTHING", False),
    ],
)
def test_patterns(
    root: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, reference: str, allowed: bool
) -> None:
    monkeypatch.setenv(reference.removeprefix("env:"), "fake-value")
    if allowed:
        assert opened(reference, root, pattern) == "fake-value"
        return
    with pytest.raises(UndeterminedError, match="is not allowed to this process") as error:
        opened(reference, root, pattern)
    assert error.value.hint == f"--allow-ref '{reference}' allows it"
    assert error.value.exit_code == 4


def test_only_variables_of_llmconf_are_allowed_by_default(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMCONF_OPENAI", "fake-ours")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "fake-theirs")
    monkeypatch.delenv("LLMCONF_ALLOW_REF", raising=False)
    assert opened("env:LLMCONF_OPENAI", root) == "fake-ours"
    with pytest.raises(UndeterminedError, match="not allowed"):
        opened("env:AWS_SECRET_ACCESS_KEY", root)


def test_patterns_from_the_environment_of_the_process(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMCONF_ALLOW_REF", "env:A_*, env:B_*\nfile:secrets/*")
    (root / "secrets/c").write_text("fake-c")
    for name in ("A_X", "B_X"):
        monkeypatch.setenv(name, "fake-value")
        assert opened(f"env:{name}", root) == "fake-value"
    assert opened("file:secrets/c", root) == "fake-c"


@pytest.mark.parametrize(
    "name", ["LLMCONF_AGE_KEY", "LLMCONF_AGE_KEY_FILE", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "LLMCONF_ALLOW_REF"]
)
def test_what_opens_the_vault_is_never_opened(root: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "env:FAKE_IDENTITY")
    with pytest.raises(UndeterminedError, match="not allowed"):
        opened(f"env:{name}", root, "env:*")


def test_a_variable_that_is_not_set_is_said_to_be_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLMCONF_NOT_THERE", raising=False)
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv("LLMCONF_NOT_THERE", value)
        with pytest.raises(UndeterminedError, match="LLMCONF_NOT_THERE is not set"):
            opened("env:LLMCONF_NOT_THERE", root)


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"fake", "fake"), (b"fake\n", "fake"), (b"fake\r\n", "fake"), (b"a\nb\n\n", "a\nb\n"), ("ü🔑".encode(), "ü🔑")],
)
def test_a_file_loses_one_line_break_at_its_end(root: Path, data: bytes, text: str) -> None:
    (root / "secrets/key").write_bytes(data)
    assert opened("file:secrets/key", root, "file:*") == text


@pytest.mark.parametrize("target", ["../outside", "secrets/../../outside", "secrets/../secrets/key", "/etc/hostname"])
def test_a_file_elsewhere_is_not_opened(root: Path, target: str) -> None:
    (root / "secrets/key").write_text("fake")
    with pytest.raises(UndeterminedError) as error:
        opened(f"file:{target}", root, "file:*", "env:*")
    assert "fake" not in error.value.message


@pytest.mark.parametrize("to", ["../../outside", "/proc/self/environ", "../.git/config", "../keys/x"])
def test_a_link_is_opened_only_where_what_it_leads_to_is_allowed(root: Path, to: str) -> None:
    (root / "keys").mkdir()
    (root / "keys/x").write_text("fake-x")
    (root / "secrets/key").symlink_to(to)
    with pytest.raises(UndeterminedError):
        opened("file:secrets/key", root, "file:secrets/*")


def test_a_link_to_what_is_allowed_is_opened(root: Path) -> None:
    (root / "secrets/real").write_text("fake-real")
    (root / "secrets/key").symlink_to("real")
    assert opened("file:secrets/key", root, "file:secrets/*") == "fake-real"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "."),
        (os.mkfifo, "no regular file"),
        (lambda path: path.write_bytes(b"x" * (64 * 1024 + 1)), "more than 65,536 bytes"),
        (lambda path: path.write_bytes(b"\xff"), "not UTF-8"),
        (lambda path: path.write_bytes(b"\n"), "is empty"),
        (lambda path: path.symlink_to("key"), "."),
    ],
    ids=["missing", "folder", "pipe", "large", "binary", "empty", "circle"],
)
def test_what_is_no_secret_in_a_file(root: Path, make: object, said: str) -> None:
    assert callable(make)
    make(root / "secrets/key")
    with pytest.raises(UndeterminedError, match=said):
        opened("file:secrets/key", root, "file:*")


def test_the_largest_file_that_is_read(root: Path) -> None:
    (root / "secrets/key").write_bytes(b"x" * 64 * 1024)
    assert len(opened("file:secrets/key", root, "file:*")) == 64 * 1024


def test_a_target_with_a_nul_is_no_defect(root: Path) -> None:
    with pytest.raises(UndeterminedError, match="NUL"):
        resolve(Reference("file", "secrets/a\0b"), root, allowed_patterns(["file:*"]))


@pytest.mark.parametrize("text", ["op://vault/item/field", "vault://secret/data/x", "awssm://x", "gcpsm://x", "azkv://x"])
def test_what_other_tools_keep_is_not_opened_by_llmconf(root: Path, text: str) -> None:
    with pytest.raises(UndeterminedError, match="not opened by llmconf, only passed on"):
        opened(text, root, "env:*", "file:*")


@pytest.mark.parametrize(
    "text", ["env:", "env:1X", "env:A B", "http://x", "file:", "op:x", "exec:rm", "ENV:X", " env:X"]
)
def test_what_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


def sent(text: str, root: Path, *allowed: str, hosts: tuple[str, ...], origins: tuple[str, ...] = ()) -> str:
    """Open a reference that is to be sent to hosts; `origins` are for the patterns that name none."""
    reference = parse_reference(text)
    assert reference is not None
    patterns = allowed_patterns(allowed)
    narrowed = only_to(patterns, tuple(map(parse_host, origins))) if origins else patterns
    return resolve(reference, root, narrowed, hosts)


@pytest.mark.parametrize(
    ("pattern", "hosts", "allowed"),
    [
        ("env:KEY_*@api.example", ("api.example",), True),
        ("env:KEY_*@API.example.", ("api.example",), True),
        ("env:KEY_*@api.example", ("api.example/v1",), True),
        ("env:KEY_*@api.example/v1", ("api.example",), False),
        ("env:KEY_*@api.example", ("http://api.example",), False),
        ("env:KEY_*@api.example", ("api.example:8443",), False),
        ("env:KEY_*@api.example", ("evil.example",), False),
        ("env:KEY_*@api.example", ("api.example", "evil.example"), False),
        ("env:KEY_*@api.example", (), False),
        ("env:KEY_*", ("evil.example",), True),
    ],
)
def test_a_host_narrows_what_a_pattern_allows(
    root: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, hosts: tuple[str, ...], allowed: bool
) -> None:
    monkeypatch.setenv("KEY_A", "fake-value")
    if allowed:
        assert sent("env:KEY_A", root, pattern, hosts=hosts) == "fake-value"
        return
    with pytest.raises(UndeterminedError, match="is not allowed to be sent to") as error:
        sent("env:KEY_A", root, pattern, hosts=hosts)
    assert "fake-value" not in f"{error.value} {error.value.hint}"


def test_the_hint_names_the_host_that_would_have_to_be_allowed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_A", "fake-value")
    with pytest.raises(UndeterminedError) as error:
        sent("env:KEY_A", root, "env:KEY_A@api.example", hosts=("evil.example",))
    assert error.value.hint == "if it belongs there: --allow-ref 'env:KEY_A@evil.example'"


def test_origins_are_for_patterns_without_a_host(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMCONF_KEY", "fake-value")
    assert sent("env:LLMCONF_KEY", root, hosts=("api.example",), origins=("api.example",)) == "fake-value"
    with pytest.raises(UndeterminedError, match=r"to be sent to evil\.example"):
        sent("env:LLMCONF_KEY", root, hosts=("evil.example",), origins=("api.example",))
    own = "env:LLMCONF_KEY@evil.example"
    assert sent("env:LLMCONF_KEY", root, own, hosts=("evil.example",), origins=("api.example",)) == "fake-value"


def test_a_host_holds_for_files_too(root: Path) -> None:
    (root / "secrets/key").write_text("fake-value")
    pattern = "file:secrets/*@api.example"
    assert sent("file:secrets/key", root, pattern, hosts=("api.example",)) == "fake-value"
    with pytest.raises(UndeterminedError, match=r"to be sent to evil\.example"):
        sent("file:secrets/key", root, pattern, hosts=("evil.example",))


def test_an_at_sign_in_a_glob_is_no_host(root: Path) -> None:
    (root / "secrets/me@work").write_text("fake-value")
    assert sent("file:secrets/me@work", root, "file:secrets/me[@]work", hosts=("api.example",)) == "fake-value"


@pytest.mark.parametrize("pattern", ["env:KEY_*@", "env:KEY_*@*.example", "env:KEY_*@ftp://api.example"])
def test_what_allows_nothing_is_a_usage_error(pattern: str) -> None:
    with pytest.raises(UsageError, match="allows nothing"):
        allowed_patterns([pattern])


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("OPENAI_API_KEY", "`OPENAI_API_KEY` allows nothing: it names no scheme", "write `env:OPENAI_API_KEY`"),
        ("OPENAI_*@api.openai.com", "`OPENAI_*` allows nothing: it names no scheme", "write `env:OPENAI_*`"),
        ("*", "`*` allows nothing: it names no scheme", "`env:*` allows all variables"),
        ("secrets/key", "a pattern names no scheme", "write it as in `env:OPENAI_API_KEY` or `file:secrets/*`"),
        ("openai_key", "a pattern names no scheme", "write it as in `env:OPENAI_API_KEY` or `file:secrets/*`"),
        ("", "a pattern names no scheme", "write it as in `env:OPENAI_API_KEY` or `file:secrets/*`"),
        ("@api.example", "a pattern names no scheme", "write it as in `env:OPENAI_API_KEY` or `file:secrets/*`"),
        ("env:", "`env:` allows nothing: it names none", "write it as in `env:OPENAI_API_KEY` or `file:secrets/*`"),
        ("file:@api.example", "`file:` allows nothing: it names none", "`file:secrets/*`"),
        ("ENV:X", "`ENV:` allows nothing: llmconf opens no such reference", "`env:OPENAI_API_KEY`"),
        ("op://vault/item", "`op:` allows nothing: llmconf opens no such reference", "`env:OPENAI_API_KEY`"),
    ],
)
def test_a_pattern_without_a_scheme_is_a_usage_error(pattern: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        allowed_patterns([pattern])
    assert error.value.message.startswith(message)
    assert error.value.hint is not None
    assert hint in error.value.hint


def test_an_empty_list_in_the_environment_allows_nothing_more(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("", " ", ", ,"):
        monkeypatch.setenv("LLMCONF_ALLOW_REF", text)
        assert len(allowed_patterns([])) == 1


@pytest.mark.parametrize(
    "key", ["kP3xV9mQ2tR7wZ4nB8cD1fG6hJ5sL0yA", "sk-" + "fake0123456789abcdef0123456789abcd"[:32], "fake key with spaces"]
)
def test_a_key_in_place_of_a_pattern_is_not_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--allow-ref $OPENAI_API_KEY`: the shell has put in what was to be named."""
    for given in ([key], [f"{key}@api.example"]):
        with pytest.raises(UsageError) as error:
            allowed_patterns(given)
        assert key not in f"{error.value} {error.value.hint}"
    monkeypatch.setenv("LLMCONF_ALLOW_REF", key)
    with pytest.raises(UsageError) as error:
        allowed_patterns([])
    assert key not in f"{error.value} {error.value.hint}"


def test_a_link_to_a_mounted_secret_has_to_be_allowed_as_such(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = tmp_path / "run/secrets"
    (mounted / "..data").mkdir(parents=True)
    (mounted / "..data/db").write_text("fake-mounted\n")
    (mounted / "db").symlink_to("..data/db")
    monkeypatch.setattr("llmconf.secrets.vault.references._RUN_SECRETS", str(mounted))
    assert opened(f"file:{mounted}/db", root, f"file:{mounted}/db") == "fake-mounted"
    (root / "secrets/link").symlink_to(mounted / "db")
    with pytest.raises(UndeterminedError, match="is not allowed to this process"):
        opened("file:secrets/link", root, "file:secrets/*")
    assert opened("file:secrets/link", root, "file:secrets/*", f"file:{mounted}/*") == "fake-mounted"
