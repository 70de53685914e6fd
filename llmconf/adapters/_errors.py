"""Finds the meaning of an answer that is not a success: first from rules, then from its status."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llmconf.adapters._base import CalledEndpoint, Failure, Response, Unreadable, Verdict
from llmconf.core.json_values import at, text

MAX_DETAIL = 200
"""Maximum of characters of a vendor's message that are kept."""
SHORTEST_SECRET = 6
"""Minimum length of a secret text that is searched for in an error code."""
_CODE = re.compile(r"^[A-Za-z0-9_.:/-]{1,64}$")
_SERVER_ERRORS = range(500, 600)

BY_STATUS: Mapping[int, Verdict] = {
    401: "unauthorized",
    402: "no_funds",
    403: "forbidden",
    404: "not_found",
    408: "degraded",
    410: "not_found",
    425: "degraded",
    429: "rate_limited",
}
"""The meaning of a status if no rule matches. All of 5xx is `degraded`, all others are `invalid_response`."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """The meaning of one error of a vendor. A rule matches if all its conditions match. The first match wins.

    `codes` are compared, ignoring case, with every code, type, status and reason in the body. `message` is a part of
    the message, in lower case.
    """

    verdict: Verdict
    status: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    message: str = ""
    expired: bool = False

    def holds(self, status: int, codes: frozenset[str], message: str) -> bool:
        """Tell whether the rule matches an answer with these codes (in lower case) and this message."""
        return (
            (not self.status or status in self.status)
            and (not self.codes or any(code.lower() in codes for code in self.codes))
            and self.message.lower() in message.lower()
        )


GENERAL_RULES = (
    ErrorRule("unauthorized", codes=("expired_api_key", "api_key_expired", "token_expired"), expired=True),
    ErrorRule("unauthorized", status=(400, 403), codes=("invalid_api_key", "api_key_invalid")),
    ErrorRule("no_funds", status=(429,), codes=("insufficient_quota",)),
)
"""Errors with the same meaning at all vendors that have them. The rules of the vendor come first."""


@dataclass(frozen=True, slots=True)
class Said:
    """The content of an error body: `codes` in the order of the body, `message` on one line."""

    codes: tuple[str, ...] = ()
    message: str = ""


def said(response: Response) -> Said:
    """Read the body of an error in any known shape. The result of an unreadable body is empty."""
    try:
        data = response.json()
    except Unreadable:
        data = None
    data = data[0] if isinstance(data, list) and data else data
    places = [data, *_inner(data)]
    codes = [code for place in places for code in _codes(place)]
    amazon = response.headers.get("x-amzn-errortype", "").partition(":")[0]
    messages = [message for place in reversed(places) if (message := _message(place))]
    return Said(tuple(dict.fromkeys([amazon, *codes] if amazon else codes)), messages[0] if messages else "")


def _inner(data: Any) -> list[Any]:
    error, errors = at(data, "error"), at(data, "errors")
    found = [error] if isinstance(error, dict | str) else []
    found += errors[:1] if isinstance(errors, list) else []
    return found + [detail for detail in _details(error) if isinstance(detail, Mapping)]


def _details(error: Any) -> list[Any]:
    details, inner = at(error, "details"), at(error, "innererror")
    return [*(details[:8] if isinstance(details, list) else []), inner]


def _codes(place: Any) -> Iterator[str]:
    for name in ("code", "type", "status", "reason", "error_code", "__type"):
        value = text(at(place, name), 128)
        if value and value != "error":
            yield value.rpartition("#")[2]


def _message(place: Any) -> str:
    if isinstance(place, str):
        return text(place, MAX_DETAIL) or ""
    for name in ("message", "detail", "Message", "error_description"):
        if message := text(at(place, name), MAX_DETAIL):
            return message
    return ""


def failure(site: CalledEndpoint, response: Response, rules: Iterable[ErrorRule] = ()) -> Failure:
    """Return the meaning of an answer: the vendor's rules, then those of all vendors, then the status.

    `detail` is the vendor's message, on one line and at most 200 characters. `code` is its first code that is not
    just the status. A code that could contain a secret of the site is left out.
    """
    heard = said(response)
    codes = frozenset(code.lower() for code in heard.codes)
    own = (code for code in heard.codes if code != str(response.status) and _CODE.match(code))
    code = next((code for code in own if not _holds_secret(site, code)), None)
    for rule in (*rules, *GENERAL_RULES):
        if rule.holds(response.status, codes, heard.message):
            return Failure(rule.verdict, heard.message, code, rule.expired)
    return Failure(_by_status(response.status), heard.message, code)


def _holds_secret(site: CalledEndpoint, code: str) -> bool:
    secrets = [*site.secrets.values(), site.token or ""]
    long = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
    return any(secret in code or (len(code) >= SHORTEST_SECRET and code in secret) for secret in long)


def _by_status(status: int) -> Verdict:
    return "degraded" if status in _SERVER_ERRORS else BY_STATUS.get(status, "invalid_response")
