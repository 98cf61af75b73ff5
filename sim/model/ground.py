"""What crews move on."""

from __future__ import annotations

import numpy as np

from sim.model.parameters import Parameters
from sim.model.travel import travel_time
from sim.model.way import Leg, Spot, place_on_line, place_on_road, speed_at, time_by_road


class Ground:
    """Straight lines, or the roads of the districts."""

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
        speed = speed_at(p.speed_m_s[district], p.slow[district], p.pace, p.first_day, now)
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
