"""What all other packages use: errors, diagnostics, and the grammar of single values.

It knows no YAML, no file and no kind of resource. All of its modules are public.
"""

__all__ = [
    "characters",
    "diagnostics",
    "errors",
    "grammar",
    "json_values",
    "key_formats",
    "nulls",
    "origins",
    "plugins",
    "suggest",
    "tokens",
    "unique",
    "version",
]
