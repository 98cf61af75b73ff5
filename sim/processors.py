"""How much of the machine a run may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

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


def memory() -> float:
    """Return how many bytes of memory this process may use in all, infinite where none can tell.

    That of the machine, or of the control groups that this process is in, or its own limit,
    whichever is least.
    """
    return min(_physical(), *_control_groups(), _own_limit())


def _physical() -> float:
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _control_groups() -> Iterator[float]:
    """Yield the limits of this process's groups and of those above them, versions 1 and 2."""
    root = Path("/sys/fs/cgroup")
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        base, name = root, "memory.max"
        if "memory" in controllers.split(","):
            base, name = root / "memory", "memory.limit_in_bytes"
        elif controllers:
            continue
        group = base / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(base):
                with suppress(OSError, ValueError):  # "max" is no number
                    yield float((folder / name).read_text(encoding="utf-8"))
    yield float("inf")


def _own_limit() -> float:
    try:
        import resource
    except ImportError:
        return float("inf")
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit)
