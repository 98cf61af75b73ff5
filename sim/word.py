"""Names as numbers that random draws are keyed by."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

NAMED_BITS = 13
"""As many districts, and as many categories, can be told apart: 8,192."""


def word(name: str) -> int:
    """Name a thing by 32 bits that do not change when its neighbours do."""
    return crc32(name.encode())


def same_word(names: Iterable[str]) -> tuple[str, str] | None:
    """Return two different names that have the same word, if there are any."""
    seen: dict[int, str] = {}
    for name in names:
        before = seen.setdefault(word(name), name)
        if before != name:
            return before, name
    return None
