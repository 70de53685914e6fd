"""The provider types: every preset is complete and agrees with its protocol."""

from __future__ import annotations

import re
from dataclasses import MISSING
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import ValidationError

from llmconf import adapters
from llmconf.adapters._base import Adapter, Options, Preset
from llmconf.adapters._reference import provider_types_markdown
from llmconf.core import grammar, origins, plugins
from llmconf.schema.kinds import CREDENTIAL_FIELDS
from llmconf.yamltext import load as yaml_load

PRESETS = sorted((Path(adapters.__file__).parent / "presets").iterdir())
PROTOCOLS = plugins.module_names(adapters.__name__)
WITH_PROTOCOL_OF_THEIR_OWN = {
    "openai", "anthropic", "azure_openai", "gemini", "vertex", "bedrock", "ollama", "openrouter", "cohere"
}  # fmt: skip
NAMED_TYPES = WITH_PROTOCOL_OF_THEIR_OWN | {
    "openai_compatible", "gemini_openai", "vllm", "deepseek", "moonshot", "groq", "together", "xai",
    "cerebras", "fireworks", "nvidia", "dashscope", "qianfan", "zhipu", "mistral", "perplexity",
    "huggingface", "github", "databricks", "cloudflare", "sglang", "tgi", "llama_cpp", "lm_studio", "litellm",
}  # fmt: skip


def module_of(protocol: str) -> Adapter:
    return cast(Adapter, plugins.load_module(adapters.__name__, protocol))


def urls_of(preset: Preset) -> list[str]:
    return [*([preset.url] if preset.url else []), *preset.regions.values()]


def is_fixed(url: str) -> bool:
    return not origins.parse_url(url).is_local


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_a_preset_has_all_needed_keys_and_no_unknown_one(file: Path) -> None:
    data = yaml_load.load_trusted(file)
    known = {field.name: field for field in dataclass_fields(Preset) if field.name != "type"}
    needed = {
        name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING
    }
    assert file.suffix == ".yaml"
    assert re.match(grammar.NAME_PATTERN, file.stem)
    assert needed <= data.keys() <= known.keys()


@pytest.mark.parametrize("name", adapters.types())
def test_a_preset_is_well_formed(name: str) -> None:
    preset = adapters.preset(name)
    assert preset.type == name
    assert preset.protocol in PROTOCOLS
    assert preset.credential in ("required", "optional", "none")
    assert isinstance(preset.title, str)
    assert preset.title
    assert preset.docs.startswith("https://")
    assert origins.parse_url(preset.docs)
    assert all(re.match(r"^[a-z0-9-]+$", region) for region in preset.regions)


@pytest.mark.parametrize("name", adapters.types())
def test_urls_are_clean_base_urls(name: str) -> None:
    for url in urls_of(adapters.preset(name)):
        origin = origins.parse_url(url)
        assert url == f"{origin.scheme}://{url.partition('://')[2]}"
        assert not url.endswith("/")
        assert "{" not in url
        assert origins.url_secrets(url) is None
        assert origin.scheme == "https" or origin.is_local


@pytest.mark.parametrize("name", adapters.types())
def test_hosts_cover_the_default_url_and_every_region(name: str) -> None:
    preset = adapters.preset(name)
    bound = [origins.parse_host(host) for host in preset.hosts]
    assert list(preset.hosts) == sorted({str(origin) for origin in bound}), "normal form, sorted, unique"
    for url in urls_of(preset) if bound else ():
        assert any(origin.covers(origins.parse_url(url)) for origin in bound), url


@pytest.mark.parametrize("name", adapters.types())
def test_a_public_default_url_has_hosts_and_a_local_one_has_none(name: str) -> None:
    preset = adapters.preset(name)
    if preset.url is None:
        return
    assert bool(preset.hosts) == is_fixed(preset.url)
    if not is_fixed(preset.url):
        assert preset.credential != "required", "a server on loopback may run without a key"


@pytest.mark.parametrize("name", adapters.types())
def test_regions_lead_to_different_urls(name: str) -> None:
    preset = adapters.preset(name)
    assert len(set(preset.regions.values())) == len(preset.regions)


@pytest.mark.parametrize("name", adapters.types())
def test_consumers_have_a_name_for_the_type_or_are_left_out(name: str) -> None:
    for consumer, called in adapters.preset(name).consumers.items():
        assert re.match(r"^[a-z][a-z0-9_]*$", consumer)
        assert isinstance(called, str)
        assert re.match(r"^[a-z][a-z0-9_-]*$", called)


def test_every_type_that_is_documented_exists() -> None:
    assert set(adapters.types()) >= NAMED_TYPES
    assert set(PROTOCOLS) >= WITH_PROTOCOL_OF_THEIR_OWN


def test_an_unknown_type_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        adapters.preset("opnai")
    with pytest.raises(KeyError):
        adapters.adapter("../presets/openai")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_is_used_by_a_preset(protocol: str) -> None:
    assert any(adapters.preset(name).protocol == protocol for name in adapters.types())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_credential_forms_name_fields_that_credentials_have(protocol: str) -> None:
    forms = module_of(protocol).CREDENTIAL_FORMS
    assert forms
    for form in forms:
        assert form.required
        assert form.fields <= set(CREDENTIAL_FIELDS)
        assert not form.required & form.optional
    for form in forms:
        others = [other for other in forms if other is not form]
        assert not any(form.required <= other.fields for other in others), "forms can be told apart"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_options_are_strict_documented_and_all_optional(protocol: str) -> None:
    options = module_of(protocol).Options
    assert issubclass(options, Options)
    options.model_validate({})
    with pytest.raises(ValidationError, match="extra_forbidden"):
        options.model_validate({"no_such_option": "x"})
    for field in options.model_fields.values():
        assert field.description
    assert options.__doc__


@pytest.mark.parametrize(
    ("protocol", "good"),
    [
        ("openai", {"organization": "org-123", "project": "proj_123"}),
        ("azure_openai", {"api_version": "2024-10-21"}),
        ("azure_openai", {"api_version": "2024-12-01-preview", "api_style": "classic"}),
        ("azure_openai", {"api_style": "v1", "api_version": "preview"}),
        ("vertex", {"project": "acme", "location": "europe-west4"}),
    ],
)
def test_options_are_taken(protocol: str, good: dict[str, Any]) -> None:
    options = module_of(protocol).Options.model_validate(good)
    assert options.model_dump(exclude_unset=True) == good


@pytest.mark.parametrize(
    ("protocol", "bad"),
    [
        ("openai", {"organization": ""}),
        ("openai", {"organization": 123}),
        ("openai_compatible", {"organization": "org-123"}),
        ("azure_openai", {"api_version": "2024-10"}),
        ("azure_openai", {"api_style": "v2"}),
        ("vertex", {"project": ["acme"]}),
        ("bedrock", {"region": "eu-west-1"}),
    ],
)
def test_options_are_refused(protocol: str, bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        module_of(protocol).Options.model_validate(bad)


def test_the_reference_names_every_type_option_and_host() -> None:
    page = provider_types_markdown()
    for name in adapters.types():
        preset = adapters.preset(name)
        assert f"| `{name}` | [{preset.title}]({preset.docs}) |" in page
        assert all(f"`{host}`" in page for host in (*preset.hosts, *urls_of(preset)))
    for protocol in PROTOCOLS:
        assert f"### {protocol}\n" in page
        assert all(f"| `{name}` |" in page for name in module_of(protocol).Options.model_fields)
    assert page.endswith("\n")
    assert not page.endswith("\n\n")
