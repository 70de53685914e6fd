"""The ids under which a catalog may know a model. The id of another model is never among them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LISTED_BELOW = re.compile(r"^(?:publishers/[^/]+/)?models/")
"""How Google lists its models; catalogs have the bare id. Evidence S."""
_SNAPSHOT = re.compile(r"[-@](?:20[0-9]{2}-[01][0-9]-[0-3][0-9]|20[0-9]{2}[01][0-9][0-3][0-9])$")
_REGION = re.compile(r"^(?:us-gov|us|eu|apac|jp|au|ca|in|global)\.(?=[a-z0-9]+\.)")
"""The prefixes of Bedrock for the id of a model that is served from several regions. Evidence S."""


def candidates(provider_type: str, model_id: str) -> Iterator[tuple[str, bool]]:
    """Yield the ids to look up, nearest first, and whether the price under each id is valid for the model.

    If a catalog does not know a dated snapshot, the facts of the id without the date apply. For a fine-tuned model of
    OpenAI, the facts of its base model apply. For a regional id of Bedrock, only limits and capabilities of the model
    apply, because regions have prices of their own.
    """
    seen = set()
    for name, holds in _names(provider_type, model_id):
        for known in (name, _SNAPSHOT.sub("", name)):
            if known and known not in seen:
                seen.add(known)
                yield known, holds


def _names(provider_type: str, model_id: str) -> Iterator[tuple[str, bool]]:
    name = _LISTED_BELOW.sub("", model_id)
    yield model_id, True
    yield name, True
    if name.startswith("ft:"):
        yield ":".join(name.split(":")[:2]), True
    if provider_type == "bedrock":
        yield _REGION.sub("", name), False
