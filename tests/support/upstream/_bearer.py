"""What the fake vendors of the compatible protocol share: a bearer key, routes by path, answers by state."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from upstream.vendor import Answer, Seen, State

Query = Mapping[str, str]


def error(status: int, message: str, code: Any = None, kind: str | None = None, **headers: str) -> Answer:
    """Return an error in the shape of OpenAI: `{error: {message, type, param, code}}`."""
    return Answer(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers)


FAILURES: Mapping[State, Answer] = {
    "invalid": error(401, "Incorrect API key provided: sk-fake****", "invalid_api_key", "invalid_request_error"),
    "rate_limited": error(429, "Rate limit reached for requests", "rate_limit_exceeded", "requests"),
    "overloaded": error(503, "The server is overloaded", None, "server_error"),
}
"""What most vendors answer, as OpenAI does."""
VERDICTS: Mapping[State, str] = {
    "valid": "healthy",
    "invalid": "unauthorized",
    "rate_limited": "rate_limited",
    "overloaded": "degraded",
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def listed(*models: Mapping[str, Any]) -> Callable[[Query], Any]:
    """Return a route that answers with a list in the shape of OpenAI."""
    return lambda _query: {"object": "list", "data": [{"object": "model", **model} for model in models]}


@dataclass(frozen=True)
class Book:
    """A vendor's behavior: what it answers at which path, and what to a key that is not as it should be.

    A route gets the query and returns the body, or an `Answer`. Paths in `open` are answered to everybody.
    `by_state` holds routes that answer otherwise in a state instead of failing.
    """

    key: str
    routes: Mapping[str, Callable[[Query], Any]]
    failures: Mapping[State, Answer] = field(default_factory=lambda: FAILURES)
    open: frozenset[str] = frozenset()
    by_state: Mapping[tuple[str, State], Any] = field(default_factory=dict)
    chat: str = "/v1/chat/completions"

    def answer(self, seen: Seen, state: State) -> Answer:
        """Answer a request as the vendor would."""
        path, _, query = seen.path.partition("?")
        if self.key in seen.path:
            return error(500, "a key in the URL")
        if path not in self.routes and path != self.chat:
            return error(404, "Not found")
        if path in self.open:
            if state == "overloaded":
                return self.failures[state]
        elif seen.headers.get("authorization") != f"Bearer {self.key}":
            return self.failures["invalid"]
        elif (path, state) in self.by_state:
            return Answer(body=self.by_state[path, state])
        elif state in self.failures:
            return self.failures[state]
        if path == self.chat:
            return _complete(seen)
        found = self.routes[path](dict(parse_qsl(query)))
        return found if isinstance(found, Answer) else Answer(body=found)


def _complete(seen: Seen) -> Answer:
    asked = json.loads(seen.body or b"{}")
    if seen.method != "POST" or seen.headers.get("content-type") != "application/json":
        return error(405, "Not allowed")
    if not asked.get("model") or not asked.get("messages"):
        return error(400, "you must provide a model parameter")
    return Answer(body={**COMPLETION, "model": asked["model"]})
