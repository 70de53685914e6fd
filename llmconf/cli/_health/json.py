"""JSON for other programs: a list of objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmconf.cli._health import as_object
from llmconf.reporters._text import dump_json

if TYPE_CHECKING:
    from llmconf.probe import Health


def render(found: Sequence[Health]) -> str:
    """Return a list of objects; times in seconds, rounded to the microsecond."""
    return dump_json([as_object(health) for health in found])


def render_line(found: Sequence[Health]) -> str:
    """Return what `render` does on one line, for a stream of rounds."""
    return json.dumps([as_object(health) for health in found]) + "\n"
