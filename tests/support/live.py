"""What the tests of the network share: a project whose provider is a server on loopback, and an OpenAI of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import fork_server
from upstream.vendor import Answer, Seen, State

KEY = "sk-fake-0000-not-a-real-key-0000-abcd"
"""The key that the fake OpenAI takes."""
SEALED = "kP3xV9mQ2tR7wZ4nB8cD1fG6hJ5sL0yA"
"""A key that looks like a real one, since a dummy is not sealed. Nobody has it."""
ALLOW = ("--allow-ref", "env:FAKE_*")


@dataclass
class OpenAI:
    """A small OpenAI whose list may change: `models` are ids, or objects as they are sent."""

    models: list[Any] = field(default_factory=lambda: ["gpt-5", "gpt-5-mini", "gpt-4o"])
    key: str = KEY

    def __call__(self, seen: Seen, state: State) -> Answer:
        """Answer as OpenAI does."""
        sent = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if sent != self.key:
            message = f"Incorrect API key provided: {sent}."
            return Answer(401, {"error": {"message": message, "code": "invalid_api_key"}})
        if state == "no_funds":
            return Answer(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})
        if seen.method == "POST":
            return Answer(200, {"choices": [{"message": {"content": "hi"}}]})
        listed = [item if isinstance(item, dict) else {"id": item, "object": "model"} for item in self.models]
        return Answer(200, {"object": "list", "data": listed})


def provider(
    url: str, name: str = "openai", type_: str = "openai", key: str = "env:FAKE_KEY", hosts: str | None = None,
    rest: str = "",
) -> str:  # fmt: skip
    """Return the document of a provider at a URL, with one credential that is bound to it."""
    return (
        f"kind: Provider\nname: {name}\ntype: {type_}\n{rest}"
        f"endpoints:\n  - name: main\n    url: {url}\n"
        f'credentials:\n  - name: main\n    hosts: ["{hosts or url.removesuffix("/v1")}"]\n    api_key: {key}\n'
    )


@dataclass
class Live:
    """A project in a folder, and the command run on it with a key in the environment."""

    root: Path
    key: str = KEY
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, *documents: str, settings: str = "", name: str = "config/main.yaml") -> None:
        """Write one file of the project, and its project file."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("---\n".join(documents), encoding="utf-8")
        (self.root / "llmconf.yaml").write_text(f"version: 1\nname: live\n{settings}", encoding="utf-8")

    def run(self, *args: str, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
        """Run a command on the project."""
        return fork_server.run(["-C", str(self.root), *args], self.root, self._environment(env))

    def _environment(self, env: Mapping[str, str] | None) -> dict[str, str]:
        """Return the environment of a process: nothing of the developer's settings or proxies is in it."""
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        kept = {name: value for name, value in kept.items() if not name.startswith("LLMCONF_")}
        home = {"HOME": str(self.root), "XDG_CACHE_HOME": str(self.root / ".cache")}
        return {**kept, **home, "FAKE_KEY": self.key, **self.environment, **(env or {})}

    def ask(self, *args: str, env: Mapping[str, str] | None = None) -> Any:
        """Run a command that is allowed to use the key and return the JSON that it prints."""
        done = self.run(*args, *ALLOW, "-o", "json", env=env)
        if not done.stdout:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)

    def lock(self, name: str = "openai") -> str:
        """Return the text of a lock file."""
        return (self.root / f"lock/{name}.lock.yaml").read_text(encoding="utf-8")


def without(text: str, secrets: Iterable[str]) -> bool:
    """Tell whether none of the secrets stands in a text."""
    return not any(secret in text for secret in secrets)
