"""The protocol that most vendors and servers copy from OpenAI: a bearer token, `/models`, `/chat/completions`.

Vendors differ in the place of the list, its facts about a model, the request that checks a key, and the meaning of
errors. All of that is data in the `network` of a preset; `_network.py` defines its fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llmconf.adapters import _answers, _base, _errors, _urls
from llmconf.adapters._base import (
    CalledEndpoint,
    Check,
    CredentialForm,
    Failure,
    ModelRecord,
    Page,
    Request,
    Response,
    Unreadable,
    no_exchange,
    nothing_exchanged,
)
from llmconf.core import json_values

if TYPE_CHECKING:
    from llmconf.adapters._network import KeyRequest, ListRequest, PresetProtocol, QuotaPath, SuccessMeaning

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)
CHAT_PATH = "/chat/completions"

exchange = no_exchange
read_exchange = nothing_exchanged


class Options(_base.Options):
    """Nothing beyond the URL and the key: the rest goes into `headers`."""


def facts_of(site: CalledEndpoint) -> PresetProtocol:
    """Return the facts of a site's preset about its vendor. `validate` never needs them, so the models load here."""
    from llmconf.adapters._network import network

    return network(site.preset)


def probe(site: CalledEndpoint) -> Request:
    """Return the free request that proves most: the preset's probe, else the check of a key, else the list."""
    network = facts_of(site)
    if network.key and _probes_key(network):
        return _own_key_request(site, network.key)
    return _page_request(site, network.probe or network.list[0])


def read_probe(site: CalledEndpoint, response: Response) -> Failure | None:
    """Return the failure in a successful check of a key. If the probe is the list, check it. Raises Unreadable."""
    network = facts_of(site)
    if network.key and _probes_key(network):
        return _read_key(network.key, _answers.mapping(response)).failure
    _read_page(response, network, network.probe or network.list[0])
    return None


def _probes_key(network: PresetProtocol) -> bool:
    """Tell whether the check of a key is also the probe. It is if it asks the endpoint itself."""
    return network.probe is None and network.key is not None and network.key.url is None


def check(site: CalledEndpoint) -> Request | None:
    """Return the vendor's check of a key, or the probe if that only succeeds with a valid key."""
    network = facts_of(site)
    if network.key:
        return _key_request(site, network.key)
    return None if network.public else probe(site)


def read_check(site: CalledEndpoint, response: Response) -> Check:
    """Return the vendor's facts about the key: blocked, out of money, quota, expiry. Raises Unreadable."""
    network = facts_of(site)
    if network.key:
        return _read_key(network.key, _answers.mapping(response))
    return Check(read_probe(site, response))


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Return the request for a page of the vendor's lists, one list after the other."""
    from llmconf.adapters._positions import Position

    lists = facts_of(site).list
    here = Position.of(cursor)
    return _page_request(site, lists[here.listing], here.token) if lists else None


def read_models(site: CalledEndpoint, response: Response, cursor: str | None) -> Page:
    """Read a page in any shape that a list is known to have. Raises Unreadable."""
    from llmconf.adapters._positions import Position, following

    network = facts_of(site)
    if not network.list:
        raise Unreadable("this vendor has no list of models")
    here = Position.of(cursor)
    listing = network.list[here.listing]
    page, data = _read_page(response, network, listing, here.token)
    then = following(here, network.list, data, _items(data, listing))
    extra = then is not None and network.list[Position.of(then).listing].sole
    return replace(page, next=then, listing=str(here.listing), extra=extra)


def _page_request(site: CalledEndpoint, listing: ListRequest, token: str = "") -> Request:
    query = dict(listing.query)
    if listing.paging and token:
        query[listing.paging.parameter] = token
    return _get(site, _urls.join(site.url, listing.path, query, listing.start))


def _read_page(response: Response, network: PresetProtocol, listing: ListRequest, token: str = "") -> tuple[Page, Any]:
    """Return a page without its successor, and the JSON that it was read from. `token` names a sole model."""
    from llmconf.adapters._records import identity, record

    def read(item: Mapping[str, Any]) -> ModelRecord | None:
        return record(item, token if listing.sole else identity(item, listing), listing, network.facts)

    data = response.json()
    return _answers.page(_items(data, listing), read), data


def _items(data: Any, listing: ListRequest) -> list[Any]:
    if listing.single or listing.sole:
        return [data]
    return _answers.rows(data, (listing.items,) if listing.items else _answers.LIST_PLACES)


def read_error(site: CalledEndpoint, response: Response) -> Failure:
    """Return the meaning of an error, first by the preset's rules and then by its status."""
    return _errors.failure(site, response, facts_of(site).errors)


def completion(site: CalledEndpoint, model: str) -> Request:
    """Return a chat of one word with the smallest limit for the answer that the vendor accepts."""
    network = facts_of(site)
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], network.limit: network.smallest}
    headers = {**_headers(site), "content-type": "application/json"}
    return Request(_urls.join(site.url, CHAT_PATH), "POST", headers, json.dumps(body).encode())


def read_completion(site: CalledEndpoint, response: Response, model: str) -> None:
    """Look for `{choices: [{message: {}}]}`. Raises Unreadable."""
    _answers.see_answer(response, "choices[].message")


def _headers(site: CalledEndpoint) -> dict[str, str]:
    return {"accept": "application/json", **facts_of(site).headers, **_urls.bearer(site)}


def _get(site: CalledEndpoint, url: str) -> Request:
    return Request(url, headers=_headers(site))


def _key_request(site: CalledEndpoint, key: KeyRequest) -> Request | None:
    """Return the check of a key. It only uses another host if the endpoint is the vendor's own."""
    if key.url is None:
        return _own_key_request(site, key)
    own = {urlsplit(f"//{host}").netloc for host in site.preset.hosts}
    return _get(site, key.url) if urlsplit(site.url).netloc in own else None


def _own_key_request(site: CalledEndpoint, key: KeyRequest) -> Request:
    return _get(site, _urls.join(site.url, key.path or "", None, key.start))


def _read_key(key: KeyRequest, data: Mapping[str, Any]) -> Check:
    meant = next((meaning for meaning in key.means if _applies(meaning, data)), None)
    failure = Failure(meant.verdict, f"the vendor says so at `{meant.at}`") if meant else None
    told = {name: amount for name, place in key.quota.items() if (amount := _amount(place, data))}
    return Check(failure, told, json_values.day(json_values.at(data, key.expires)) if key.expires else None)


def _applies(meaning: SuccessMeaning, data: Mapping[str, Any]) -> bool:
    value = json_values.at(data, meaning.at)
    if meaning.at_most is not None:
        number = json_values.number(value)
        return number is not None and number <= meaning.at_most
    return value is not None and value == meaning.equals and type(value) is type(meaning.equals)


def _amount(place: QuotaPath, data: Mapping[str, Any]) -> str:
    """Return one or several numbers as text, each with its unit."""
    values = _each(json_values.at(data, place.at))
    units = _each(json_values.at(data, place.unit_at)) if place.unit_at else [place.unit] * len(values)
    pairs = [(_figure(value), json_values.text(unit, 32) or "") for value, unit in zip(values, units, strict=False)]
    return ", ".join(f"{figure} {unit}".strip() for figure, unit in pairs if figure)


def _each(value: Any) -> list[Any]:
    return value[:8] if isinstance(value, list) else [value]


def _figure(value: Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    is_number = isinstance(value, Decimal) and json_values.number(value) is not None
    return format(value, "f") if is_number else json_values.text(value, 64)
