"""YAML events from PyYAML's C parser, or from ruamel.yaml's pure one where the C one is missing.

Both are driven the same way: `open_parser` gives a function that returns one event a call, and a map
from event class to a small code. Nothing here builds values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

SCALAR, MAP_START, SEQ_START, MAP_END, SEQ_END, ALIAS, DOC_START, DOC_END, STREAM_START, STREAM_END = range(10)

_CLASS_NAMES = (
    "ScalarEvent", "MappingStartEvent", "SequenceStartEvent", "MappingEndEvent", "SequenceEndEvent",
    "AliasEvent", "DocumentStartEvent", "DocumentEndEvent", "StreamStartEvent", "StreamEndEvent",
)  # fmt: skip


class EventSource(NamedTuple):
    """A running parser: `get` returns the next event and raises `YamlRefusal`-worthy errors."""

    get: Callable[[], Any]
    codes: dict[type, int]
    errors: tuple[type[Exception], ...]


def has_c_parser() -> bool:
    """Tell whether PyYAML was built with libyaml."""
    try:
        import yaml._yaml  # noqa: F401 - only its presence counts
    except ImportError:
        return False
    return True


def open_c_parser(text: str) -> EventSource:
    """Open PyYAML's C parser (libyaml) on a text."""
    import yaml
    from yaml._yaml import CParser

    return EventSource(CParser(text).get_event, _codes(yaml.events), (yaml.YAMLError,))


def open_pure_parser(text: str) -> EventSource:
    """Open ruamel.yaml's pure Python parser on a text."""
    from ruamel.yaml import YAML, events
    from ruamel.yaml.error import YAMLError

    iterator = iter(YAML(typ="safe", pure=True).parse(text))
    # ruamel raises plain ValueErrors for some malformed numbers in directives and escapes.
    return EventSource(lambda: next(iterator), _codes(events), (YAMLError, ValueError))


def _codes(module: Any) -> dict[type, int]:
    return {getattr(module, name): code for code, name in enumerate(_CLASS_NAMES)}
