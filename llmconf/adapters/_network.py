"""The `network` part of a preset: where a vendor of the compatible protocol keeps what, and what it calls it."""

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
"""One dotted path, or several of which the first that says something counts."""
Scale = Annotated[Decimal, BeforeValidator(_decimal)]


class _PresetModel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RequestPath(_PresetModel):
    """Where a request goes: a path from the base URL or from its origin."""

    path: str = Field(pattern=r"^(/\.\.)*(/[A-Za-z0-9._:-]+)+$")
    start: Start = "base"
    query: dict[str, str | int] = Field(default_factory=dict)


class Paging(_PresetModel):
    """How the next page is asked for, with one query parameter.

    `page_token`: with the token at `next`. `after`: with the id of the last item, while `more` is true.
    `limit_offset`: with the number of items so far. `page_no`: with a number, from 1. The last two end at the
    number of items at `total` or of pages at `pages`; where the answer gives neither, with a page that has fewer
    items than the query parameter `size` asks for.
    """

    kind: Literal["page_token", "after", "limit_offset", "page_no"]
    parameter: str
    next: str | None = None
    more: str | None = None
    total: str | None = None
    pages: str | None = None
    size: str | None = None


class ListRequest(RequestPath):
    """One model list. `items` is where it stands in the answer, `id` what names a model, less the prefix `strip`.

    `single` says that the answer is itself the only item. `mode` holds for all models of the list. `sole` says that
    the answer is about the one model of the list before: it is the last, is asked for where that one holds a single
    model, and a server need not have it.
    """

    paging: Paging | None = None
    items: str | None = None
    id: Paths | None = None
    strip: str = ""
    single: bool = False
    sole: bool = False
    mode: str | None = None


class PricePaths(_PresetModel):
    """Where prices stand; `scale` turns the vendor's unit into USD per million tokens."""

    input: str
    output: str
    cache_read: str | None = None
    cache_write: str | None = None
    scale: Scale


class FactPaths(_PresetModel):
    """Where a list says what of a model. Maps turn the vendor's words, in lower case, into ours.

    `flags` are paths of booleans and what it means that one is true; `words` hold lists or maps of words;
    `inputs` and `outputs` lists of modalities.
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
    """What the successful answer to a check means where the value at a path equals or does not exceed another."""

    at: str
    verdict: Verdict
    equals: bool | str | None = None
    at_most: Scale | None = None


class QuotaPath(_PresetModel):
    """A figure that a check tells, and its unit: fixed, or at a path beside it."""

    at: str
    unit: str = ""
    unit_at: str | None = None


class KeyRequest(_PresetModel):
    """The request that only a valid key answers with success, where the list is not that.

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
    """What the adapter needs to know of a vendor; without anything, it is as OpenAI is.

    `probe` is asked where neither the check of a key nor the list says anything of the endpoint that is called; a
    vendor without a list has one. `public` says that the list is answered without a key, and so proves nothing
    about one. `headers` go with every request: what a vendor wants to be told each time, such as the version of its
    API. `limit` is what the vendor calls the largest number of tokens to answer with, and `smallest` the least that
    it takes.
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
    """Return the `network` of a preset, read once. Raises pydantic's ValidationError where it is wrong."""
    known = _read.get(id(preset.network))
    if known is None or known[0] is not preset.network:
        # Strict models take tuples, YAML has lists.
        known = preset.network, _READER.validate_python(_frozen(preset.network))
        _read[id(preset.network)] = known
    return known[1]


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return {key: _frozen(item) for key, item in value.items()} if isinstance(value, dict) else value
