"""What most vendors and servers copy from OpenAI: a bearer token, `/models`, `/chat/completions`."""

from __future__ import annotations

from llmconf.adapters import _base
from llmconf.adapters._base import CredentialForm

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)


class Options(_base.Options):
    """Nothing beyond the URL and the key: the rest goes into `headers`."""
