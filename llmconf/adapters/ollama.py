"""Ollama's own API below `/api`, which lists models with their details; a key only in its cloud."""

from __future__ import annotations

from llmconf.adapters import _base
from llmconf.adapters._base import CredentialForm

CREDENTIAL_FORMS = (CredentialForm(frozenset({"api_key"})),)


class Options(_base.Options):
    """Nothing beyond the URL: what a model is run with goes into its `parameters`."""
