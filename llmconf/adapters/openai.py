"""OpenAI itself: the compatible protocol, with the account's organization and project."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from llmconf.adapters import _base, openai_compatible
from llmconf.adapters._base import CalledEndpoint, Request

CREDENTIAL_FORMS = openai_compatible.CREDENTIAL_FORMS

exchange = openai_compatible.exchange
read_exchange = openai_compatible.read_exchange
read_probe = openai_compatible.read_probe
read_check = openai_compatible.read_check
read_models = openai_compatible.read_models
read_error = openai_compatible.read_error
read_completion = openai_compatible.read_completion


class Options(_base.Options):
    """The organization and project of a call, if a key is valid for more than one."""

    organization: str | None = Field(default=None, min_length=1)
    """Organization id, sent as `OpenAI-Organization`, such as `org-123`."""
    project: str | None = Field(default=None, min_length=1)
    """Project id, sent as `OpenAI-Project`, such as `proj_123`."""


def probe(site: CalledEndpoint) -> Request:
    """Return the request for the model list."""
    return _counted(site, openai_compatible.probe(site))


def check(site: CalledEndpoint) -> Request | None:
    """Return the request for the model list, which only succeeds with a valid key (S)."""
    return probe(site)


def models(site: CalledEndpoint, cursor: str | None) -> Request | None:
    """Return the request for the model list, which has one page (S)."""
    request = openai_compatible.models(site, cursor)
    return _counted(site, request) if request else None


def completion(site: CalledEndpoint, model: str) -> Request:
    """Return a chat of one word with a short answer."""
    return _counted(site, openai_compatible.completion(site, model))


def _counted(site: CalledEndpoint, request: Request) -> Request:
    """Add the headers for organization and project to a request, as the vendor's SDK does (S)."""
    said = {"openai-organization": site.options.organization, "openai-project": site.options.project}
    return replace(request, headers={**request.headers, **{name: value for name, value in said.items() if value}})
