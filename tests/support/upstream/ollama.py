"""Ollama on one's own machine (S): no key, a list by `/api/tags`, details by `/api/show`."""

from __future__ import annotations

import json
from typing import Any

from llmconf.adapters._base import ModelRecord
from upstream.vendor import Answer, Seen, State, Vendor

KEY = "fake-ollama-key-0001"
"""Ignored, unless something stands in front of the server."""
SHOWN: dict[str, dict[str, Any]] = {
    "llama9:8b": {
        "capabilities": ["completion", "tools", "insert"],
        "model_info": {"general.architecture": "llama", "llama.context_length": 131072, "llama.block_count": 32},
        "parameters": 'stop                           "<|eot|>"\nnum_ctx                        8192',
    },
    "qwen9-vl:latest": {
        "capabilities": ["completion", "vision", "thinking", "tools"],
        "model_info": {
            "general.architecture": "qwen9vl", "qwen9vl.vision.context_length": 77, "qwen9vl.context_length": 262144
        },
    },
    "nomic-embed-text:latest": {
        "capabilities": ["embedding"],
        "model_info": {"general.architecture": "nomic-bert", "nomic-bert.context_length": 2048},
    },
    "from-before:latest": {"model_info": None, "details": {"family": "llama"}},
    "gemma9:4b": {
        "capabilities": ["completion"],
        "model_info": {"general.architecture": "gemma9", "gemma9.context_length": 131072},
    },
    "glm-9:cloud": {
        "capabilities": ["completion"], "remote_model": "glm-9", "remote_host": "https://ollama.com:443",
        "model_info": {"general.architecture": "glm9", "glm9.context_length": 202752},
    },
}  # fmt: skip


def _tag(name: str) -> dict[str, Any]:
    return {
        "name": name, "model": name, "modified_at": "2026-11-01T10:00:00.123456789+01:00", "size": 4920753328,
        "digest": "0" * 64, "details": {"family": "llama", "parameter_size": "8B", "quantization_level": "Q4_K_M"},
    }  # fmt: skip


def answer(seen: Seen, state: State) -> Answer:
    if state == "overloaded":
        return Answer(503, {"error": "server busy, please try again. maximum pending requests exceeded"})
    if (seen.method, seen.path) == ("GET", "/api/tags"):
        return Answer(body={"models": [_tag(name) for name in SHOWN]})
    asked = json.loads(seen.body).get("model") if seen.body else None
    if (seen.method, seen.path) == ("POST", "/api/show"):
        return Answer(body=SHOWN[asked]) if asked in SHOWN else Answer(404, {"error": f"model '{asked}' not found"})
    if (seen.method, seen.path) == ("POST", "/api/chat"):
        return Answer(body={"model": asked, "message": {"role": "assistant", "content": "Hi"}, "done": True})
    return Answer(404, b"404 page not found", {"content-type": "text/plain"})


VENDOR = Vendor(
    type="ollama",
    credential={"api_key": KEY},
    answer=answer,
    models=(
        *(ModelRecord(name) for name in SHOWN),
        ModelRecord(
            "llama9:8b",
            mode="chat",
            capabilities=("chat", "completion", "fill_in_middle", "function_calling"),
            context=8192,
        ),
        ModelRecord(
            "qwen9-vl:latest",
            mode="chat",
            capabilities=("chat", "completion", "function_calling", "reasoning", "vision"),
        ),
        ModelRecord("nomic-embed-text:latest", mode="embedding", capabilities=("embedding",)),
        ModelRecord("from-before:latest"),
        ModelRecord("gemma9:4b", mode="chat", capabilities=("chat", "completion")),
        ModelRecord("glm-9:cloud", mode="chat", capabilities=("chat", "completion"), context=202752),
    ),
    states={"valid": "healthy", "overloaded": "degraded"},
    checks={},
    public=True,
)
