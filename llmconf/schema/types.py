"""The pydantic field types that all kinds share."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, LiteralString

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from llmconf.core import grammar, origins, tokens
from llmconf.schema.annotations import Hint


class Strict(BaseModel):
    """Base of all models: unknown keys are errors, no value is converted, and errors do not show inputs."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True, hide_input_in_errors=True)

    @property
    def __pydantic_fields_set__(self) -> set[str]:
        """All fields. pydantic would store a set of the given fields in each object: 45 MiB for 65,000 resources."""
        return set(type(self).model_fields)

    @__pydantic_fields_set__.setter
    def __pydantic_fields_set__(self, given: set[str]) -> None:
        pass


def _check_secret(value: str) -> str:
    if tokens.is_sealed(value):
        return value
    raise PydanticCustomError(_secret_problem(value), "not a token or a reference")


def _secret_problem(value: str) -> LiteralString:
    """Name the problem of a value in a secret field. No message shows the value itself."""
    from llmconf.core.key_formats import DUMMY, PLACEHOLDER

    if value.startswith(tokens.SOPS_START):
        return "secret_sops"
    if tokens.is_token_like(value):
        return "secret_token"
    if re.match(r"^(\$\{?\w|\{\{|\{env:|os\.environ|[a-z]{2,8}://?\S|env:|file:)", value):
        return "secret_reference"
    if DUMMY.search(value):
        return "secret_dummy"
    return "secret_placeholder" if PLACEHOLDER.search(value) else "secret_plaintext"


def _check_url(value: str) -> str:
    try:
        origins.parse_url(value)
    except ValueError as error:
        raise PydanticCustomError("url", "{reason}", {"reason": str(error)}) from None
    return value


def _check_host(value: str) -> str:
    try:
        origins.parse_host(value)
    except ValueError as error:
        raise PydanticCustomError("host", "{reason}", {"reason": str(error)}) from None
    return value


def _check_date(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "not a calendar date such as 2027-03-31") from None
    return value


def _quoted(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise PydanticCustomError("money_number", "an amount is a decimal string: put it in quotes")
    return value


_REFERENCES = r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S+(?: +\S+)*|(?:op|vault|awssm|gcpsm|azkv)://\S+(?: +\S+)*"
SECRET_SCHEMA = {
    "type": "string",
    "title": "Secret",
    # The names of groups are Python's; JSON Schema has the syntax of JavaScript.
    "pattern": f"^(?:{re.sub('[?]P<[a-z]+>', '', tokens.TOKEN_PATTERN)[1:-1]}|{_REFERENCES})$",
    "examples": ["env:OPENAI_API_KEY"],
}
URL_SCHEMA = {"pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#\\][^\s\\]*$"}
HOST_SCHEMA = {"pattern": r"^[^\s*@?#\\]+$"}

Name = Annotated[
    str,
    StringConstraints(pattern=grammar.NAME_PATTERN),
    Hint("a name has at most 63 lower-case letters and digits, and inner `-`, `_`, `.`"),
]
ModelId = Annotated[
    str,
    StringConstraints(pattern=grammar.MODEL_ID_PATTERN),
    Hint("a model id has no white space and at most 256 characters"),
]
Duration = Annotated[
    str,
    StringConstraints(pattern=grammar.DURATION_PATTERN),
    Hint("a duration is a number and a unit, such as `30s`, `500ms` or `5m`"),
]
Money = Annotated[
    str,
    StringConstraints(pattern=r"^-?" + grammar.MONEY_PATTERN[1:]),
    BeforeValidator(_quoted),
    Hint('an amount is a decimal number in quotes, such as "1.25"'),
]
Amount = Annotated[
    str,
    StringConstraints(pattern=grammar.MONEY_PATTERN),
    BeforeValidator(_quoted),
    Hint('an amount is a decimal number in quotes, not negative, such as "500"'),
]
Date = Annotated[
    str,
    StringConstraints(pattern=grammar.DATE_PATTERN),
    AfterValidator(_check_date),
    Hint("write a date such as 2027-03-31"),
]
Url = Annotated[str, AfterValidator(_check_url), Field(json_schema_extra=URL_SCHEMA)]
Host = Annotated[str, AfterValidator(_check_host), Field(json_schema_extra=HOST_SCHEMA)]
Secret = Annotated[str, AfterValidator(_check_secret), Field(json_schema_extra=SECRET_SCHEMA)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Count = Annotated[int, Field(gt=0, le=2**53 - 1)]
Weight = Annotated[int, Field(ge=0, le=1_000_000)]
Labels = dict[Annotated[str, StringConstraints(min_length=1, max_length=63)], str]

Capability = Literal[
    "audio_input",
    "audio_output",
    "batch",
    "chat",
    "citations",
    "code_execution",
    "completion",
    "computer_use",
    "embedding",
    "fill_in_middle",
    "fine_tuning",
    "function_calling",
    "image_generation",
    "json_mode",
    "moderation",
    "ocr",
    "parallel_function_calling",
    "pdf_input",
    "prompt_caching",
    "realtime",
    "reasoning",
    "rerank",
    "speech",
    "streaming",
    "structured_output",
    "system_messages",
    "transcription",
    "video_input",
    "vision",
    "web_search",
]
"""What a model can do. The list is closed, so that a misspelled capability is an error."""

Mode = Literal["chat", "completion", "embedding", "rerank", "image", "transcription", "speech", "moderation"]
Strategy = Literal["priority", "weighted", "round_robin", "lowest_cost"]
