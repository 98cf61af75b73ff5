"""Zones of the tz database, by name."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sim.errors import suggestion

_NAME = re.compile(r"(?!Factory$)[A-Z][A-Za-z]*[A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}")
"""Not the files of one machine beside the zones, such as ``localtime`` and ``posix/UTC``."""


def zone(name: str) -> ZoneInfo:
    """Return a zone by name.

    Raises
    ------
    ValueError
        If there is none of this name; says what is allowed, and which may be meant.
    """
    try:
        if _NAME.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones
        pass
    known = sorted(filter(_NAME.fullmatch, available_timezones()))
    hint = suggestion(name[:80], known)
    raise ValueError(f"a zone of the tz database, such as Asia/Shanghai{hint}")
