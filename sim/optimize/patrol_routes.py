"""Patrol routes: a grid with streets on which more happens walks these more often.

Every grid is a problem of its own: a closed walk over the cells of its loop, each passed at least
once, no longer than its shift walks in a day, so that the expected discovery delay, weighted by
severity, is small. The objective hangs on the gaps between passes, not on a sum over arcs, which
is why a compiled local search does it and not a routing solver; on a small loop a test holds it
against all walks there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.clock import DAY, WEEK
from sim.errors import InputError, one_of
from sim.model.calendar import round_calendars
from sim.model.plan import Plan
from sim.model.routes import LOOP, Leg, Route, Routes, write_routes
from sim.model.staffing import base_plan
from sim.optimize.risk import Risk
from sim.processors import processors
from sim.scenario import Scenario
from sim.scenario.dates import typical_week

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

CELLS = 20
_CHUNK = 32


@dataclass(frozen=True, eq=False)
class PatrolPlan:
    """Routes, and what is expected of them.

    Attributes
    ----------
    routes : dict
        Of the grids whose route is not the loop.
    searched : bool [G]
        Whether the grid was looked at: it has a gridworker, and there was time.
    loop_s, route_s : float64 [G]
        Expected time until discovery or until it is gone, on the loop and on the route, s.
    bound_s : float64 [G]
        What no walk could be below, see `sim.optimize.walk_bound`, s.
    risk : float64 [G]
        Expected matters a day times severity: the weight of a grid in sums.
    density : float64 [G, CELLS]
        Share of a grid's matters on each cell of its loop.
    """

    city: City
    routes: Routes
    searched: NDArray[np.bool_]
    loop_s: Floats
    route_s: Floats
    bound_s: Floats
    risk: Floats
    density: Floats

    def key(self, grid: int) -> tuple[str, int]:
        """Return a grid's name in a table of routes."""
        district = int(self.city.grid_district[grid])
        begin = int(np.searchsorted(self.city.grid_district, district))
        return self.city.district_code[district], grid - begin

    @property
    def proven(self) -> NDArray[np.bool_]:
        """Whether a grid's route is proven to be as good as any, up to the search's own step."""
        from sim.optimize.walks import GAIN

        return self.searched & (self.route_s <= self.bound_s * (1 + GAIN))

    def mean(self, values: Floats, here: NDArray[np.bool_]) -> float:
        """Return the mean of grids' delays over some of them, weighted by risk, s."""
        rows = here & self.searched & (self.risk > 0)
        if not rows.any():
            return float("nan")
        return float(np.average(values[rows], weights=self.risk[rows]))

    def by_district(self) -> list[dict[str, Any]]:
        """Return what is expected of the routes: a row a district, and one for all of several.

        Returns
        -------
        list of dict
            ``grids``, and how many leave the loop (``routes``); expected times until discovery,
            or until it is gone, weighted by severity, on the ``loop_h``, on the ``route_h``, and
            a ``bound_h`` below which no walk is, hours; ``change`` and ``gap`` as shares; how
            many are ``proven`` best.
        """
        city = self.city
        rows = []
        for district in (*range(len(city.district_name)), -1):
            here = np.full(len(city.grid_xy), True)
            names = ("all", "合计", "")
            if district >= 0:
                here = city.grid_district == district
                names = (
                    city.district_name[district],
                    city.district_name_zh[district],
                    city.district_code[district],
                )
            elif len(city.district_name) == 1:
                continue
            loop, route, bound = (
                self.mean(of, here) for of in (self.loop_s, self.route_s, self.bound_s)
            )
            rows.append(
                {
                    "district": names[0],
                    "district_zh": names[1],
                    "district_code": names[2],
                    "grids": int(here.sum()),
                    "routes": sum(names[2] in ("", code) for code, _ in self.routes),
                    "loop_h": loop / 3600,
                    "route_h": route / 3600,
                    "bound_h": bound / 3600,
                    "change": route / loop - 1 if loop > 0 else 0.0,
                    "gap": route / bound - 1 if bound > 0 else 0.0,
                    "proven": int(self.proven[here].sum()),
                }
            )
        return rows

    @property
    def table(self) -> pd.DataFrame:
        """What is expected of the routes, as a table; see `by_district`."""
        import pandas as pd

        return pd.DataFrame(self.by_district())

    def save(self, path: str | Path) -> None:
        """Write the table of routes, which ``routes=`` and ``--routes`` read."""
        write_routes(self.routes, Path(path))

    def plot_route(self, grid: int | None = None) -> Figure:
        """Draw a grid's route; the one that gains most by default."""
        from sim.measure.plots.routes import plot_route

        if grid is None:
            grid = int(np.argmax(np.nan_to_num((self.loop_s - self.route_s) * self.risk)))
        route = self.routes.get(self.key(grid), LOOP)
        return plot_route(self.city, grid, route, self.density[grid])

    def plot_town(self, town: str) -> Figure:
        """Draw the routes of a town's grids.

        Raises
        ------
        InputError
            If there is no such town.
        """
        from sim.measure.plots.routes import plot_routes

        names = list(self.city.town_name)
        if town not in names:
            raise InputError("plot", "town", town, one_of(town, names))
        return plot_routes(self.city, names.index(town), self.routes)

    def __repr__(self) -> str:
        searched = int(self.searched.sum())
        return f"<PatrolPlan: {len(self.routes):,} of {searched:,} grids leave the loop>"


def optimize_patrol(
    scenario: Scenario,
    city: City | None = None,
    *,
    revisit_h: float | None = None,
    time_limit: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> PatrolPlan:
    """Find a route for every grid that has a gridworker; the same for the same arguments.

    Parameters
    ----------
    scenario : Scenario
        Demand, visibility, staff and rounds.
    city : City, optional
        Made from the scenario by default.
    revisit_h : float, optional
        Longest time between two passes of a place, hours of walking; by default what the shift
        walks in a day.
    time_limit : float, optional
        Seconds; grids that are not reached by then keep the loop.
    progress : callable, optional
        Told the share done.

    Raises
    ------
    InputError
        If the revisit interval or the time limit is not above 0.
    """
    for name, value in (("revisit", revisit_h), ("time-limit", time_limit)):
        if value is not None and not 0 < value < float("inf"):
            raise InputError("command line", name, value, "a number above 0")
    begun = time.monotonic()
    city = City.build(scenario) if city is None else city
    plan = base_plan(scenario, city)
    risk = Risk.of(scenario, city, plan, CELLS)
    longest, walking = _walking(scenario, plan, len(city.grid_xy))
    out = PatrolPlan(
        city=city,
        routes={},
        searched=np.zeros(len(city.grid_xy), dtype=bool),
        loop_s=np.full(len(city.grid_xy), np.nan),
        route_s=np.full(len(city.grid_xy), np.nan),
        bound_s=np.full(len(city.grid_xy), np.nan),
        risk=risk.weight.sum(axis=1),
        density=risk.density,
    )
    grids = np.flatnonzero((longest > 0) & (out.risk > 0))
    search = _Search(scenario, city, risk, longest, walking, revisit_h)
    chunks = [grids[i : i + _CHUNK] for i in range(0, len(grids), _CHUNK)]
    done = 0
    with ThreadPoolExecutor(max_workers=processors()) as pool:
        waiting: set[Future[list[_Found]]] = set()
        late = False
        while chunks or waiting:
            late = late or (time_limit is not None and time.monotonic() - begun > time_limit)
            while chunks and not late and len(waiting) < 2 * processors():
                waiting.add(pool.submit(search.grids, chunks.pop(0)))
            if not waiting:
                break
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                for one in future.result():
                    out.searched[one.grid] = True
                    out.loop_s[one.grid], out.route_s[one.grid] = one.loop_s, one.route_s
                    out.bound_s[one.grid] = one.bound_s
                    if one.route.legs != (Leg(0, CELLS),):
                        out.routes[out.key(one.grid)] = one.route
                    done += 1
            if progress is not None:
                progress(done / max(len(grids), 1))
    return out


def _walking(scenario: Scenario, plan: Plan, grids: int) -> tuple[Floats, Floats]:
    """Return what the first gridworker of each grid walks in a day, and all of them in a week, s.

    Grids without a gridworker have 0.
    """
    rounds = round_calendars(typical_week(scenario))
    week = {shift: r.between(0.0, WEEK) for shift, r in rounds.items()}
    day = {
        shift: max(r.between(n * DAY, (n + 1) * DAY) for n in range(7))
        for shift, r in rounds.items()
    }
    longest, walking = np.zeros(grids), np.zeros(grids)
    for grid, shift in zip(
        plan.worker_grid[::-1].tolist(), plan.worker_shift[::-1].tolist(), strict=True
    ):
        longest[grid] = day[shift]
        walking[grid] += week[shift]
    return longest, walking


class _Found(NamedTuple):
    """The route of a grid; delays of the loop, of the route, and of no walk, s of the clock."""

    grid: int
    route: Route
    loop_s: float
    route_s: float
    bound_s: float


class _Search:
    """The search of single grids, with all that it needs; safe to call from several threads."""

    def __init__(
        self,
        scenario: Scenario,
        city: City,
        risk: Risk,
        longest: Floats,
        walking: Floats,
        revisit_h: float | None,
    ) -> None:
        self.city, self.risk, self.longest = city, risk, longest
        self.speed = scenario.patrol.speed_kmh / 3.6
        self.detour = scenario.travel.detour
        # one second of walking is so many of the clock: nights and all gridworkers of the grid
        self.clock = np.divide(WEEK, walking, out=np.ones_like(walking), where=walking > 0)
        self.gap = np.inf if revisit_h is None else revisit_h * 3600.0

    def grids(self, chunk: NDArray[np.int64]) -> list[_Found]:
        """Return for each grid its route and its delays."""
        from sim.optimize.walk_bound import bound
        from sim.optimize.walks import MOST_LEGS, search

        found = []
        risk = self.risk
        for grid in chunk.tolist():
            clock = float(self.clock[grid])
            cell_s = float(self.city.grid_loop_m[grid]) / self.speed / CELLS
            # a loop that is longer than a day's rounds stays what it is
            longest = max(float(self.longest[grid]), cell_s * CELLS)
            most_gap = max(min(self.gap, longest), cell_s * CELLS)
            kinds = risk.weight[grid], risk.sight[grid], risk.hazard[grid] * clock
            walk = np.zeros((MOST_LEGS, 3))
            legs, loop, value = search(
                cell_s, self.detour, risk.density[grid], *kinds, longest, most_gap, walk
            )
            least = bound(cell_s, risk.density[grid], *kinds, most_gap)
            if least > value * (1 + 1e-6):
                raise AssertionError(
                    f"grid {grid}: a route of {value} s is below its bound, {least}"
                )
            least = min(least, value)
            route = _route(walk[:legs], self.speed)
            found.append(_Found(grid, route, loop * clock, value * clock, least * clock))
        return found


def _route(walk: Floats, speed_m_s: float) -> Route:
    """Turn a found walk into a route; legs that go on in the same direction become one."""
    legs: list[Leg] = []
    for start, cells, cross in walk.tolist():
        before = legs[-1] if legs else None
        if before is not None and cross == 0 and before.cells * cells > 0:
            legs[-1] = Leg(before.start, before.cells + int(cells), before.cross_m)
        else:
            legs.append(Leg(int(start), int(cells), round(cross * speed_m_s, 2)))
    return Route(CELLS, tuple(legs))
