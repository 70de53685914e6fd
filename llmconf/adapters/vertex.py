"""Google Vertex AI: models of a project at a location, with a service account or an express-mode key."""

from __future__ import annotations

from pydantic import Field

from llmconf.adapters import _base
from llmconf.adapters._base import CredentialForm

CREDENTIAL_FORMS = (
    CredentialForm(frozenset({"service_account"})),
    CredentialForm(frozenset({"api_key"})),
)


class Options(_base.Options):
    """Where the models run and who pays."""

    project: str | None = Field(default=None, min_length=1)
    """Google Cloud project id. Without it, that of the service account."""
    location: str | None = Field(default=None, min_length=1)
    """Location, such as `europe-west4` or `global`. Without it, the `region` of the endpoint."""
