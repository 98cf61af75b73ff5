"""What a patrol may find in each grid, and who else would find it: the risk of its places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.city.hot import hot_stretches
from sim.clock import HOUR
from sim.model.plan import Plan
from sim.model.race import Clock
from sim.model.rules import severity
from sim.optimize.hazards import AT_ONCE, MEAN_H, OTHERS, PER_PASS
from sim.scenario import Scenario
from sim.workload.arrivals import Demand

Floats = NDArray[np.float64]

_SIGHTS, _HASTES = 2, 3
CLASSES = _SIGHTS * _HASTES
"""Kinds of matters are summed up in so many classes, by visibility and by haste."""
_SLOWEST = 1e-8
"""Least hazard, 1/s (three years): keeps the mean delay finite."""


@dataclass(frozen=True, eq=False)
class Risk:
    """What patrols may find, by grid, class of matters and cell of the loop.

    Attributes
    ----------
    weight : float64 [G, B]
        Expected matters a day times severity.
    sight : float64 [G, B]
        Chance that a pass notices one.
    hazard : float64 [G, B]
        Rate at which others find it or it goes away, 1/s.
    density : float64 [G, N]
        Share of the grid's matters on each cell; rows sum to 1.
    """

    weight: Floats
    sight: Floats
    hazard: Floats
    density: Floats

    @classmethod
    def of(cls, scenario: Scenario, city: City, plan: Plan, cells: int) -> Risk:
        """Work the risk out from demand, visibility, patience, observers and cameras.

        What a citizen reports at once, and what is answered on the telephone, is no patrol's.
        """
        demand = Demand.build(scenario, city)
        shape = (len(city.grid_xy), CLASSES)
        weight, sight, hazard = np.zeros(shape), np.ones(shape), np.ones(shape)
        for district, name in enumerate(city.district_name):
            here = np.flatnonzero(city.grid_district == district)
            items = _items(scenario, demand, district, scenario.districts[name].camera_coverage)
            places = {
                "population": city.grid_population[here] / city.grid_population[here].sum(),
                "area": city.grid_area[here] / city.grid_area[here].sum(),
                "even": np.full(len(here), 1 / len(here)),
            }
            of = _classes(items)
            for b in range(CLASSES):
                rows = of == b
                total = items.weight[rows].sum()
                if total <= 0:
                    continue
                share = items.weight[rows] / total
                sight[here, b] = share @ items.sight[rows]
                observers = plan.part_time[here] * (share @ items.observers[rows])
                hazard[here, b] = np.maximum(share @ items.hazard[rows] + observers, _SLOWEST)
                for kind, spread in places.items():
                    weight[here, b] += items.weight[rows & (items.place == kind)].sum() * spread
        return cls(weight, sight, hazard, _density(scenario, city, cells))


@dataclass(frozen=True, eq=False)
class _Items:
    """One row for each category with, and one without, a citizen who would report."""

    weight: Floats
    sight: Floats
    hazard: Floats
    observers: Floats
    place: NDArray[np.str_]


def _items(scenario: Scenario, demand: Demand, district: int, cameras: float) -> _Items:
    rows = []
    for c, category in enumerate(scenario.categories):
        if category.patrol_visibility == 0:
            continue
        reporters = demand.reporters[district, c]
        matters = demand.matters[district, c]
        gone = observers = 0.0
        for entrant in OTHERS:
            if entrant.channel in AT_ONCE:
                matters *= 1 - AT_ONCE[entrant.channel](category, cameras)
            elif entrant.clock == Clock.OBSERVERS:
                observers += 1 / (MEAN_H[entrant.channel](scenario, category) * HOUR)
            elif entrant.channel not in PER_PASS:
                gone += 1 / (MEAN_H[entrant.channel](scenario, category) * HOUR)
        parts = [(1 - reporters, gone)]
        if category.patience_h > 0:
            known = reporters * (1 - category.answered_at_once)
            parts.append((known, gone + 1 / (category.patience_h * HOUR)))
        for share, hazard in parts:
            weight = severity(category.priority) * matters * share
            rows.append((weight, category.patrol_visibility, hazard, observers, category.place))
    weights, sights, hazards, seen = np.array([row[:4] for row in rows]).reshape(-1, 4).T
    return _Items(weights, sights, hazards, seen, np.array([row[4] for row in rows], dtype=str))


def _classes(items: _Items) -> NDArray[np.int64]:
    """Class each row by visibility, then by haste, into parts of about the same weight."""
    out = np.zeros(len(items.weight), dtype=np.int64)
    sight = _parts(items.sight, items.weight, _SIGHTS)
    for s in range(_SIGHTS):
        rows = sight == s
        out[rows] = s * _HASTES + _parts(items.hazard[rows], items.weight[rows], _HASTES)
    return out


def _parts(value: Floats, weight: Floats, parts: int) -> NDArray[np.int64]:
    order = np.argsort(value, kind="stable")
    below = np.cumsum(weight[order]) - weight[order] / 2
    out = np.zeros(len(value), dtype=np.int64)
    out[order] = np.minimum(below / max(weight.sum(), 1e-300) * parts, parts - 1)
    return out


def _density(scenario: Scenario, city: City, cells: int) -> Floats:
    """Return the share of a grid's matters on each cell of its loop [G, N]."""
    share, length = scenario.grid.hot_share, scenario.grid.hot_length
    even = np.full((len(city.grid_xy), cells), 1 / cells)
    if share == 0:
        return even
    edge = np.arange(cells) / cells
    hot = hot_stretches(city)[:, None]
    overlap = np.zeros_like(even)
    for turn in (-1, 0, 1):
        low = np.maximum(edge, hot + turn)
        high = np.minimum(edge + 1 / cells, hot + turn + length)
        overlap += np.maximum(high - low, 0)
    return (1 - share) * even + share * overlap / length
