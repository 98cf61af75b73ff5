"""How much of the machine a run may use."""

from __future__ import annotations

import os

THREADS = "SIM_THREADS"
"""The environment variable that says how many threads a run may use."""


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """Return how many threads a run may use: what ``SIM_THREADS`` says, or all processors."""
    asked = os.environ.get(THREADS, "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else processors()
