"""What the tests of `llmconf sync` share: a project whose OpenAI is a server on loopback, and the command."""

from __future__ import annotations

from live import ALLOW, KEY, Live

ROUTE = "kind: Route\nname: chat\ntargets:\n  - model: openai/gpt-5\n"
SLOW = ("--timeout", "10", "--retries", "0")


def sync(live: Live, *args: str, code: int = 0) -> str:
    """Run sync and return what it printed."""
    done = live.run("sync", *ALLOW, *args)
    assert done.returncode == code, done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
    return done.stdout
