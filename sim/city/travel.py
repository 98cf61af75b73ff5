"""Travel: how fast crews move, by district and hour, in straight lines or on roads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.city.geometry import Projection
from sim.city.roadfile import read_roads
from sim.city.roadnet import generated
from sim.city.roads import RoadNet, Ways, ways
from sim.scenario import Scenario

_MARGIN_M = 2000.0
"""Roads so far outside a district may be used on ways within it."""


@dataclass(frozen=True, eq=False)
class Travel:
    """How crews travel.

    Attributes
    ----------
    detour : float
        Length of the way over that of the straight line.
    speed_m_s : float64 [D, 24]
        Speed by district and hour of day, m/s: of straight lines, and relative to ``fastest``
        of roads.
    fastest : float
        The speed of the fastest hour where a district's factor is 1, m/s.
    access_s_m : float
        Between a place and its road in that hour, s per metre of the straight line.
    ways : tuple of Ways [D], or None
        The shortest ways on roads; None: straight lines.
    """

    detour: float
    speed_m_s: NDArray[np.float64]
    fastest: float
    access_s_m: float
    ways: tuple[Ways, ...] | None

    @classmethod
    def of(cls, scenario: Scenario, city: City) -> Travel:
        """Take the scenario's speeds, each district with its own factor, and its roads if any.

        Raises
        ------
        InputError
            If the file of the roads is no road net.

        Warns
        -----
        InputWarning
            Where there is no way on the roads: straight lines take their place.
        """
        rules = scenario.travel
        factor = [scenario.districts[name].speed_factor for name in city.district_name]
        speed = np.outer(factor, np.array(rules.speed_kmh) / 3.6)
        fastest = max(rules.speed_kmh) / 3.6
        roads = rules.roads
        if rules.model == "straight" or roads is None:
            return cls(rules.detour, speed, fastest, rules.detour / fastest, None)
        found = tuple(
            ways(
                city.district_name[district],
                net,
                net.seconds(roads.speed_kmh, roads.other_kmh),
                city.grid_xy[city.grid_district == district],
                city.town_xy[city.town_district == district],
                rules.detour / fastest,
            )
            for district, net in enumerate(road_nets(scenario, city))
        )
        return cls(rules.detour, speed, fastest, rules.detour / (roads.access_kmh / 3.6), found)


@lru_cache(maxsize=4)
def _read(path: Path, projection: Projection, named: frozenset[str], _digest: str) -> RoadNet:
    """Read a road net, once for the same content."""
    return read_roads(path, projection, named)


@lru_cache(maxsize=64)
def _laid(border: bytes, grid_xy: bytes, town_xy: bytes) -> RoadNet:
    """Lay a road net, once for the same border (WKB) and places (float64 [n, 2])."""
    from shapely import from_wkb

    grids, towns = (np.frombuffer(xy).reshape(-1, 2) for xy in (grid_xy, town_xy))
    return generated(from_wkb(border), grids, towns)


def road_nets(scenario: Scenario, city: City) -> list[RoadNet]:
    """Return each district's road net: from the scenario's file, or generated."""
    field = "travel.roads.file"
    whole = None
    if field in scenario.attached:
        digest = scenario.attached_hashes[field]
        roads = scenario.travel.roads
        named = frozenset(roads.speed_kmh if roads is not None else ())
        whole = _read(scenario.attached[field], city.projection, named, digest)
    nets = []
    for district, border in enumerate(city.district_border):
        if whole is not None:
            nets.append(whole.within(border.buffer(_MARGIN_M)))
        else:
            nets.append(
                _laid(
                    border.wkb,
                    city.grid_xy[city.grid_district == district].tobytes(),
                    city.town_xy[city.town_district == district].tobytes(),
                )
            )
    return nets


def grid_nodes(city: City, travel: Travel) -> list[int]:
    """Return each grid's node on the roads of its district [G]; 0 where there are none."""
    if travel.ways is None:
        return [0] * len(city.grid_xy)
    return np.concatenate([way.grid_node for way in travel.ways]).tolist()


def detour_on_roads(travel: Travel, district: int) -> float:
    """Return the time between the district's nodes by road over that of straight lines."""
    if travel.ways is None:
        return 1.0
    way = travel.ways[district]
    x, y = way.node_xy.T
    straight = np.hypot(x[:, None] - x, y[:, None] - y).sum() * travel.detour / travel.fastest
    return float(way.seconds.sum(dtype=np.float64) / straight) if straight > 0 else 1.0
