"""Renders the reference page of the provider types from the presets and the adapters."""

from __future__ import annotations

from collections.abc import Iterable

from llmconf import adapters
from llmconf.adapters._base import Adapter, CredentialForm, Preset
from llmconf.core.plugins import load_module

_INTRODUCTION = """\
# Provider types

Generated from `llmconf/adapters`; do not edit by hand.

The `type` of a provider says which vendor or server it is. A credential without `hosts` may be sent
to the hosts of its type; where none are listed, each credential names its own. A type without a URL
has one per account or server. A type that LiteLLM does not name is called there as `openai`, with
its URL as `api_base`.
"""

_LEGEND = """\
## How sure the facts are

Comments in `llmconf/adapters/presets/*.yaml` mark what was not read in a vendor's own SDK,
documentation or source: `Evidence T` was taken from a survey by others, `Evidence K` is general
knowledge. Neither has been checked, and neither is relied on by a fixed URL or host.
"""


def provider_types_markdown() -> str:
    """Return the page `docs/provider-types.md`: all types, then the fields of each protocol."""
    presets = [adapters.preset(name) for name in adapters.types()]
    protocols = sorted({preset.protocol for preset in presets})
    parts = [_INTRODUCTION, "## Types\n", *_type_table(presets), "", "## Protocols\n"]
    for protocol in protocols:
        parts += _protocol_section(protocol)
    return "\n".join([*parts, _LEGEND])


def _type_table(presets: Iterable[Preset]) -> list[str]:
    head = ("type", "vendor or server", "protocol", "URL", "credential", "hosts", "LiteLLM")
    rows = [
        (
            _code(preset.type),
            f"[{preset.title}]({preset.docs})",
            _code(preset.protocol),
            _urls(preset),
            preset.credential,
            _codes(preset.hosts),
            _codes([preset.consumers[name] for name in ("litellm",) if name in preset.consumers]),
        )
        for preset in presets
    ]
    return _table(head, rows)


def _protocol_section(protocol: str) -> list[str]:
    module: Adapter = load_module(adapters.__name__, protocol)
    forms = " or ".join(_form(form) for form in module.CREDENTIAL_FORMS)
    lines = [f"### {protocol}\n", f"A credential has {forms}.\n"]
    options = module.Options.model_fields
    if options:
        rows = [(_code(name), field.description or "") for name, field in options.items()]
        lines += [*_table(("option", "meaning"), rows), ""]
    return lines


def _form(form: CredentialForm) -> str:
    needed = " + ".join(_code(name) for name in sorted(form.required))
    may = ", ".join(_code(name) for name in sorted(form.optional))
    return f"{needed} (optionally {may})" if may else needed


def _urls(preset: Preset) -> str:
    regions = [f"{name}: {_code(url)}" for name, url in sorted(preset.regions.items()) if url != preset.url]
    return "<br>".join([_code(preset.url)] * bool(preset.url) + regions)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]


def _codes(texts: Iterable[str]) -> str:
    return "<br>".join(_code(text) for text in texts)


def _code(text: str | None) -> str:
    return f"`{text}`"
