"""How long a crew is under way, and where it is meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from sim.clock import DAY, HOUR, modulo, tick


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
    return int(modulo(time, DAY) / HOUR)


def slowed(windows: Sequence[Sequence[float]], time: float) -> float:
    """Return the factor on speed at a time, from windows ``(start, end, factor)``, s."""
    factor = 1.0
    for i in range(len(windows)):
        if windows[i][0] <= time < windows[i][1]:
            factor *= windows[i][2]
    return factor


def share_behind(left: float, duration: float, time: float) -> float:
    """Return the share of a way, in time, that is behind one who set off at ``left``, s."""
    return 1.0 if time >= left + duration else (time - left) / duration


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


def distance(x0: float, y0: float, x1: float, y1: float) -> float:
    """Return the straight line between two points, m."""
    dx, dy = x1 - x0, y1 - y0
    return sqrt(dx * dx + dy * dy)


def road_seconds(
    seconds: Any,
    node_xy: Any,
    access: float,
    x0: float,
    y0: float,
    a: int,
    x1: float,
    y1: float,
    b: int,
) -> float:
    """Return the time on roads in the fastest hour, s, not on ticks.

    To the first point's node, by the shortest way to the second's, and on to it; between points
    of the same node straight.

    Parameters
    ----------
    seconds : float32 [P, P]
        From node to node.
    node_xy : float64 [P, 2]
        m.
    access : float
        Between a point and its node, s per metre of the straight line.
    x0, y0, a : float, float, int
        From: the point, m, and its node.
    x1, y1, b : float, float, int
        To.
    """
    if a == b:
        return distance(x0, y0, x1, y1) * access
    first = distance(x0, y0, float(node_xy[a, 0]), float(node_xy[a, 1])) * access
    last = distance(float(node_xy[b, 0]), float(node_xy[b, 1]), x1, y1) * access
    return first + float(seconds[a, b]) + last


def road_time(free: float, fastest: float, speed: float) -> float:
    """Return a time on roads when and where they are slower (or faster), s.

    Parameters
    ----------
    free : float
        In the fastest hour, s.
    fastest, speed : float
        The speed of that hour, and that of district, hour and surges at departure; it is kept
        for the whole way.
    """
    return tick(free * (fastest / speed))


def road_stop(
    seconds: Any,
    hop: Any,
    node_xy: Any,
    access: float,
    x0: float,
    y0: float,
    a: int,
    x1: float,
    y1: float,
    b: int,
    share: float,
) -> tuple[float, float, int, float]:
    """Return where one who goes by road can turn next, and how long it is until there.

    On the net that is the next node of the way; at the very start, and between points of the
    same node, it is at once.

    Parameters
    ----------
    seconds, node_xy, access, x0, y0, a, x1, y1, b
        As in `road_seconds`.
    hop : int16 [P, P]
        The next node on the way from one to another.
    share : float
        Of the way, in time, that is behind.

    Returns
    -------
    x, y, node : float, float, int
        The place, m, and its node.
    rest : float
        Until there in the fastest hour, s.
    """
    if share >= 1.0:
        return x1, y1, b, 0.0
    if share <= 0.0:
        return x0, y0, a, 0.0
    if a == b:
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, a, 0.0
    covered = share * road_seconds(seconds, node_xy, access, x0, y0, a, x1, y1, b)
    leg = distance(x0, y0, float(node_xy[a, 0]), float(node_xy[a, 1])) * access
    node = a
    while covered > leg and node != b:
        covered -= leg
        ahead = int(hop[node, b])
        leg = float(seconds[node, ahead])
        node = ahead
    if covered <= leg:
        return float(node_xy[node, 0]), float(node_xy[node, 1]), node, leg - covered
    leg += distance(float(node_xy[b, 0]), float(node_xy[b, 1]), x1, y1) * access
    return x1, y1, b, max(leg - covered, 0.0)
