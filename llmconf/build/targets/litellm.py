"""The configuration file of the LiteLLM proxy: a deployment for each model that a route leads to."""

from __future__ import annotations

from llmconf.build.targets._base import Emitted
from llmconf.build.targets._litellm_settings import Options
from llmconf.project.environment import Resolved

__all__ = ["Options", "emit"]


def emit(env: Resolved, options: Options) -> Emitted:
    """Return `config.yaml` for the proxy."""
    # A check needs the options alone; what writes is imported by builds.
    from llmconf.build.targets._litellm_write import write

    return write(env, options)
