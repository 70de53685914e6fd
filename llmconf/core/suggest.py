"""Suggestions for misspelled words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

_MANY = 256
_FEW = 64


def closest(word: str, options: Iterable[str]) -> str | None:
    """Return the option that `word` was probably meant to be, or None.

    Among many options, only those with the longest common beginning and end are compared. This keeps thousands
    of misspelled references fast.
    """
    words = tuple(options)
    if len(word) > _MANY:
        return None
    return _closest_of_few(word, words) if len(words) <= _FEW else _closest(word, words)


def _closest(word: str, options: Iterable[str]) -> str | None:
    from difflib import get_close_matches
    from heapq import nlargest

    folded = {option.casefold(): option for option in options}
    word = word.casefold()
    candidates = list(folded)
    if len(candidates) > _MANY:
        candidates = [option for option in candidates if option[:2] == word[:2] or option[-3:] == word[-3:]]
    if len(candidates) > _MANY:
        candidates = nlargest(_MANY, candidates, key=lambda option: _alike(word, option))
    matches = get_close_matches(word, candidates, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


_closest_of_few = lru_cache(maxsize=512)(_closest)
"""The same with a cache: a misspelled word is often copied to many files, and comparing it is slow."""


def _alike(one: str, other: str) -> int:
    """Return how many characters two words share at their beginning and at their end."""
    return _same_start(one, other) + _same_start(one[::-1], other[::-1])


def _same_start(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def did_you_mean(word: str, options: Iterable[str]) -> str | None:
    """Return the hint "did you mean `x`?" if an option is similar enough, else None."""
    match = closest(word, options)
    return f"did you mean `{match}`?" if match else None
