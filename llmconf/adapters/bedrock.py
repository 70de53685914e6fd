"""AWS Bedrock: requests signed with AWS keys, or a Bedrock API key as bearer token."""

from __future__ import annotations

from llmconf.adapters import _base
from llmconf.adapters._base import CredentialForm

CREDENTIAL_FORMS = (
    CredentialForm(frozenset({"api_key"})),
    CredentialForm(frozenset({"access_key_id", "secret_access_key"}), frozenset({"session_token"})),
)


class Options(_base.Options):
    """Nothing of its own: the AWS region is the `region` of the endpoint or provider."""
