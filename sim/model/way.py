"""Ways: one leg of somebody who is under way, where on it they are, and how long it takes.

A crew that is free heads back to its base, and may be sent on from there; one that is sent goes
to a ticket. Both is a leg. The functions are of plain numbers, for kernels too; `Ground` is for
whoever has objects.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from sim.model.parameters import Parameters
from sim.model.travel import (
    hour_of,
    on_the_way,
    road_seconds,
    road_stop,
    road_time,
    share_behind,
    slowed,
    travel_time,
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


def speed_at(by_hour: Any, windows: Any, now: float) -> float:
    """Return the speed of crews who leave now, m/s.

    Parameters
    ----------
    by_hour : 24 floats
        Of their district, m/s.
    windows
        As in `sim.model.travel.slowed`.
    """
    return by_hour[hour_of(now)] * slowed(windows, now)


class Ground:
    """What crews move on: straight lines, or the roads of their districts."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def base(self, district: int, x: float, y: float) -> Spot:
        """Return a crew's base: its node is the nearest."""
        ways = self._parameters.travel.ways
        if ways is None:
            return Spot(x, y)
        return Spot(x, y, int(ways[district].nearest(np.array([[x, y]]))[0]))

    def lies(self, x: float, y: float, grid: int) -> Spot:
        """Return the place of what lies in a grid."""
        return Spot(x, y, self._parameters.grid_node[grid])

    def time(self, district: int, start: Spot, end: Spot, now: float) -> float:
        """Return how long a crew of the district that leaves now is under way, s."""
        p = self._parameters
        speed = speed_at(p.speed_m_s[district], p.slow[district], now)
        (x0, y0, a, rest), (x1, y1, b, _) = start, end
        if p.travel.ways is None:
            return travel_time(x0, y0, x1, y1, p.detour, speed)
        net = p.travel.ways[district]
        return time_by_road(
            net.seconds, net.node_xy, p.access_s_m, x0, y0, a, rest, x1, y1, b, p.fastest_m_s, speed
        )

    def place(self, district: int, leg: Leg, now: float) -> Spot:
        """Return where one on a leg is now, or on roads where they can turn next."""
        p = self._parameters
        (x0, y0, a, rest), (x1, y1, b, _) = leg.start, leg.end
        if p.travel.ways is None:
            return Spot(*place_on_line(x0, y0, x1, y1, leg.left, leg.arrives, now))
        net = p.travel.ways[district]
        return Spot(
            *place_on_road(
                net.seconds, net.hop, net.node_xy, p.access_s_m,
                x0, y0, a, rest, x1, y1, b, leg.left, leg.arrives, now,
            )
        )  # fmt: skip
