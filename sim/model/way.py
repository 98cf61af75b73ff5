"""Ways: one leg of somebody who is under way, where on it they are, and how long it takes.

A crew that is free heads back to its base, and may be sent on from there; one that is sent goes
to a ticket. Both is a leg. The functions are of plain numbers, for kernels too; `sim.model.ground`
is for whoever has objects.
"""

from __future__ import annotations

from enum import IntEnum
from math import floor
from typing import Any, NamedTuple

from sim.clock import DAY
from sim.model.travel import (
    hour_of,
    on_the_way,
    road_seconds,
    road_stop,
    road_time,
    share_behind,
    slowed,
)


class Spot(NamedTuple):
    """A place.

    Attributes
    ----------
    x, y : float
        m.
    node : int
        On the roads of its district; 0 where there are none.
    rest : float
        How long it is until there, s in the fastest hour: one who is between two nodes of a road
        turns at the next.
    """

    x: float
    y: float
    node: int = 0
    rest: float = 0.0


class Purpose(IntEnum):
    """What a leg is for."""

    BACK = 0  # to the base; it may be broken off
    VISIT = 1  # to a ticket


class Leg(NamedTuple):
    """One way of one crew.

    Attributes
    ----------
    start, end : Spot
    left, arrives : float
        s.
    purpose : Purpose
    version : int
        The how-manieth leg of the crew it is. What was to happen at its end carries it, and is
        void once the crew is on another.
    """

    start: Spot
    end: Spot
    left: float
    arrives: float
    purpose: Purpose
    version: int


def is_at_base(purpose: int, left: float, began: float) -> bool:
    """Return whether a crew on this leg is at its base, for its shift began there since.

    Parameters
    ----------
    left, began : float
        When it set off, and when the shift last began, s.
    """
    return purpose == Purpose.BACK and left < began


def place_on_line(
    x0: float, y0: float, x1: float, y1: float, left: float, arrives: float, now: float
) -> tuple[float, float]:
    """Return where one who moves evenly along the straight line is now, m."""
    took = arrives - left
    return on_the_way(x0, x1, left, took, now), on_the_way(y0, y1, left, took, now)


def place_on_road(
    seconds: Any,
    hop: Any,
    node_xy: Any,
    access: float,
    x0: float,
    y0: float,
    a: int,
    rest: float,
    x1: float,
    y1: float,
    b: int,
    left: float,
    arrives: float,
    now: float,
) -> tuple[float, float, int, float]:
    """Return where one who goes by road can turn next, and how long it is until there.

    Parameters
    ----------
    seconds, hop, node_xy, access
        As in `sim.model.travel.road_stop`.
    x0, y0, a, rest : float, float, int, float
        The leg's start: the place, m, its node, and how long it was until there at first, s in
        the fastest hour.
    x1, y1, b : float, float, int
        Its end.
    left, arrives, now : float
        s.
    """
    share = share_behind(left, arrives - left, now)
    if rest > 0.0 and share < 1.0:
        way = road_seconds(seconds, node_xy, access, x0, y0, a, x1, y1, b)
        covered = share * (rest + way)
        if covered <= rest:
            return x0, y0, a, rest - covered
        share = (covered - rest) / way
    return road_stop(seconds, hop, node_xy, access, x0, y0, a, x1, y1, b, share)


def time_by_road(
    seconds: Any,
    node_xy: Any,
    access: float,
    x0: float,
    y0: float,
    a: int,
    rest: float,
    x1: float,
    y1: float,
    b: int,
    fastest: float,
    speed: float,
) -> float:
    """Return the time from a place on the road, once the rest of the way to it is over, s."""
    free = road_seconds(seconds, node_xy, access, x0, y0, a, x1, y1, b)
    return road_time(rest + free, fastest, speed)


def speed_at(by_hour: Any, windows: Any, pace: Any, first_day: int, now: float) -> float:
    """Return the speed of crews who leave now, m/s.

    Parameters
    ----------
    by_hour : 24 floats
        Of their district, m/s.
    windows
        As in `sim.model.travel.slowed`.
    pace, first_day : floats, int
        A factor for each day of the run, from this one on.
    """
    return by_hour[hour_of(now)] * slowed(windows, now) * pace[floor(now / DAY) - first_day]
