"""OpenAI itself: the compatible protocol, with the account's organization and project."""

from __future__ import annotations

from pydantic import Field

from llmconf.adapters import _base, openai_compatible

CREDENTIAL_FORMS = openai_compatible.CREDENTIAL_FORMS


class Options(_base.Options):
    """Who a call is counted for, where a key reaches more than one organization or project."""

    organization: str | None = Field(default=None, min_length=1)
    """Organization id, sent as `OpenAI-Organization`, such as `org-123`."""
    project: str | None = Field(default=None, min_length=1)
    """Project id, sent as `OpenAI-Project`, such as `proj_123`."""
