"""Builds requests: their URLs, and the headers with a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from llmconf.adapters._base import CalledEndpoint, Request

Start = Literal["base", "origin"]
"""The start of a path: the base URL, or only its scheme, host and port."""


def join(base: str, path: str, query: Mapping[str, str | int] | None = None, start: Start = "base") -> str:
    """Return the URL of a path, which begins with `/`. Each leading `/..` removes one part from the base URL.

    If parts of the path come from a server or a user, the caller must quote them with `part`.
    """
    split = urlsplit(base)
    root = f"{split.scheme}://{split.netloc}"
    folder = split.path.rstrip("/") if start == "base" else ""
    while path.startswith("/../"):
        folder, path = folder.rpartition("/")[0], path.removeprefix("/..")
    return f"{root}{folder}{path}" + (f"?{urlencode(query)}" if query else "")


def part(text: str) -> str:
    """Quote one part of a path, so that it always stays one part."""
    return quote(text, safe="@:") if text not in (".", "..") else quote(text).replace(".", "%2E")


def bearer(site: CalledEndpoint, field: str = "api_key") -> dict[str, str]:
    """Return the header with the key as bearer token, or no header if the site has no key."""
    key = site.token or site.secrets.get(field)
    return {"authorization": f"Bearer {key}"} if key else {}


def post(url: str, headers: Mapping[str, str], body: Any) -> Request:
    """Return a request that sends a body as JSON."""
    return Request(url, "POST", {**headers, "content-type": "application/json"}, json.dumps(body).encode())
