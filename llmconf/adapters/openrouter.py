"""OpenRouter: the compatible protocol, with a public model list and a request that describes the key."""

from __future__ import annotations

from llmconf.adapters import _base, openai_compatible

CREDENTIAL_FORMS = openai_compatible.CREDENTIAL_FORMS


class Options(_base.Options):
    """Nothing beyond the URL and the key: attribution goes into `headers`."""
