"""What an adapter is: one protocol, its options, its secret fields, and presets of it as data.

An adapter builds requests and reads responses; it does no I/O, and nothing it returns has been sent. `access.py`
decides whether a secret may go where a request leads.
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
"""What a probe says of an endpoint. `degraded` answers, but with an error of its own or while it is loading."""

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

    `url` is the default base URL and None where each account or server has its own; `regions` maps
    a region to its base URL; `hosts` are the hosts that a credential of this type may be sent to
    unless it says otherwise, token endpoints included; `domains` are those below which a vendor has
    hosts that depend on the account or region; `consumers` maps the name of a target or catalog
    to what that calls this type. `network` holds what the protocol's adapter needs to know of the vendor:
    where the list is, which request checks a key, what its fields and error codes mean.
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
        """Whether the vendor lists its models; where it does not, they are declared by hand."""
        return self.network.get("list") != []


@dataclass(frozen=True, slots=True)
class CalledEndpoint:
    """One endpoint as an adapter sees it.

    `url` is the base URL without a trailing slash. `secrets` holds the opened fields of the credential by name
    (`api_key`), those that are no secret (`tenant_id`) included; empty where nothing is sent. `token` is what
    an exchange of the credential gave, for protocols that need one. `options` is the adapter's `Options`.
    """

    url: str
    preset: Preset
    options: Any
    region: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, its authentication included. A secret stands in headers or body, never in the URL."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Unreadable(Exception):
    """An answer is not what the protocol says; the message says why, without quoting it."""


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

        As values, a body may take fifty times its bytes: one of very many small ones is not read.
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
    """Read a number that is no integer; one that no price or limit could be is no number of an answer."""
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(text)
    return number


@dataclass(frozen=True, slots=True)
class Failure:
    """What an answer that is no success means.

    `detail` quotes the server and may hold anything, a key included: `calls.py` redacts it before anybody
    sees it. `code` is the vendor's own. `expired` tells a credential that has ended from one that is wrong.
    """

    verdict: Verdict
    detail: str = field(default="", repr=False)
    code: str | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What a provider says of one model; None where it says nothing.

    `price` has the shape of `schema.parts.Price`: decimal strings in USD per million tokens. Dates are ISO
    days. `callable` is False for what is listed but cannot be called under its id (Azure lists models, and
    calls deployments). No vendor has a word for all capabilities: beyond `capabilities` a model may have others,
    but none that it `lacks`.
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

    `skipped` counts the items that were left out: what is no object, or has no id that could be called. `listing`
    names the list that the page is of, where a vendor has several: two of them may well say the same. `extra` says
    that the page at `next` is the last one and only adds facts: without it, the list is whole as well.
    """

    models: tuple[ModelRecord, ...]
    next: str | None = None
    skipped: int = 0
    listing: str = ""
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """What a successful check of a credential says beside that it is valid.

    `failure` is set where the answer was a success and its content says otherwise (no funds, blocked).
    `quota` holds what the vendor tells of balance and limits, by name, as text with its unit.
    """

    failure: Failure | None = None
    quota: Mapping[str, str] = field(default_factory=dict)
    expires: str | None = None


class Adapter(Protocol):
    """A module of this package, one per protocol. Its name is the protocol's name. All functions are pure."""

    Options: type[Options]
    CREDENTIAL_FORMS: tuple[CredentialForm, ...]

    def exchange(self, site: CalledEndpoint, now: int, /) -> Request | None:
        """Return the request that turns the credential into a token, or None where it is sent as it is.

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
        """Return a request that costs nothing and is answered with success for a valid credential only.

        None where the vendor has no such request.
        """
        ...

    def read_check(self, site: CalledEndpoint, response: Response, /) -> Check:
        """Read the successful answer to a check. Raises Unreadable."""
        ...

    def models(self, site: CalledEndpoint, cursor: str | None, /) -> Request | None:
        """Return the request for the first page of the model list, or for that of a cursor.

        None where the vendor has no list.
        """
        ...

    def read_models(self, site: CalledEndpoint, response: Response, cursor: str | None, /) -> Page:
        """Read a page of the model list, in the order of the answer. Raises Unreadable.

        Also reads the answer to `probe` where that asks for the list. A model may come again on a later page
        with more facts.
        """
        ...

    def read_probe(self, site: CalledEndpoint, response: Response, /) -> Failure | None:
        """Look at a successful answer to a probe: None where it is what it should be. Raises Unreadable."""
        ...

    def read_error(self, site: CalledEndpoint, response: Response, /) -> Failure:
        """Say what an answer that is no success means."""
        ...

    def completion(self, site: CalledEndpoint, model: str, /) -> Request:
        """Return the smallest call of a model, which costs money."""
        ...

    def read_completion(self, site: CalledEndpoint, response: Response, model: str, /) -> None:
        """See that the successful answer to a completion is that of the model. Raises Unreadable.

        That is what stands where the protocol puts it. No text need be in it: a model may spend the few tokens that
        it is given on thinking.
        """
        ...


ReadModels = Callable[[CalledEndpoint, Response, str | None], Page]


def looking_at_list(
    read_models: ReadModels,
) -> tuple[Callable[[CalledEndpoint, Response], Failure | None], Callable[[CalledEndpoint, Response], Check]]:
    """Return `read_probe` and `read_check` for protocols that ask for the model list both times.

    They see that it is a list, and raise Unreadable where it is none; of quota such a list tells nothing.
    """

    def read_probe(site: CalledEndpoint, response: Response) -> Failure | None:
        read_models(site, response, None)
        return None

    def read_check(site: CalledEndpoint, response: Response) -> Check:
        read_models(site, response, None)
        return Check()

    return read_probe, read_check


def no_exchange(_site: CalledEndpoint, _now: int) -> Request | None:
    """Be the `exchange` of protocols that send a credential as it is."""
    return None


def nothing_exchanged(_site: CalledEndpoint, _response: Response) -> str | Failure:
    """Be the `read_exchange` that goes with `no_exchange`."""
    raise Unreadable("this protocol has no exchange")
