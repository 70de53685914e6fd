"""The `network` part of a preset: paths and names that differ among the vendors of the compatible protocol."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from llmconf.adapters._base import Preset, Verdict
from llmconf.adapters._errors import ErrorRule
from llmconf.adapters._urls import Start


def _many(value: Any) -> Any:
    return value if isinstance(value, tuple) else (value,)


def _decimal(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value


Paths = Annotated[tuple[str, ...], BeforeValidator(_many)]
"""One dotted path, or several. The first path with a value counts."""
Scale = Annotated[Decimal, BeforeValidator(_decimal)]


class _PresetModel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RequestPath(_PresetModel):
    """The target of a request: a path that starts from the base URL or from its origin."""

    path: str = Field(pattern=r"^(/\.\.)*(/[A-Za-z0-9._:-]+)+$")
    start: Start = "base"
    query: dict[str, str | int] = Field(default_factory=dict)


class Paging(_PresetModel):
    """The way to request the next page, with one query parameter.

    `page_token` sends the token at `next`. `after` sends the id of the last item, while `more` is true.
    `limit_offset` sends the number of items so far. `page_no` sends a number, from 1. The last two end at the number
    of items at `total` or of pages at `pages`. If the answer has neither, they end at a page with fewer items than
    the query parameter `size` asks for.
    """

    kind: Literal["page_token", "after", "limit_offset", "page_no"]
    parameter: str
    next: str | None = None
    more: str | None = None
    total: str | None = None
    pages: str | None = None
    size: str | None = None


class ListRequest(RequestPath):
    """One model list. `items` is its place in the answer. `id` is the field with the id, without the prefix `strip`.

    `single` means that the answer itself is the only item. `mode` applies to all models of the list. `sole` means
    that the answer is about the one model of the previous list. Such a list is the last one. It is only requested if
    the previous list has a single model, and a server may not have it.
    """

    paging: Paging | None = None
    items: str | None = None
    id: Paths | None = None
    strip: str = ""
    single: bool = False
    sole: bool = False
    mode: str | None = None


class PricePaths(_PresetModel):
    """The paths of prices. `scale` converts the vendor's unit to USD per million tokens."""

    input: str
    output: str
    cache_read: str | None = None
    cache_write: str | None = None
    scale: Scale


class FactPaths(_PresetModel):
    """The paths of a model's facts in a list. Maps translate the vendor's words, in lower case, to ours.

    `flags` are paths of booleans, each with the meaning of true. `words` are paths of lists or maps of words.
    `inputs` and `outputs` are paths of lists of modalities.
    """

    context: Paths = ()
    max_output: Paths = ()
    mode: str | None = None
    modes: dict[str, str] = Field(default_factory=dict)
    flags: dict[str, str] = Field(default_factory=dict)
    words: Paths = ()
    meanings: dict[str, str] = Field(default_factory=dict)
    inputs: Paths = ()
    outputs: Paths = ()
    price: PricePaths | None = None
    aliases: str | None = None
    status: str | None = None
    statuses: dict[str, Literal["active", "deprecated", "retired"]] = Field(default_factory=dict)
    deprecated: str | None = None
    retires: str | None = None
    replacement: str | None = None
    callable: str | None = None


class SuccessMeaning(_PresetModel):
    """The meaning of a successful check if the value at a path equals another value or does not exceed it."""

    at: str
    verdict: Verdict
    equals: bool | str | None = None
    at_most: Scale | None = None


class QuotaPath(_PresetModel):
    """The path of a number in the answer to a check, and its unit: a fixed text, or another path."""

    at: str
    unit: str = ""
    unit_at: str | None = None


class KeyRequest(_PresetModel):
    """The request that only succeeds with a valid key, if the list also succeeds without one.

    `url` is absolute: a host of the vendor that is not the endpoint's.
    """

    path: str | None = Field(default=None, pattern=r"^(/\.\.)*(/[A-Za-z0-9._:-]+)+$")
    start: Start = "base"
    url: str | None = Field(default=None, pattern=r"^https://[^?#]+$")
    means: tuple[SuccessMeaning, ...] = ()
    quota: dict[str, QuotaPath] = Field(default_factory=dict)
    expires: str | None = None


class _RuleFacts(_PresetModel):
    verdict: Verdict
    status: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    message: str = ""
    expired: bool = False


def _rule(value: Any) -> ErrorRule:
    return ErrorRule(**_RuleFacts.model_validate(value).model_dump())


RuleData = Annotated[ErrorRule, BeforeValidator(_rule)]
HeaderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
HeaderValue = Annotated[str, Field(pattern=r"^[!-~]+$")]


class PresetProtocol(_PresetModel):
    """The facts of a vendor that the adapter needs. By default, a vendor behaves like OpenAI.

    `probe` is used if neither the check of a key nor the list tests the called endpoint; a vendor without a list has
    one. `public` means that the list succeeds without a key, so it proves nothing about a key. `headers` are sent
    with every request, because the vendor needs them each time, such as the version of its API. `limit` is the
    vendor's name for the maximum of tokens in an answer, and `smallest` is the smallest maximum that it accepts.
    """

    list: Annotated[tuple[ListRequest, ...], BeforeValidator(_many)] = (ListRequest(path="/models"),)
    public: bool = False
    probe: ListRequest | None = None
    key: KeyRequest | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    facts: FactPaths = FactPaths()
    errors: tuple[RuleData, ...] = ()
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    smallest: int = 1


_READER = TypeAdapter(PresetProtocol)
_read: dict[int, tuple[dict[str, Any], PresetProtocol]] = {}


def network(preset: Preset) -> PresetProtocol:
    """Return the `network` of a preset, read once. Raises pydantic's ValidationError if it is invalid."""
    known = _read.get(id(preset.network))
    if known is None or known[0] is not preset.network:
        # Strict models need tuples, but YAML has lists.
        known = preset.network, _READER.validate_python(_frozen(preset.network))
        _read[id(preset.network)] = known
    return known[1]


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return {key: _frozen(item) for key, item in value.items()} if isinstance(value, dict) else value
