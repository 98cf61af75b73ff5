"""How long a crew is under way, and where it is meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from sim.clock import DAY, HOUR, tick


def travel_time(x0: float, y0: float, x1: float, y1: float, detour: float, speed: float) -> float:
    """Return the time for the straight line times the detour, s.

    Parameters
    ----------
    x0, y0, x1, y1 : float
        From and to, m.
    detour : float
        Length of the way over that of the straight line.
    speed : float
        m/s at the hour of departure; it is kept for the whole way.
    """
    dx, dy = x1 - x0, y1 - y0
    return tick(sqrt(dx * dx + dy * dy) * detour / speed)


def hour_of(time: float) -> int:
    """Return the hour of day of a time, 0 to 23."""
    return int(time % DAY // HOUR)


def slowed(windows: Sequence[Sequence[float]], time: float) -> float:
    """Return the factor on speed at a time, from windows ``(start, end, factor)``, s."""
    factor = 1.0
    for i in range(len(windows)):
        if windows[i][0] <= time < windows[i][1]:
            factor *= windows[i][2]
    return factor


def on_the_way(start: float, end: float, left: float, duration: float, time: float) -> float:
    """Return the coordinate of one who moves evenly from ``start`` to ``end``.

    Parameters
    ----------
    start, end : float
        Coordinates, m.
    left, duration, time : float
        When they set off, how long it takes, and now, s.
    """
    if time >= left + duration:
        return end
    return start + (end - start) * ((time - left) / duration)
