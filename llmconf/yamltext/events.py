"""YAML events from PyYAML's C parser, or from ruamel.yaml's pure parser if the C parser is missing.

Both have the same interface: a function that returns one event per call, the classes of the events, and the errors
that the parser raises. Nothing here builds values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

_SURROGATE = re.compile("[\ud800-\udfff]")


class EventClasses(NamedTuple):
    """The classes of a parser's events, to distinguish the events."""

    scalar: Any
    map_start: Any
    seq_start: Any
    map_end: Any
    seq_end: Any
    alias: Any
    document_start: Any
    stream_end: Any


class EventSource(NamedTuple):
    """A running parser: `get` returns the next event, or raises one of `errors`."""

    get: Callable[[], Any]
    classes: EventClasses
    errors: tuple[type[Exception], ...]


@cache
def has_c_parser() -> bool:
    """Tell whether PyYAML was built with libyaml."""
    try:
        import yaml._yaml  # noqa: F401 - only its presence counts
    except ImportError:
        return False
    return True


def open_c_parser(text: str) -> EventSource:
    """Open PyYAML's C parser (libyaml) on a text."""
    parser, classes, errors = _c_parser()
    return EventSource(parser(text).get_event, classes, errors)


def open_pure_parser(text: str) -> EventSource:
    """Open ruamel.yaml's pure Python parser on a text."""
    from ruamel.yaml import YAML, events
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    def get() -> Any:
        event = next(iterator)
        # An escape for half a character: the C parser refuses it, and UTF-8 cannot express it.
        if event.__class__ is events.ScalarEvent and _SURROGATE.search(event.value):
            raise MarkedYAMLError(problem="an escape for half a character", problem_mark=event.start_mark)
        return event

    iterator = iter(YAML(typ="safe", pure=True).parse(text))
    # ruamel raises built-in errors of Python for some malformed directives, numbers and escapes.
    return EventSource(get, _classes(events), (YAMLError, ValueError, OverflowError, AssertionError))


@cache
def _c_parser() -> tuple[Any, EventClasses, tuple[type[Exception], ...]]:
    import yaml
    from yaml._yaml import CParser

    return CParser, _classes(yaml.events), (yaml.YAMLError,)


def _classes(module: Any) -> EventClasses:
    return EventClasses(
        module.ScalarEvent,
        module.MappingStartEvent,
        module.SequenceStartEvent,
        module.MappingEndEvent,
        module.SequenceEndEvent,
        module.AliasEvent,
        module.DocumentStartEvent,
        module.StreamEndEvent,
    )
