"""Names of earlier versions of the scenario's schema, and what they are called now."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

FIELDS = {
    "activity.part_time_eyes": "activity.part_time_observers",
    "centres.callback_mean_min": "centres.call_back_mean_min",
}
"""Fields of a scenario file: dotted paths, as they were and as they are."""

COLUMNS = {"eye_days": "observer_days"}
"""Columns of the table of categories."""


def migration(file: Path | str) -> str:
    """Return how a file of an earlier version is brought to this one."""
    return f"`sim migrate {quote(str(file))}` rewrites it"
