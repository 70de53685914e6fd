"""The six kinds of resources that a repository declares, field by field.

Attribute docstrings are the descriptions, which the JSON Schemas show in editors. A model here is complete: its
required fields are required. A document may be partial (an overlay, or a flat credential whose provider names the
type). It is validated with the same model, and its missing fields are not reported before the environment has been
resolved.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from llmconf.core.grammar import MODEL_ID_CHARACTER
from llmconf.core.unique import Unique
from llmconf.schema.annotations import Hint
from llmconf.schema.parts import Budget, Lifecycle, Limits, Price, Sync, Tls
from llmconf.schema.secret_fields import SECRET_FIELDS
from llmconf.schema.types import (
    Capability,
    Count,
    Date,
    Duration,
    Host,
    Labels,
    Mode,
    ModelId,
    Name,
    Secret,
    Strategy,
    Strict,
    Text,
    Url,
    Weight,
)

ProviderReference = Name
ModelReference = Annotated[
    str,
    StringConstraints(pattern=rf"^[a-z0-9][a-z0-9._-]{{0,62}}/{MODEL_ID_CHARACTER}{{1,256}}$"),
    Hint("written as `provider/id`"),
]
Use = Annotated[
    str,
    StringConstraints(pattern=rf"^(route|provider|model)/{MODEL_ID_CHARACTER}{{1,320}}$"),
    Hint("written as `route/NAME`, `model/PROVIDER/ID` or `provider/NAME`", kinds=("route", "model", "provider")),
]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,4096}$")]


class Common(Strict):
    """The fields that every resource may have."""

    enabled: bool = True
    """Whether the resource is in use. Bundles leave out disabled resources."""
    description: Text | None = None
    """A description for people."""
    labels: Labels = Field(default_factory=dict)
    """Free labels to filter by, such as `owner: ai-platform`."""
    extra: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Settings for only one target, by the name of the target."""


class NetworkSettings(Strict):
    """How requests are made. An endpoint's own value overrides its provider's."""

    timeout: Duration | None = None
    """How long one request may take, such as `60s`."""
    retries: Annotated[int, Field(ge=0, le=100)] | None = None
    """How often a failed request is tried again."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Headers to send with each request. A value may be a token or a reference."""
    proxy: Url | None = None
    """URL of the proxy to use."""
    region: Text | None = None
    """The vendor's region, such as `eu-west-1`."""
    limits: Limits | None = None
    """Rate limits of the account or endpoint."""


class Endpoint(Common, NetworkSettings):
    """A base URL of a provider."""

    name: Name
    """Name of the endpoint, unique in its provider."""
    url: Url
    """Base URL without the path of a call, such as `https://api.openai.com/v1`."""
    default: bool = False
    """Whether this endpoint is used if a model names none. A sole endpoint is the default."""
    weight: Weight | None = None
    """Share of the traffic among the endpoints of this provider."""
    tls: Tls | None = None
    """Certificates for this endpoint."""
    credential: Name | None = None
    """Credential to call the endpoint with. If it is missing, the credential whose hosts match is used."""


class Credential(Common):
    """The secret fields with which a provider is called."""

    name: Name
    """Name of the credential, unique in its provider."""
    hosts: Unique[Host] | None = None
    """Origins that the secrets may be sent to. Types with fixed hosts have a default."""
    expires: Date | None = None
    """Day on which the credential expires, as the vendor states it."""
    api_key: Secret | None = None
    """API key or bearer token."""
    access_key_id: Secret | None = None
    """AWS access key id."""
    secret_access_key: Secret | None = None
    """AWS secret access key."""
    session_token: Secret | None = None
    """AWS session token."""
    tenant_id: Text | None = None
    """Directory (tenant) id in Microsoft Entra. Not a secret."""
    client_id: Text | None = None
    """Application (client) id in Microsoft Entra. Not a secret."""
    client_secret: Secret | None = None
    """Client secret in Microsoft Entra."""
    service_account: Secret | None = None
    """Google service account key, as JSON."""


CREDENTIAL_FIELDS = (*SECRET_FIELDS, "tenant_id", "client_id")
"""Fields of a credential that authenticate, secret or not."""


class Model(Common):
    """A model that a provider serves."""

    id: ModelId
    """The model name that is sent to the API: a model id, or a deployment name on Azure."""
    base: ModelId | None = None
    """Model that supplies the price, limits and capabilities that this one does not state: an id, or `provider/id`."""
    mode: Mode | None = None
    """The kind of call that the model answers. If it is missing, the mode of `base` is used, or `chat`."""
    capabilities: Unique[Capability] | None = None
    """What the model can do."""
    context: Count | None = None
    """Maximum number of tokens of input and context."""
    max_output: Count | None = None
    """Maximum number of tokens of output."""
    price: Price | None = None
    """Prices in USD per million tokens."""
    endpoints: Unique[Name] | None = None
    """Endpoints of the provider that serve the model. If they are missing, the default endpoint is used."""
    aliases: Unique[ModelId] | None = None
    """Other ids under which the provider serves the same model."""
    limits: Limits | None = None
    """Rate limits of this model."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Default parameters of a call, such as `temperature`."""
    lifecycle: Lifecycle | None = None
    """Deprecation and retirement of the model."""


class Provider(Common, NetworkSettings):
    """An account at a vendor, or a self-hosted server."""

    name: Name
    """Name of the provider, unique in the project."""
    type: Name
    """The vendor or server: the name of an adapter or of one of its presets."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Settings of the type, such as `organization`."""
    sync: Sync | None = None
    """The models that a sync writes to the lock."""


class Target(Strict):
    """One model that a route leads to."""

    model: ModelReference
    """The model, as `provider/id`."""
    weight: Weight | None = None
    """Share of the traffic, for the strategy `weighted`."""
    endpoint: Name | None = None
    """Endpoint of the provider to use instead of those of the model."""


class Route(Common):
    """A public name that resolves to one or more models."""

    name: Name
    """Name that applications ask for."""
    strategy: Strategy = "priority"
    """How a target is chosen: in order, by weight, in turn, or by the lowest price."""
    requires: Unique[Capability] | None = None
    """Capabilities that every target must have."""
    targets: list[Target]
    """The models, in order of preference."""
    fallbacks: Unique[Name] | None = None
    """Routes to try when all targets fail."""
    aliases: Unique[ModelId] | None = None
    """Other names for the same route."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Default parameters of a call, such as `temperature`."""
    timeout: Duration | None = None
    """How long one call may take."""
    retries: Annotated[int, Field(ge=0, le=100)] | None = None
    """How often a failed call is tried again."""


class Team(Common):
    """A team with the routes, models and providers that it uses, and its budget."""

    name: Name
    """Name of the team."""
    uses: Unique[Use]
    """What the team may call: `route/NAME`, `model/PROVIDER/ID` or `provider/NAME`."""
    credentials: Unique[ModelReference] | None = None
    """The team's own credentials, as `provider/name`."""
    budget: Budget | None = None
    """How much the team may spend."""


class EndpointDocument(Endpoint):
    """An endpoint in a document of its own."""

    provider: ProviderReference
    """Name of the provider it belongs to."""


class CredentialDocument(Credential):
    """A credential in a document of its own."""

    provider: ProviderReference
    """Name of the provider it belongs to."""


class ModelDocument(Model):
    """A model in a document of its own."""

    provider: ProviderReference
    """Name of the provider that serves it."""


class ProviderDocument(Provider):
    """A provider with the resources inside its document."""

    endpoints: list[Endpoint] | None = None
    """Base URLs of the provider."""
    credentials: list[Credential] | None = None
    """Credentials of the provider."""
    models: list[Model] | None = None
    """Models declared by hand."""


DOCUMENTS: dict[str, type[Common]] = {
    "Provider": ProviderDocument,
    "Endpoint": EndpointDocument,
    "Credential": CredentialDocument,
    "Model": ModelDocument,
    "Route": Route,
    "Team": Team,
}
"""The model of a whole document, by `kind` (which the model leaves out)."""

RESOURCES: dict[str, type[Common]] = {
    "Provider": Provider,
    "Endpoint": Endpoint,
    "Credential": Credential,
    "Model": Model,
    "Route": Route,
    "Team": Team,
}
"""The model of one flat resource, by kind."""

NESTED = {"endpoints": "Endpoint", "credentials": "Credential", "models": "Model"}
"""Keys of a provider document that hold resources of their own, with their kind."""
