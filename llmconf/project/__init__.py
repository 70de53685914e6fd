"""From files to resolved environments: discover, parse, fragments, base layer, overlays, and relations in the result.

Its stages take values and return values. Nothing here writes.
"""

__all__ = [
    "base_layer",
    "checked",
    "discover",
    "environment",
    "fragments",
    "load",
    "locks",
    "merge",
    "model_facts",
    "parallel",
    "parse",
    "relations",
    "resolve",
    "secret_values",
]
