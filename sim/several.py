"""One where several may be given."""

from __future__ import annotations

from collections.abc import Sequence


def several(given: str | Sequence[str]) -> Sequence[str]:
    """Return texts that were given, a single one too: it is not taken apart into its letters."""
    return (given,) if isinstance(given, str) else given
