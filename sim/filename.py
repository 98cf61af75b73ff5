"""Names of places and teams as names of files."""

from __future__ import annotations

import hashlib
import re

_MOST = 120  # bytes; with what stands before and after it, a file system takes 255


def file_name(name: str) -> str:
    """Return a name as a part of a file's name: it leads nowhere else, and is not too long.

    One that has to be changed ends in a few digits of its digest, so that two stay two.
    """
    plain = re.sub(r"[^\w. -]", "-", name).lstrip(".")
    if plain == name and len(name.encode()) <= _MOST:
        return name
    short = plain.encode()[: _MOST - 9].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
