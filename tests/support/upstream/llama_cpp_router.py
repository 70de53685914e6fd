"""llama.cpp as a router (R): several models, of which those that are loaded tell with what they run."""

from dataclasses import replace

from upstream import llama_cpp
from upstream._bearer import listed
from upstream.vendor import ModelRecord

_LOADED = {"n_ctx": 16384, "n_ctx_train": 131072}
_book = replace(
    llama_cpp._book,
    routes={
        "/v1/models": listed(
            {"id": "gemma-9", "status": {"value": "loaded"}, "meta": _LOADED},
            {"id": "qwen-9", "status": {"value": "unloaded"}},
            {"id": "loading-9", "status": {"value": "loading"}, "meta": None},
        ),
        # The properties of the router itself, whose context is a placeholder.
        "/props": lambda _query: {"role": "router", "default_generation_settings": {"params": {}, "n_ctx": 0}},
    },
)
VENDOR = replace(
    llama_cpp.VENDOR,
    answer=_book.answer,
    models=(ModelRecord("gemma-9", context=16384), ModelRecord("qwen-9"), ModelRecord("loading-9")),
)
