"""What a fake vendor is: a module that answers requests as the real vendor would, without any network.

A module in this package is a fake vendor where it has a `VENDOR`. `server.py` puts one on loopback, and
`tests/adapters/test_conformance.py` runs the same table over all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from llmconf.adapters._base import ModelRecord

State = Literal["valid", "invalid", "expired", "no_funds", "forbidden", "rate_limited", "overloaded"]
"""How the vendor sees the key: as the sole one it knows, or what is wrong with it or the vendor today."""


@dataclass(frozen=True)
class Seen:
    """A request as it arrived: `path` with its query as sent, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What the vendor answers; `body` is sent as JSON unless it is bytes."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as sent."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Vendor:
    """One fake vendor.

    `type` is the provider type; `base` the path of its base URL (`/v1`, or empty); `credential` the fields of the
    valid credential, obviously fake; `answer(seen, state)` its behavior, which itself checks that the credential
    arrived as the vendor wants it. `models` is what listing must give, in the order of the answers, more than one
    page of it where the vendor has pages. `states` are the states that it can tell apart, each with the verdict
    that a probe must give; `checks` are those that `verify` tells apart, where they differ from `states`.
    `public` says that the list is answered without a key.
    """

    type: str
    credential: Mapping[str, str]
    answer: Callable[[Seen, State], Answer]
    models: tuple[ModelRecord, ...]
    states: Mapping[State, str]
    base: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    checks: Mapping[State, str] | None = None
    public: bool = False
    quota: Mapping[str, str] = field(default_factory=dict)
