"""Reads the answers of token endpoints, which follow OAuth 2 at every vendor that has one."""

from __future__ import annotations

import json
from dataclasses import replace

from llmconf.adapters._answers import mapping
from llmconf.adapters._base import Response, Unreadable

_LONGEST = 16384


def access_token(response: Response) -> str:
    """Return the `access_token` of a successful answer. Raises Unreadable if it cannot be sent in a header."""
    token = mapping(response).get("access_token")
    if not isinstance(token, str) or not 0 < len(token) <= _LONGEST:
        raise Unreadable("the answer contains no token")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Unreadable("the answer contains a token that cannot be sent")
    return token


def refusal(response: Response) -> Response | None:
    """Return the refusal of a token endpoint in the shape of other errors, or None for any other answer.

    OAuth writes `{error: "<code>", error_description}`. In other errors, `error` is the message.
    """
    try:
        data = mapping(response)
    except Unreadable:
        return None
    code, message = data.get("error"), data.get("error_description")
    if not isinstance(code, str) or not isinstance(message, str):
        return None
    return replace(response, body=json.dumps({"code": code, "message": message}).encode())
