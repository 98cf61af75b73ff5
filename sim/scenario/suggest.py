"""Hints at what was perhaps meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_LONGEST = 200


def suggestion(word: str, known: Sequence[str]) -> str:
    """Return a hint at the nearest known word, or nothing."""
    if len(word) > _LONGEST:  # comparing takes long, and nobody has meant anything near
        return ""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
