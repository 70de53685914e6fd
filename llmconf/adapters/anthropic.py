"""The Anthropic API: the key in `x-api-key`, the API version in a header, paths below `/v1`."""

from __future__ import annotations

from llmconf.adapters import _base
from llmconf.adapters._base import CredentialForm

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)


class Options(_base.Options):
    """Nothing beyond the URL and the key: beta features are chosen with `headers`."""
