"""How much of the machine a run may use."""

from __future__ import annotations

import os

from sim.errors import InputError

THREADS = "SIM_THREADS"
"""The environment variable that says how many threads a run may use."""


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """Return how many threads a run may use: what ``SIM_THREADS`` says, or all processors.

    Raises
    ------
    InputError
        If it says something else than a number from 1.
    """
    asked = os.environ.get(THREADS, "").strip()
    if not asked:
        return processors()
    if not (asked.isascii() and asked.isdigit() and 0 < len(asked) <= 4 and int(asked) > 0):
        raise InputError("environment", THREADS, asked, "a whole number from 1 to 9999")
    return int(asked)
