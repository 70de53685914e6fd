"""OpenRouter: the compatible protocol, with a public model list and a request that describes the key."""

from __future__ import annotations

from llmconf.adapters import _base, openai_compatible

CREDENTIAL_FORMS = openai_compatible.CREDENTIAL_FORMS

exchange = openai_compatible.exchange
read_exchange = openai_compatible.read_exchange
probe = openai_compatible.probe
read_probe = openai_compatible.read_probe
check = openai_compatible.check
read_check = openai_compatible.read_check
models = openai_compatible.models
read_models = openai_compatible.read_models
read_error = openai_compatible.read_error
completion = openai_compatible.completion
read_completion = openai_compatible.read_completion


class Options(_base.Options):
    """Nothing beyond the URL and the key: attribution goes into `headers`."""
