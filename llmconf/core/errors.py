"""Exceptions that stop a command. An error in a file is a Diagnostic instead.

LlmconfError            exit 70, internal
├── UsageError          exit 2, wrong usage or no project found
├── RefusedError        exit 1, the answer is no
└── UndeterminedError   exit 4, network down, key not available
"""

from __future__ import annotations


class LlmconfError(Exception):
    """Base of all errors that llmconf raises on purpose. `hint` says what to do about it."""

    exit_code = 70

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LlmconfError):
    """The command was used wrongly, or there is no project to use it on."""

    exit_code = 2


class RefusedError(LlmconfError):
    """The command was understood and the answer is no."""

    exit_code = 1


class UndeterminedError(LlmconfError):
    """The answer could not be determined."""

    exit_code = 4
