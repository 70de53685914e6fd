"""What a target is: it turns one resolved environment into the files of one consumer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from llmconf.core.diagnostics import Place
from llmconf.project.environment import Resolved


class TargetOptions(BaseModel):
    """Base of the options that a target takes in `llmconf.yaml`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Note:
    """A setting that a target could not express, with its place in the project."""

    place: Place
    message: str
    severity: Literal["warning", "info"] = "warning"


@dataclass(frozen=True, slots=True)
class Emitted:
    """The text of files by path relative to the target's folder, and notes on the settings that were left out."""

    files: dict[str, str]
    notes: tuple[Note, ...] = ()


class TargetModule(Protocol):
    """A module of this package, one per consumer. Its name is the target's name."""

    Options: type[TargetOptions]

    def emit(self, env: Resolved, options: Any, /) -> Emitted:
        """Return the files. Pure: no I/O."""
        ...
