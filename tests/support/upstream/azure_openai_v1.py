"""Azure OpenAI, v1 (D; the list K): the compatible surface below `/openai/v1`, without a version in the URL."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlsplit

from llmconf.adapters._base import ModelRecord
from upstream import azure_openai
from upstream.azure_openai import DEPLOYMENTS, ERRORS, KEY, error
from upstream.vendor import Answer, Seen, State

NAMES = ["gpt-9-2026-02-01", "embed-9"]


def answer(seen: Seen, state: State) -> Answer:
    if seen.headers.get("api-key") != KEY:
        return ERRORS["invalid"]
    if state in ERRORS:
        return ERRORS[state]
    url = urlsplit(seen.path)
    if url.query:
        return error(400, "BadRequest", "API version not supported")
    if (seen.method, url.path) == ("GET", "/openai/v1/models"):
        data = [{"id": name, "object": "model", "created": 1770000000, "owned_by": "azure"} for name in NAMES]
        return Answer(body={"object": "list", "data": data})
    called = json.loads(seen.body)["model"] if seen.body else None
    if (seen.method, url.path) == ("POST", "/openai/v1/chat/completions") and called in DEPLOYMENTS:
        return Answer(body={"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]})
    return error(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")


VENDOR = replace(
    azure_openai.VENDOR,
    answer=answer,
    base="/openai/v1",
    options={"api_style": "v1"},
    models=tuple(ModelRecord(name, callable=False) for name in NAMES),
)
