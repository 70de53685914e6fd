"""What stands inside the kinds: limits, certificates, prices, lifecycle, budget."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from llmconf.core.unique import Unique
from llmconf.schema.types import Amount, Count, Date, ModelId, Money, Secret, Strict, Text


class Limits(Strict):
    """How much may be sent per minute and at a time."""

    rpm: Count | None = None
    """Requests per minute."""
    tpm: Count | None = None
    """Tokens per minute."""
    parallel: Count | None = None
    """Requests under way at once."""


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
    """Prices from a number of input tokens on, in USD per million tokens."""

    above: Count
    """Number of input tokens above which this tier holds."""
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
    """Where a model is in its life, as its provider states it."""

    status: Literal["active", "deprecated", "retired", "removed"] | None = None
    """`deprecated` still answers and will end; `retired` answers no more; `removed` is no longer listed."""
    deprecated: Date | None = None
    """Day from which the model is deprecated."""
    retires: Date | None = None
    """Day from which the model answers no more."""
    replacement: ModelId | None = None
    """Id of the model that the provider names as successor."""


Patterns = Annotated[Unique[Text], Field(max_length=200)]
"""Patterns of a filter: each is looked for in each of many thousand ids."""


class Sync(Strict):
    """Which of the provider's models are locked; patterns with `*` and `?`."""

    include: Patterns | None = None
    """Ids to take. Without it, all."""
    exclude: Patterns | None = None
    """Ids to leave out."""


class Budget(Strict):
    """How much a team may spend."""

    amount: Amount
    """Amount of money, as a decimal string."""
    currency: Literal["USD"] = "USD"
    """Currency; prices are in USD, so budgets are too."""
    per: Literal["day", "week", "month", "year"]
    """Period after which the budget starts anew."""
