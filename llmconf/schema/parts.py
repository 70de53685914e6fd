"""The parts of the kinds: limits, certificates, prices, lifecycle, budget."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from llmconf.core.unique import Unique
from llmconf.schema.types import Amount, Count, Date, ModelId, Money, Secret, Strict, Text


class Limits(Strict):
    """How much may be sent per minute and at the same time."""

    rpm: Count | None = None
    """Requests per minute."""
    tpm: Count | None = None
    """Tokens per minute."""
    parallel: Count | None = None
    """Requests that may run at the same time."""


class Tls(Strict):
    """Certificates for an endpoint that the system's trust store does not cover."""

    ca: Text | None = None
    """Path of a PEM file with the certificate authorities to trust."""
    client_cert: Text | None = None
    """Path of a PEM file with the client certificate."""
    client_key: Secret | None = None
    """The client certificate's private key: a token or a reference such as `file:certs/client.key`."""


class BatchPrice(Strict):
    """Prices of a batch call, in USD per million tokens."""

    input: Money | None = None
    """Input tokens."""
    output: Money | None = None
    """Output tokens."""


class PriceTier(Strict):
    """Prices above a number of input tokens, in USD per million tokens."""

    above: Count
    """Number of input tokens above which these prices apply."""
    input: Money | None = None
    """Input tokens."""
    output: Money | None = None
    """Output tokens."""
    cache_read: Money | None = None
    """Input tokens read from the cache."""
    cache_write: Money | None = None
    """Input tokens written to the cache."""


class Price(Strict):
    """Prices in USD per million tokens, as decimal strings."""

    input: Money | None = None
    """Input tokens, such as "1.25"."""
    output: Money | None = None
    """Output tokens, such as "10"."""
    cache_read: Money | None = None
    """Input tokens read from the cache."""
    cache_write: Money | None = None
    """Input tokens written to the cache."""
    batch: BatchPrice | None = None
    """Prices of batch calls."""
    tiers: list[PriceTier] | None = None
    """Other prices for long inputs."""


class Lifecycle(Strict):
    """The deprecation and retirement of a model, as its provider states it."""

    status: Literal["active", "deprecated", "retired", "removed"] | None = None
    """`deprecated`: still answers, but will end. `retired`: no longer answers. `removed`: no longer listed."""
    deprecated: Date | None = None
    """First day on which the model is deprecated."""
    retires: Date | None = None
    """First day on which the model no longer answers."""
    replacement: ModelId | None = None
    """Id of the model that the provider names as its successor."""


Patterns = Annotated[Unique[Text], Field(max_length=200)]
"""The most patterns of a filter, because each is compared with many thousands of ids."""


class Sync(Strict):
    """A filter for the provider's models that are locked, as patterns with `*` and `?`."""

    include: Patterns | None = None
    """Ids to include. If they are missing, all ids are included."""
    exclude: Patterns | None = None
    """Ids to exclude."""


class Budget(Strict):
    """How much a team may spend."""

    amount: Amount
    """Amount of money, as a decimal string."""
    currency: Literal["USD"] = "USD"
    """Currency. Prices are in USD, so budgets are too."""
    per: Literal["day", "week", "month", "year"]
    """Period after which the budget starts again."""
