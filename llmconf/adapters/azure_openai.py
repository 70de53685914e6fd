"""Azure OpenAI: models are called by deployment name, with an API key or an Entra application."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from llmconf.adapters import _base
from llmconf.adapters._base import CredentialForm

CREDENTIAL_FORMS = (
    CredentialForm(frozenset({"api_key"})),
    CredentialForm(frozenset({"tenant_id", "client_id", "client_secret"})),
)


class Options(_base.Options):
    """Which of the two surfaces of a resource is called."""

    api_style: Literal["classic", "v1"] = "classic"
    """`classic` names deployment and version in each call; `v1` is the surface below `/openai/v1`."""
    api_version: str | None = Field(
        default=None, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?|v1|preview|latest)$"
    )
    """API version, such as `2024-10-21`. The style `v1` needs none."""
