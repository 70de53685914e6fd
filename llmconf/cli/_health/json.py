"""JSON for other programs: a list of objects."""

from __future__ import annotations

from llmconf.cli._health import Round, as_objects
from llmconf.report.text import dump_json


def render(probed: Round) -> str:
    """Return a list of objects; times in seconds, rounded to the microsecond."""
    return dump_json(as_objects(probed))


def render_line(probed: Round) -> str:
    """Return the result of `render` on one line, for a stream of rounds."""
    return dump_json(as_objects(probed), indent=None)
