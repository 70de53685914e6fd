"""Defines an adapter: one protocol, its options, its secret fields, and its presets as data.

An adapter builds requests and reads responses. It does no I/O: its requests are not sent yet. `live/authorize.py`
decides whether a secret may be sent to the host of a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

Verdict = Literal[
    "healthy", "degraded", "unauthorized", "forbidden", "no_funds", "rate_limited", "not_found",
    "unreachable", "tls_error", "timeout", "invalid_response",
]  # fmt: skip
"""The result of a probe. A `degraded` endpoint answers, but with an error of its own or while it is loading."""

_SUCCESS = range(200, 300)
_MOST_VALUES, _MOST_GROUPS = 500_000, 200_000
_LARGEST_EXPONENT = 400


class Options(BaseModel):
    """Base of the `options` that a provider of one protocol takes."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )


@dataclass(frozen=True, slots=True)
class CredentialForm:
    """One way to fill in a credential: fields that it needs and fields that it may have."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()

    @property
    def fields(self) -> frozenset[str]:
        """All fields of this form."""
        return self.required | self.optional


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider type: a protocol with its facts filled in. One YAML file in `presets/` each.

    `url` is the default base URL. It is None if each account or server has its own. `regions` maps a region to its
    base URL. `hosts` are the hosts that a credential of this type may be sent to if it names none, token endpoints
    included. `domains` are the domains of a vendor's hosts that depend on the account or region. `consumers` maps
    the name of a target or catalog to its name for this type. `network` holds the facts of the vendor that the
    adapter needs: the place of the list, the request that checks a key, the meaning of fields and error codes.
    """

    type: str
    protocol: str
    title: str
    credential: Literal["required", "optional", "none"]
    docs: str
    url: str | None = None
    regions: dict[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    consumers: dict[str, str] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)

    @property
    def has_list(self) -> bool:
        """Whether the vendor lists its models. If not, they are declared by hand."""
        return self.network.get("list") != []


@dataclass(frozen=True, slots=True)
class CalledEndpoint:
    """One endpoint as an adapter sees it.

    `url` is the base URL without a trailing slash. `secrets` holds the opened fields of the credential by name
    (`api_key`), also those that are not secret (`tenant_id`). It is empty if no credential is sent. `token` is the
    result of an exchange of the credential, for protocols that need one. `options` is the adapter's `Options`.
    """

    url: str
    preset: Preset
    options: Any
    region: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request with its authentication. A secret is in the headers or the body, never in the URL."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Unreadable(Exception):
    """An answer does not follow the protocol. The message says why, and does not quote the answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer. The names of `headers` are in lower case; `body` is decompressed and bounded in size."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is a success."""
        return self.status in _SUCCESS

    def json(self) -> Any:
        """Return the body as JSON; numbers with a fraction are Decimal. Raises Unreadable.

        The values of a body may take fifty times its size in memory, so a body with too many small values is refused.
        """
        if self.body.count(b",") > _MOST_VALUES or self.body.count(b"{") + self.body.count(b"[") > _MOST_GROUPS:
            raise Unreadable("the answer has more values than any list of models")
        try:
            return json.loads(self.body, parse_float=_number, parse_constant=_number)
        except (ValueError, ArithmeticError, RecursionError):
            kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
            said = f", but {kind}" if kind in ("text/html", "text/plain", "text/xml") else ""
            raise Unreadable(f"the answer is not JSON{said}") from None


def _number(text: str) -> Decimal:
    """Read a number that is not an integer. A number that cannot be a price or limit is refused."""
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(text)
    return number


@dataclass(frozen=True, slots=True)
class Failure:
    """The meaning of an answer that is not a success.

    `detail` quotes the server and may contain anything, even a key: `live/client.py` redacts it before it is shown.
    `code` is the vendor's own. `expired` distinguishes an expired credential from a wrong one.
    """

    verdict: Verdict
    detail: str = field(default="", repr=False)
    code: str | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """The facts of a provider about one model. A fact is None if the provider does not give it.

    `price` has the shape of `schema.parts.Price`: decimal strings in USD per million tokens. Dates are ISO days.
    `callable` is False if a model is listed but cannot be called under its id (Azure lists models, and calls
    deployments). No vendor has words for all capabilities: a model may have more than `capabilities`, but none of
    those that it `lacks`.
    """

    id: str
    mode: str | None = None
    capabilities: tuple[str, ...] | None = None
    lacks: tuple[str, ...] = ()
    context: int | None = None
    max_output: int | None = None
    price: Mapping[str, Any] | None = None
    aliases: tuple[str, ...] = ()
    status: Literal["active", "deprecated", "retired"] | None = None
    deprecated: str | None = None
    retires: str | None = None
    replacement: str | None = None
    callable: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a model list. `next` is the adapter's own cursor for the next page, None after the last.

    `skipped` counts the items that were left out: they are not objects, or have no id that can be called. `listing`
    names the list of the page if a vendor has several, because two lists may have the same content. `extra` means
    that the page at `next` is the last one and only adds facts: the list is complete without it.
    """

    models: tuple[ModelRecord, ...]
    next: str | None = None
    skipped: int = 0
    listing: str = ""
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """Further facts from a successful check of a credential.

    `failure` is set if the status was a success but the content reports a problem (no funds, blocked). `quota` holds
    the vendor's facts about balance and limits by name, as text with the unit.
    """

    failure: Failure | None = None
    quota: Mapping[str, str] = field(default_factory=dict)
    expires: str | None = None


class Adapter(Protocol):
    """A module of this package, one per protocol. Its name is the protocol's name. All functions are pure."""

    Options: type[Options]
    CREDENTIAL_FORMS: tuple[CredentialForm, ...]

    def exchange(self, site: CalledEndpoint, now: int, /) -> Request | None:
        """Return the request that exchanges the credential for a token, or None if the credential itself is sent.

        `now` is the time in seconds since 1970.
        """
        ...

    def read_exchange(self, site: CalledEndpoint, response: Response, /) -> str | Failure:
        """Return the token. Raises Unreadable."""
        ...

    def probe(self, site: CalledEndpoint, /) -> Request:
        """Return a request that costs nothing and shows whether the endpoint serves this credential."""
        ...

    def check(self, site: CalledEndpoint, /) -> Request | None:
        """Return a request that costs nothing and only succeeds with a valid credential.

        Returns None if the vendor has no such request.
        """
        ...

    def read_check(self, site: CalledEndpoint, response: Response, /) -> Check:
        """Read the successful answer to a check. Raises Unreadable."""
        ...

    def models(self, site: CalledEndpoint, cursor: str | None, /) -> Request | None:
        """Return the request for the first page of the model list, or for the page at a cursor.

        Returns None if the vendor has no list.
        """
        ...

    def read_models(self, site: CalledEndpoint, response: Response, cursor: str | None, /) -> Page:
        """Read a page of the model list, in the order of the answer. Raises Unreadable.

        Also reads the answer to `probe` if `probe` asks for the list. A later page may have the same model again,
        with more facts.
        """
        ...

    def read_probe(self, site: CalledEndpoint, response: Response, /) -> Failure | None:
        """Check a successful answer to a probe. Returns None if it is as expected. Raises Unreadable."""
        ...

    def read_error(self, site: CalledEndpoint, response: Response, /) -> Failure:
        """Return the meaning of an answer that is not a success."""
        ...

    def completion(self, site: CalledEndpoint, model: str, /) -> Request:
        """Return the smallest call of a model, which costs money."""
        ...

    def read_completion(self, site: CalledEndpoint, response: Response, model: str, /) -> None:
        """Check that the successful answer to a completion comes from the model. Raises Unreadable.

        The model's message must be at the place that the protocol defines. It may have no text: a model may use its
        few tokens for thinking.
        """
        ...


ReadModels = Callable[[CalledEndpoint, Response, str | None], Page]


def looking_at_list(
    read_models: ReadModels,
) -> tuple[Callable[[CalledEndpoint, Response], Failure | None], Callable[[CalledEndpoint, Response], Check]]:
    """Return `read_probe` and `read_check` for protocols that use the model list as probe and as check.

    Both raise Unreadable if the answer is not a list of models. Such a list contains no quota.
    """

    def read_probe(site: CalledEndpoint, response: Response) -> Failure | None:
        read_models(site, response, None)
        return None

    def read_check(site: CalledEndpoint, response: Response) -> Check:
        read_models(site, response, None)
        return Check()

    return read_probe, read_check


def no_exchange(_site: CalledEndpoint, _now: int) -> Request | None:
    """Do nothing: the `exchange` of protocols that send the credential itself."""
    return None


def nothing_exchanged(_site: CalledEndpoint, _response: Response) -> str | Failure:
    """Raise Unreadable: the `read_exchange` that belongs to `no_exchange`."""
    raise Unreadable("this protocol has no exchange")
