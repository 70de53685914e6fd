"""Builds the parameters with which LiteLLM calls one model at one endpoint: the vendor's name, the URL, the key.

LiteLLM expects a different form of `api_base` for each vendor, and takes missing parameters from the environment
(`OPENAI_API_BASE`, `OPENAI_API_KEY` and the like). So URL and key are written even if they are the default: a key
then only goes to the endpoint that it was checked against.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from llmconf import adapters
from llmconf.project.environment import Resource
from llmconf.project.model_facts import Facts
from llmconf.project.secret_values import SecretVariable, header_variable, secret_variable
from llmconf.schema.kinds import Credential, Endpoint, Model, Provider
from llmconf.schema.secret_fields import SECRET_FIELDS

NO_KEY = "none"
"""Placeholder for the key of a server that needs none. Without it LiteLLM would send a key from its environment to
that server, or refuse to call it."""

_COMPATIBLE = frozenset({"openai", "openai_compatible", "openrouter"})
_KEYLESS = frozenset({"azure", "bedrock", "vertex_ai"})
"""Without a key, these use the identity of the machine. With the placeholder, LiteLLM would try that as a key."""

_SERVED = {
    "completion": {"fireworks_ai", "hosted_vllm", "openai", "together_ai"},
    "embedding": {
        "dashscope", "databricks", "fireworks_ai", "hosted_vllm", "litellm_proxy", "lm_studio", "mistral",
        "nvidia_nim", "openai", "openrouter", "perplexity", "together_ai",
    },
    "rerank": {"dashscope", "fireworks_ai", "nvidia_nim", "together_ai"},
    "image": {"fireworks_ai", "groq", "hosted_vllm", "openai"},
    "transcription": {"fireworks_ai", "groq", "hosted_vllm", "mistral", "openai"},
    "speech": {"fireworks_ai", "groq", "hosted_vllm", "mistral", "openai"},
    "moderation": {"openai"},
}  # fmt: skip
"""Names of OpenAI-compatible vendors under which LiteLLM makes calls of a mode other than chat, as tested with its
version 1.106. Other vendors are called like any compatible server."""

_NAMES = {
    "api_key": "api_key",
    "access_key_id": "aws_access_key_id",
    "secret_access_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
    "tenant_id": "tenant_id",
    "client_id": "client_id",
    "client_secret": "client_secret",
    "service_account": "vertex_credentials",
}
_COHERE_PATHS = {"chat": "/v2/chat", "embedding": "/v2/embed"}
_VERTEX_HOST = re.compile(r"^https://([a-z0-9-]+-)?aiplatform(\.[a-z0-9-]+\.rep)?\.googleapis\.com/?$")
_BEDROCK_HOST = re.compile(r"^https://bedrock-runtime\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/?$")


class Variable(str):
    """`os.environ/NAME`, which LiteLLM replaces. A plain string that only looks like this is never written."""

    __slots__ = ()

    @classmethod
    def of(cls, variable: SecretVariable) -> Variable:
        """Return the reference to the variable that carries a secret."""
        return cls(f"os.environ/{variable.name}")


@dataclass(frozen=True, slots=True)
class LitellmCall:
    """A model at an endpoint, with the credential it is called with."""

    model: Resource[Model]
    endpoint: Resource[Endpoint]
    provider: Resource[Provider]
    credential: Resource[Credential] | None
    facts: Facts

    @property
    def mode(self) -> str:
        """The kind of call that the model answers."""
        return self.facts.mode or "chat"

    @property
    def protocol(self) -> str:
        """The protocol of the provider's type."""
        return adapters.preset(self.provider.spec.type).protocol

    @property
    def region(self) -> str | None:
        """The vendor's region of the endpoint."""
        return self.endpoint.spec.region or self.provider.spec.region


def connection(call: LitellmCall) -> dict[str, Any]:
    """Return the part of `litellm_params` with model, URL and key of a call."""
    prefix = _prefix(call)
    params: dict[str, Any] = {"model": f"{prefix}/{call.model.spec.id}"}
    params |= _ADDRESSES.get(call.protocol, _plain_address)(call, prefix)
    params |= _keys(call, prefix)
    organization = call.provider.spec.options.get("organization")
    if call.protocol == "openai" and organization:
        params["organization"] = organization
    headers = _headers(call)
    if headers:
        params["extra_headers"] = headers
    return params


def _prefix(call: LitellmCall) -> str:
    native = adapters.preset(call.provider.spec.type).consumers.get("litellm", "openai")
    if call.protocol == "ollama":
        return "ollama_chat" if call.mode == "chat" else "ollama"
    if call.protocol in _COMPATIBLE and native not in _SERVED.get(call.mode, {native}):
        return "hosted_vllm" if call.mode == "rerank" else "openai"
    return native


def _plain_address(call: LitellmCall, _prefix: str) -> dict[str, Any]:
    return {"api_base": call.endpoint.spec.url.rstrip("/")}


def _anthropic(call: LitellmCall, _prefix: str) -> dict[str, Any]:
    return {"api_base": call.endpoint.spec.url.rstrip("/").removesuffix("/v1")}


def _ollama(call: LitellmCall, _prefix: str) -> dict[str, Any]:
    url = call.endpoint.spec.url.rstrip("/")
    return {"api_base": url.removesuffix("/v1").removesuffix("/api")}


def _cohere(call: LitellmCall, _prefix: str) -> dict[str, Any]:
    # This is the whole URL of the call. For reranking, LiteLLM adds the path.
    root = re.sub(r"/v[12]$", "", call.endpoint.spec.url.rstrip("/"))
    return {"api_base": root + _COHERE_PATHS.get(call.mode, "")}


def _azure(call: LitellmCall, _prefix: str) -> dict[str, Any]:
    options = call.provider.spec.options
    url = call.endpoint.spec.url.rstrip("/")
    root = url.removesuffix("/v1").removesuffix("/openai")
    v1 = options.get("api_style") == "v1" or url.endswith("/openai/v1")
    version = options.get("api_version") or ("v1" if v1 else None)
    return {"api_base": root} | ({"api_version": version} if version else {})


def _bedrock(call: LitellmCall, _prefix: str) -> dict[str, Any]:
    url = call.endpoint.spec.url.rstrip("/")
    usual = _BEDROCK_HOST.match(url)
    region = call.region or (usual[1] if usual else None)
    params: dict[str, Any] = {"aws_region_name": region} if region else {}
    # Reranking has a host of its own, which LiteLLM derives from the region.
    if not (usual and (usual[1] == region or call.mode == "rerank")):
        params["aws_bedrock_runtime_endpoint"] = url
    return params


def _vertex(call: LitellmCall, _prefix: str) -> dict[str, Any]:
    options = call.provider.spec.options
    location = options.get("location") or call.region
    params = {"vertex_project": options.get("project"), "vertex_location": location}
    # For a host of Google, LiteLLM builds host and path from the location.
    if not _VERTEX_HOST.match(call.endpoint.spec.url):
        params["api_base"] = call.endpoint.spec.url.rstrip("/")
    return {key: value for key, value in params.items() if value}


_ADDRESSES = {
    "anthropic": _anthropic,
    "azure_openai": _azure,
    "bedrock": _bedrock,
    "cohere": _cohere,
    "ollama": _ollama,
    "vertex": _vertex,
}


def _keys(call: LitellmCall, prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if call.credential is not None:
        for field, name in _NAMES.items():
            value = getattr(call.credential.spec, field)
            if value is None or (prefix == "vertex_ai" and field == "api_key"):
                continue
            variable = secret_variable(call.credential, field) if field in SECRET_FIELDS else None
            found[name] = Variable.of(variable) if variable else value
    if not found and prefix not in _KEYLESS:
        found["api_key"] = NO_KEY
    return found


def _headers(call: LitellmCall) -> dict[str, str]:
    """Return the headers of provider and endpoint. If two differ only in case, the endpoint's header wins."""
    headers: dict[str, tuple[str, str]] = {}
    project = call.provider.spec.options.get("project")
    if call.protocol == "openai" and project:
        headers["openai-project"] = ("OpenAI-Project", project)
    for resource in (call.provider, call.endpoint):
        for name, value in resource.spec.headers.items():
            variable = header_variable(resource, name)
            headers[name.lower()] = (name, Variable.of(variable) if variable else value)
    return dict(headers.values())
