"""Puts requests together: where they go, and the headers that carry a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from llmconf.adapters._base import CalledEndpoint, Request

Start = Literal["base", "origin"]
"""What a path starts from: the base URL, or only its scheme, host and port."""


def join(base: str, path: str, query: Mapping[str, str | int] | None = None, start: Start = "base") -> str:
    """Return the URL of a path, which begins with `/`; leading `/..` steps each take one part off the base URL.

    A path whose parts come from a server or a user is quoted by the caller, with `part`.
    """
    split = urlsplit(base)
    root = f"{split.scheme}://{split.netloc}"
    folder = split.path.rstrip("/") if start == "base" else ""
    while path.startswith("/../"):
        folder, path = folder.rpartition("/")[0], path.removeprefix("/..")
    return f"{root}{folder}{path}" + (f"?{urlencode(query)}" if query else "")


def part(text: str) -> str:
    """Quote one part of a path: whatever it holds, it stays one part."""
    return quote(text, safe="@:") if text not in (".", "..") else quote(text).replace(".", "%2E")


def bearer(site: CalledEndpoint, field: str = "api_key") -> dict[str, str]:
    """Return the header that carries a key as bearer token, nothing where the site has no key."""
    key = site.token or site.secrets.get(field)
    return {"authorization": f"Bearer {key}"} if key else {}


def post(url: str, headers: Mapping[str, str], body: Any) -> Request:
    """Return a request that sends a body as JSON."""
    return Request(url, "POST", {**headers, "content-type": "application/json"}, json.dumps(body).encode())
